"""Functions for the torch thread. Each imports what it needs inside: importing torch takes seconds and would block the loop."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine import commands as cmd
from engine import events as ev
from engine.answers import Devices
from engine.config import TrainConfig
from engine.errors import ConfigProblem, EngineProblem, RunProblem
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState
from engine.worker.command_queue import CommandQueue
from engine.worker.server.torch_import import import_torch

if TYPE_CHECKING:
    from engine.worker.training.branching import BranchStart
    from engine.worker.training.checkpoint_file import Checkpoint

__all__ = ["BranchStart", "Checkpoint", "ResumePoint"]


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where a run is resumed. Without a `checkpoint` it was interrupted before its first one and starts again."""

    config: TrainConfig
    checkpoint: Checkpoint | None
    epoch: int
    """The number of finished epochs."""
    ended: bool
    """Whether the run has logged its end."""


def guarded(function: Callable[..., Any], *arguments: Any) -> Any:
    """Import torch and call a function that needs it.

    Raises `EngineProblem` where torch cannot be imported, and in place of a `BaseException` that is no `Exception`, which
    would end the event loop.
    """
    import_torch()
    try:
        return function(*arguments)
    except Exception:
        raise
    except BaseException as fault:
        raise EngineProblem(f"The engine failed: {type(fault).__name__}: {fault}.") from fault


def warm(trains: bool) -> str:
    """Import torch and, for an engine that trains, load the bundled data set. Returns torch's version."""
    if trains:
        from engine.worker.training.setup import load_data  # noqa: PLC0415

        with contextlib.suppress(Exception):  # reported by the run that needs the data
            load_data("")
    return import_torch()


def warm_step() -> None:
    """Run one optimizer step: the first one in a process is slow."""
    from engine.worker.training.jobs import warm_up  # noqa: PLC0415

    try:
        warm_up()
    except Exception:  # reported by the run that meets it
        traceback.print_exc()


def train(
    run: RunFolder,
    config: TrainConfig,
    emit: Any,
    commands: CommandQueue,
    checkpoint: Checkpoint | None,
    resumed: bool,
) -> None:
    """Train a run until it ends."""
    from engine.worker.training.jobs import train_run  # noqa: PLC0415

    train_run(run, config, emit, commands, checkpoint, resumed=resumed)


def load(run: RunFolder) -> ResumePoint:
    """Where a run is resumed. Raises `RunProblem` where it cannot be."""
    from engine.worker.training.checkpoint_check import load_to_resume  # noqa: PLC0415

    path, state = run.checkpoint("last"), run.state()
    if path.exists():
        checkpoint = load_to_resume(run)
        return ResumePoint(checkpoint.config, checkpoint, checkpoint.epoch, state.finished is not None)
    if any(isinstance(e, ev.CheckpointSaved) and e.kind == "last" for e in read_events(run.events)):
        raise RunProblem(f"{path} is missing, and {run.name} cannot be resumed without it; start a new run.")
    if state.finished and state.finished.diverged:
        raise RunProblem(
            f"{run.name} diverged before its first checkpoint and would do so again; start a new run with a lower learning rate."
        )
    return ResumePoint(_config_to_restart(run, state), None, 0, state.finished is not None)


def _config_to_restart(run: RunFolder, state: RunState) -> TrainConfig:
    """The configuration in the run's folder or, where that cannot be read, in its log."""
    try:
        return run.read_config()
    except ConfigProblem:
        if not state.run:
            raise
        return state.config


def find_data(run: str, config: TrainConfig, known: ev.DataIdentity | None, data_dir: str, other: bool) -> TrainConfig:
    """The configuration with the folder of the run's data set (`engine.worker.training.data_check`)."""
    from engine.worker.training.data_check import find_data  # noqa: PLC0415

    return find_data(run, config, known, data_dir=data_dir, other=other)[0]


def branch_off(run: RunFolder, command: cmd.Branch) -> BranchStart:
    """Where a branch of `run` begins (`engine.worker.training.branching`)."""
    from engine.worker.training import branching  # noqa: PLC0415

    if command.origin is not None:
        return branching.branch_again(run, command.origin, command.values)
    return branching.branch_off(run, command.at, command.values)


def save(run: RunFolder, checkpoint: Checkpoint) -> None:
    """Save where a branch begins as its first checkpoint: if killed before its own, it resumes from there."""
    from engine.worker.training.checkpoint_file import save_checkpoint  # noqa: PLC0415

    save_checkpoint(run.checkpoint("last"), checkpoint)


def test(run: RunFolder, command: cmd.EvaluateRun, emit: Any) -> None:
    """Evaluate a run's checkpoint on the test set."""
    from engine.worker.training.jobs import evaluate_run  # noqa: PLC0415

    evaluate_run(run, command.weights, emit, data_dir=command.data_dir, other_data=command.other_data)


def devices() -> Devices:
    """The devices that torch finds on this machine."""
    from engine.worker.model.device import describe_devices  # noqa: PLC0415

    return describe_devices()
