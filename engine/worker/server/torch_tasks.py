"""What the session has done in the trainer's thread: each brings torch in, which takes two seconds and must not hold up the loop."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from typing import Any

from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig
from engine.errors import ConfigProblem, EngineProblem, RunProblem
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState
from engine.worker.command_queue import Control
from engine.worker.server.torch_import import bring_in


def guarded(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function that needs torch. Raises `EngineProblem` where there is none, and for what is no `Exception`.

    That would end the event loop of whoever waits for it.
    """
    bring_in()
    try:
        return function(*arguments)
    except Exception:
        raise
    except BaseException as fault:
        raise EngineProblem(f"The engine failed at this: {type(fault).__name__}: {fault}.") from fault


def warm(trains: bool) -> str:
    """Load torch, and for an engine that trains the data that is shipped; torch's version."""
    if trains:
        from engine.worker.training.setup import load_data  # noqa: PLC0415

        with contextlib.suppress(Exception):  # whoever needs them is told
            load_data("")
    return bring_in()


def warm_step() -> None:
    """Do once what is slow the first time alone."""
    from engine.worker.training.jobs import warm_up  # noqa: PLC0415

    try:
        warm_up()
    except Exception:  # whoever trains is told, in a sentence
        traceback.print_exc()


def train(run: RunFolder, config: TrainConfig, emit: Any, control: Control, contents: dict[str, Any] | None) -> None:
    """Train a run to its end, whatever that is."""
    from engine.worker.training.jobs import train_run  # noqa: PLC0415

    train_run(run, config, emit, control, contents)


def load(run: RunFolder) -> tuple[TrainConfig, dict[str, Any], bool]:
    """What a run goes on from, and whether it has told its end.

    The contents of its last checkpoint; nothing where it was left before the first one: then it begins again.
    """
    from engine.worker.training.checkpoint_check import load_to_resume  # noqa: PLC0415

    path, state = run.checkpoint("last"), run.state()
    if path.exists():
        return *load_to_resume(run), state.finished is not None
    if any(isinstance(e, ev.CheckpointSaved) and e.kind == "last" for e in read_events(run.events)):
        raise RunProblem(f"{path} is not there any more, and without it {run.name} cannot go on; start a new run.")
    if state.finished and state.finished.outcome == "diverged":
        raise RunProblem(
            f"{run.name} diverged before its first checkpoint and would do so again; start a new run with a lower learning rate."
        )
    return _settings(run, state), {}, state.finished is not None


def _settings(run: RunFolder, state: RunState) -> TrainConfig:
    """What a run was asked to do that begins again: by its settings, or, where those cannot be read, by its log."""
    try:
        return run.read_config()
    except ConfigProblem:
        if not state.run:
            raise
        return state.config


def meet_data(run: str, config: TrainConfig, known: ev.DataIdentity | None, data_dir: str, other: bool) -> TrainConfig:
    """The configuration that a run goes on with, once its data are there and the right ones (`engine.worker.training.data_check`)."""
    from engine.worker.training.data_check import meet_data  # noqa: PLC0415

    return meet_data(run, config, known, data_dir=data_dir, other=other)[0]


def branch_off(run: RunFolder, command: cmd.Branch) -> tuple[TrainConfig, dict[str, Any], ev.Parent]:
    """What a branch of `run` begins with (`engine.worker.training.branching`)."""
    from engine.worker.training import branching  # noqa: PLC0415

    if command.origin is not None:
        return branching.branch_again(run, command.origin, command.values)
    return branching.branch_off(run, command.at, command.values)


def save(run: RunFolder, config: TrainConfig, contents: dict[str, Any]) -> None:
    """A branch's first checkpoint is where it began: killed before its own, it goes on from there."""
    from engine.worker.training.checkpoint_file import save_checkpoint  # noqa: PLC0415

    save_checkpoint(run.checkpoint("last"), config, contents)


def test(run: RunFolder, command: cmd.EvaluateRun, emit: Any) -> None:
    """Look at the test set with a run's weights."""
    from engine.worker.training.jobs import evaluate_run  # noqa: PLC0415

    evaluate_run(run, command.weights, emit, data_dir=command.data_dir, other_data=command.other_data)


def devices() -> dict[str, Any]:
    """What torch sees on this machine."""
    from engine.worker.model.device import describe_devices  # noqa: PLC0415

    return describe_devices()
