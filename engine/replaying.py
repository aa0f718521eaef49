"""What a run did, so that it can be done again: its settings, its changes with their steps, and where it was stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from engine import events as ev
from engine.commands import PlannedChange
from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.errors import ConfigProblem, RunProblem
from engine.history import RunState


@dataclass(frozen=True, slots=True)
class Recipe:
    """A run's settings at its beginning, the changes before given steps, and the step at which it was stopped (None: not)."""

    config: TrainConfig
    changes: tuple[PlannedChange, ...] = ()
    stop_at: int | None = None


def recipe(events: Iterable[ev.Event]) -> Recipe:
    """The recipe of the run that the events are of.

    Where it was resumed, what came after the checkpoint's step does not count, and the checkpoint's settings do. Raises
    `RunProblem` for a log that holds no run, or changes that this version does not know.
    """
    config: TrainConfig | None = None
    made: list[tuple[int, dict[str, Any]]] = []
    stop_at: int | None = None
    for event in events:
        match event:
            case ev.RunCreated() if config is None:
                if event.parent is not None:
                    raise RunProblem(
                        f"{event.run} branched off {event.parent.run}; only a run that began at its first step can be run again."
                    )
                config = event.config
            case ev.Changed(name=name, step=step, new=new):
                made.append((step, {name: _parsed(name, new)}))
            case ev.RunStarted(resumed=True, step=step) if config is not None:
                made = [change for change in made if change[0] < step]
                told = differences(event.config, _after(config, made))
                if live := {name: value for name, value in told.items() if HYPERPARAMETERS[name].about.live}:
                    made.append((step, live))
                stop_at = None
            case ev.Finished(outcome="stopped", step=step):
                stop_at = step
            case _:
                pass
    if config is None:
        raise RunProblem("The log of this run does not tell how it began, so it cannot be run again.")
    return Recipe(config, _joined(made), stop_at)


def _parsed(name: str, text: str) -> Any:
    if name not in HYPERPARAMETERS:
        raise RunProblem(f"This run changed '{name[:40]}', which this version of mnist-tui does not know.")
    try:
        return HYPERPARAMETERS[name].parse(text)
    except ConfigProblem as fault:
        raise RunProblem(f"This run made a change that this version of mnist-tui cannot make: {fault}") from fault


def _after(config: TrainConfig, made: Iterable[tuple[int, dict[str, Any]]]) -> TrainConfig:
    for _, values in made:
        config = make_config(values, config)
    return config


def _joined(made: list[tuple[int, dict[str, Any]]]) -> tuple[PlannedChange, ...]:
    """Changes that were told one by one at the same step, made together; a second value of one field is a change of its own."""
    joined: list[tuple[int, dict[str, Any]]] = []
    for step, values in made:
        if joined and joined[-1][0] == step and not joined[-1][1].keys() & values.keys():
            joined[-1][1].update(values)
        else:
            joined.append((step, dict(values)))
    return tuple(PlannedChange(step=step, values=values) for step, values in joined)


def first_difference(before: RunState, again: RunState) -> str:
    """Where a run that was run again came out otherwise, in a sentence; empty where every figure is the same.

    Times and speeds are not compared.
    """
    for old, new in zip(before.epochs, again.epochs, strict=False):
        for name in ("step", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "gradient_norm"):
            if getattr(old, name) != getattr(new, name):
                words = name.replace("_", " ")
                return f"The {words} of epoch {old.epoch} was {getattr(old, name)} and is {getattr(new, name)}."
    if len(before.epochs) != len(again.epochs):
        return f"It had {len(before.epochs)} epochs and has {len(again.epochs)}."
    if _figures(before.test) != _figures(again.test):
        return "The test differs."
    return ""


def _figures(test: ev.TestResult | None) -> dict[str, Any] | None:
    return {**msgspec.structs.asdict(test), "seconds": 0} if test else None
