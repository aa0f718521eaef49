"""``mnist-tui eval RUN``: a look at the test set with a run's weights."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from engine.errors import EngineProblem, RunProblem
from engine.fields import short
from tui.cli.parser import Parser, add_data, add_weights, check_weights, given_folder
from tui.headless.output import print_json, print_lines

if TYPE_CHECKING:
    from engine.events import Tested
    from engine.runs.folder import RunFolder
    from engine.state.run_state import RunState


def parser() -> Parser:
    """Which run, which of its checkpoints, and ``--json``."""
    made = Parser(
        "eval",
        usage="RUN [--weights best|last] [--data-dir DIR] [--other-data] [--json]",
        about="Look at the test set with a run's weights; the look is recorded in the run.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="which run")
    add_weights(made)
    add_data(made)
    made.options.add_argument("--json", action="store_true", help="print a JSON object (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Test it in an engine of its own. Raises `Problem` where that cannot be done."""
    from engine.commands import EvaluateRun  # noqa: PLC0415 - --help does without
    from engine.runs.folder import find_run  # noqa: PLC0415
    from tui.app.test_evaluation import look_again, not_recorded  # noqa: PLC0415
    from tui.headless.follow import start_engine  # noqa: PLC0415
    from tui.headless.report import evaluation_report, report_elsewhere, unsaved  # noqa: PLC0415
    from tui.headless.waiting import ask_engine  # noqa: PLC0415

    check_weights(args)
    folder = find_run(args.run)
    refuse_in_training(folder)
    command = EvaluateRun(
        run=folder.name, weights=args.weights, data_dir=given_folder(args), other_data=args.other_data
    )
    before = folder.state()
    state = ask_engine(start_engine, lambda connect: look_again(connect, command, before))
    other = state.elsewhere[-1] if state.elsewhere != before.elsewhere else None
    if args.json:
        print_json(document(state, other))
    else:
        print_lines(
            [f"Run {state.run}", *(evaluation_report(state) if other is None else report_elsewhere(other, state))]
        )
    if not_recorded(state, str(folder.events)):
        raise EngineProblem(f"The look is not recorded. {unsaved(state)}")
    return 0


def refuse_in_training(folder: RunFolder) -> None:
    """Raise `RunProblem` where an engine is busy with the run: its test set waits for its end."""
    if info := folder.live():
        where = short(info.host, 100)
        raise RunProblem(
            f"{folder.name} is running on {where}: its test set waits for its end, when it is looked at once. "
            f"`mnist-tui stop {folder.name}` ends it with a test."
        )


def document(state: RunState, elsewhere: Tested | None = None) -> dict[str, Any]:
    """The JSON object: the test's fields, with the run, the looks so far, and the last look with the other weights.

    `elsewhere` is the look, where it was one at other data.
    """
    from msgspec import structs  # noqa: PLC0415 - --help does without

    test = elsewhere.test if elsewhere else state.test
    assert test is not None  # noqa: S101 - `look_again` ends with one
    other = None if elsewhere else next((each for each in state.tests if each.weights != test.weights), None)
    return {
        "run": state.run,
        "looks": len(state.test_evaluations),
        "looked_at": state.test_evaluations,
        **structs.asdict(test),
        "other": other,
        "identity": elsewhere.identity if elsewhere else state.data,
        "is_other_data": elsewhere is not None,
    }
