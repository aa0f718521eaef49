"""``mnist-tui replay RUN``: train a run again, with the changes that were made to it, and compare."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui.cli.commands.resume import add_output, tell_of_edits
from tui.cli.parser import Parser, add_data, given_folder
from tui.headless.output import print_lines, tell

if TYPE_CHECKING:
    from engine.state.run_state import RunState


def parser() -> Parser:
    """The run, a name for the new one, and how to show it."""
    made = Parser(
        "replay",
        usage="RUN [--name RUN] [--data-dir DIR] [--other-data] [--json | --quiet]",
        about="Train a run again: the same settings, the same changes at the same steps. Its figures should be the same;\n"
        "where they are not, the first that differs is named and the exit status is 4. A branch begins with the\n"
        "same checkpoint of its parent, where that is still there (--keep-every N keeps checkpoints).\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="which run")
    made.options.add_argument("--name", metavar="RUN", default="", help="the new run's name; one is made up without it")
    add_data(made)
    add_output(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Train it again; the exit status of the training, or 4 where it came out otherwise."""
    from engine.errors import ExitCode  # noqa: PLC0415 - --help does without
    from engine.log.event_log import read_events  # noqa: PLC0415
    from engine.runs.folder import find_run  # noqa: PLC0415
    from engine.runs.replay import first_difference, recipe  # noqa: PLC0415
    from engine.state.run_state import fold  # noqa: PLC0415
    from tui.headless.follow import run_job  # noqa: PLC0415

    folder = find_run(args.run)
    tell_of_edits(folder, replayed=True)
    events = list(read_events(folder.events))
    before, made = fold(events), recipe(events)
    job = made.job(before.preset, args.name, data=before.data, data_dir=given_folder(args), other_data=args.other_data)
    again: list[RunState] = []
    status = run_job(job, args, then=again.append)
    end = again[0].finished if again else None
    if end is None or end.outcome in ("aborted", "failed"):
        return status
    difference = first_difference(before, again[0])
    words = (
        f"It differs from {folder.name}: {difference}{_why(before, again[0])}"
        if difference
        else f"Every figure is as in {folder.name}{_as_far_as(before)}."
    )
    if not args.json and not (args.quiet and not difference):
        print_lines([words])
    elif difference:
        tell(f"mnist-tui: {words}")
    return int(ExitCode.FAILED) if difference else status


def _as_far_as(before: RunState) -> str:
    """How much there was to compare, where the run did not come to its end."""
    from engine.runs.replay import came_to_its_end  # noqa: PLC0415
    from engine.text.numbers import plural  # noqa: PLC0415

    return "" if came_to_its_end(before) else f", as far as that went ({plural(len(before.epochs), 'epoch')})"


def _why(before: RunState, again: RunState) -> str:
    """What may be the reason: figures are the same with the same processor, threads and torch alone."""
    from engine.host.differences import unlike  # noqa: PLC0415 - as in `run`

    first, second = before.started, again.started
    if first is None or second is None:
        return ""
    if told := unlike(first.machine, second.machine):
        return f" Another machine may be why: {', '.join(told)}."
    if not first.machine.instructions and first.machine.device == "cpu":
        now = second.machine
        return (
            f" Another processor may be why: version {before.version or '0.1.0'} did not record which it was, "
            f"now it is {now.processor} with {now.instructions}."
        )
    return ""
