"""``mnist-tui replay RUN``: trains a run again, with its live changes, and compares the results."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui.cli.commands.resume import add_output, report_ignored_edits
from tui.cli.parser import Parser, add_data, given_folder
from tui.headless.output import print_lines, print_message

if TYPE_CHECKING:
    from engine.state.run_state import RunState


def parser() -> Parser:
    """The run, a name for the new one, and the output format."""
    made = Parser(
        "replay",
        usage="RUN [--name RUN] [--data-dir DIR] [--other-data] [--json | --quiet]",
        about="Train a run again with the same settings and the same changes at the same steps. The results should be\n"
        "identical; otherwise the first difference is reported and the exit status is 4. A branch starts from the\n"
        "same checkpoint of its parent if that still exists (--keep-every N keeps checkpoints).\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="the run")
    made.options.add_argument("--name", metavar="RUN", default="", help="the new run's name (default: generated)")
    add_data(made)
    add_output(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Train it again; return the exit status of the training, or 4 if the results differ."""
    from engine.errors import ExitCode  # noqa: PLC0415 - not needed for --help
    from engine.log.event_log import read_events  # noqa: PLC0415
    from engine.runs.folder import find_run  # noqa: PLC0415
    from engine.runs.replay import first_difference, recipe  # noqa: PLC0415
    from engine.state.run_state import fold  # noqa: PLC0415
    from tui.headless.follow import run_job  # noqa: PLC0415

    folder = find_run(args.run)
    report_ignored_edits(folder, replayed=True)
    events = list(read_events(folder.events))
    before, made = fold(events), recipe(events)
    job = made.job(before.preset, args.name, data=before.data, data_dir=given_folder(args), other_data=args.other_data)
    again: list[RunState] = []
    status = run_job(job, args, then=again.append)
    end = again[0].finished if again else None
    if end is None or not end.conclusive:
        return status
    difference = first_difference(before, again[0])
    words = (
        f"The results differ from {folder.name}: {difference}{_possible_reason(before, again[0])}"
        if difference
        else f"All results are identical to {folder.name}{_extent(before)}."
    )
    if not args.json and not (args.quiet and not difference):
        print_lines([words])
    elif difference:
        print_message(f"mnist-tui: {words}")
    return int(ExitCode.FAILED) if difference else status


def _extent(before: RunState) -> str:
    """How many epochs were compared, if the original run did not complete."""
    from engine.runs.replay import came_to_its_end  # noqa: PLC0415
    from engine.text.numbers import plural  # noqa: PLC0415

    return "" if came_to_its_end(before) else f" as far as it was trained ({plural(len(before.epochs), 'epoch')})"


def _possible_reason(before: RunState, again: RunState) -> str:
    """A possible reason: results are reproducible only with the same processor, threads and torch version."""
    from engine.host.differences import differences  # noqa: PLC0415 - as in `run`
    from tui.views.mark_texts import differences_text  # noqa: PLC0415

    first, second = before.started, again.started
    if first is None or second is None:
        return ""
    if found := differences(first.machine, second.machine):
        return f" The machine may be the reason: {differences_text(found)}."
    if not first.machine.instructions and first.machine.device == "cpu":
        now = second.machine
        return (
            f" The processor may be the reason: version {before.version or '0.1.0'} did not record it; "
            f"this one is {now.processor} with {now.instructions}."
        )
    return ""
