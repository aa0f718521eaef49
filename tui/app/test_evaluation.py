"""A look at the test set with an ended run's weights, by an engine of its own: the app's may be busy, or gone."""

from __future__ import annotations

from msgspec import structs

from engine.client import Connect, Lost
from engine.commands import EvaluateRun
from engine.errors import EngineProblem
from engine.events import Tested
from engine.protocol import ExperimentOver, Ready, Steers
from engine.state.run_state import RunState, reduce


async def look_again(connect: Connect, command: EvaluateRun, state: RunState) -> RunState:
    """The run's state after the look, from `state` before it. Raises `Problem` where the engine refuses or is lost."""
    engine = await connect()
    try:
        await engine.send(command)
        async for message in engine.events():
            match message:
                case Lost():
                    raise EngineProblem(message.reason or "The engine ended before the test was done.")
                case Ready() | Steers() | ExperimentOver():
                    pass
                case event:
                    before, state = state, reduce(state, event)
                    if state is not before and isinstance(event, Tested):
                        break
    finally:
        await engine.close()
    return state


def with_test_evaluations(state: RunState, seen: RunState) -> RunState:
    """What is known of a run, with the looks at the test set that `seen`, a state of the same run, may have beyond it.

    The rest stays as it is: `state` may hold a curve that `seen` does without.
    """
    if (state.run, state.created) != (seen.run, seen.created) or seen.seq <= state.seq:
        return state
    return structs.replace(
        state,
        seq=seen.seq,
        test=seen.test,
        tests=seen.tests,
        test_evaluations=seen.test_evaluations,
        unsaved=seen.unsaved,
        data=seen.data,
        elsewhere=seen.elsewhere,
    )


def not_recorded(state: RunState, log: str) -> bool:
    """Whether what was looked at could not be written into the log at this path."""
    return any(fault.path == log for fault in state.unsaved)
