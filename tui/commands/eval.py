"""``mnist-tui eval RUN``: a look at the test set with a run's weights."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any, get_args

from engine.errors import ConfigProblem, EngineProblem
from tui.arguments import Parser
from tui.output import print_json, print_lines

if TYPE_CHECKING:
    from engine.commands import EvaluateRun
    from engine.history import RunState
    from tui.headless import Connect


def parser() -> Parser:
    """Which run, which of its checkpoints, and ``--json``."""
    made = Parser(
        "eval",
        usage="RUN [--weights best|last] [--json]",
        about="Look at the test set with a run's weights; the look is recorded in the run.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="which run")
    made.options.add_argument("--weights", metavar="NAME", default="best", help="best (on validation) or last")
    made.options.add_argument("--json", action="store_true", help="print a JSON object (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Test it in an engine of its own. Raises `Problem` where that cannot be done."""
    from engine.commands import EvaluateRun  # noqa: PLC0415 - --help does without
    from engine.events import CheckpointKind  # noqa: PLC0415
    from engine.runs import find_run  # noqa: PLC0415
    from tui.headless import start_engine  # noqa: PLC0415
    from tui.report import look_report, unsaved  # noqa: PLC0415

    if args.weights not in get_args(CheckpointKind):
        raise ConfigProblem("--weights: expected best (on validation) or last (where training ended).")
    folder = find_run(args.run)
    command = EvaluateRun(run=folder.name, weights=args.weights)
    state = asyncio.run(evaluate(start_engine, command, folder.state()))
    assert state.test is not None  # noqa: S101 - `evaluate` ends with one
    if args.json:
        print_json(document(state))
    else:
        print_lines([f"Run {state.run}", *look_report(state.test, len(state.looks))])
    if any(fault.path == str(folder.events) for fault in state.unsaved):
        raise EngineProblem(f"The look is not recorded. {unsaved(state)}")
    return 0


async def evaluate(connect: Connect, command: EvaluateRun, state: RunState) -> RunState:
    """The run's state after the look, from `state` before it. Raises `Problem` where the engine refuses or is lost."""
    from engine.client import Lost  # noqa: PLC0415 - --help does without
    from engine.events import Tested  # noqa: PLC0415
    from engine.history import reduce  # noqa: PLC0415
    from engine.protocol import Ready, Steers  # noqa: PLC0415

    engine = await connect()
    try:
        await engine.send(command)
        async for message in engine.events():
            match message:
                case Lost():
                    raise EngineProblem(message.reason or "The engine ended before the test was done.")
                case Ready() | Steers():
                    pass
                case event:
                    before, state = state, reduce(state, event)
                    if state is not before and isinstance(event, Tested):
                        break
    finally:
        await engine.close()
    return state


def document(state: RunState) -> dict[str, Any]:
    """The JSON object: the test's fields, with the run and the number of looks so far."""
    from msgspec import structs  # noqa: PLC0415 - --help does without

    assert state.test is not None  # noqa: S101 - the caller has one
    return {"run": state.run, "looks": len(state.looks), **structs.asdict(state.test)}
