"""``mnist-tui eval RUN``: evaluates a run's weights on the test set."""

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
    """The run, the checkpoint, and ``--json``."""
    made = Parser(
        "eval",
        usage="RUN [--weights best|last] [--data-dir DIR] [--other-data] [--json]",
        about="Evaluate a run's weights on the test set. The evaluation is recorded in the run.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="the run")
    add_weights(made)
    add_data(made)
    made.options.add_argument("--json", action="store_true", help="print a JSON object (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Evaluate in a separate engine. Raises `Problem` if that fails."""
    from engine.commands import EvaluateRun  # noqa: PLC0415 - not needed for --help
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
        raise EngineProblem(f"The evaluation was not recorded. {unsaved(state)}")
    return 0


def refuse_in_training(folder: RunFolder) -> None:
    """Raise `RunProblem` while the run is in training: the test set is evaluated once, at its end."""
    if info := folder.live():
        where = short(info.host, 100)
        raise RunProblem(
            f"{folder.name} is running on {where}; it is evaluated on the test set once, when it ends. "
            f"`mnist-tui stop {folder.name}` stops and tests it."
        )


def document(state: RunState, elsewhere: Tested | None = None) -> dict[str, Any]:
    """The JSON object: the test result, the run, the evaluations so far, and the latest with the other weights.

    `elsewhere` is the evaluation if it was made on other data.
    """
    from msgspec import structs  # noqa: PLC0415 - not needed for --help

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
