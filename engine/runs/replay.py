"""What a run did, so that it can be done again: its settings, its changes with their steps, and where it was stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from engine import events as ev
from engine.commands import Branch, PlannedChange, Start
from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.errors import ConfigProblem, RunProblem
from engine.events import DataIdentity, Parent
from engine.runs.run_data import data_dir_of
from engine.state.run_state import RunState

_ENDED: dict[ev.Outcome, str] = {
    "completed": "trained to its last epoch",
    "early_stopped": "stopped early",
    "stopped": "was stopped",
    "aborted": "was left",
    "diverged": "diverged",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A run's settings at its beginning, the changes before given steps, and the step at which it was stopped (None: not).

    `parent` is where it branched off, None for a run that began at its first step.
    """

    config: TrainConfig
    changes: tuple[PlannedChange, ...] = ()
    stop_at: int | None = None
    parent: Parent | None = None

    def job(
        self, preset: str, name: str, *, data: DataIdentity | None = None, data_dir: str = "", other_data: bool = False
    ) -> Start | Branch:
        """What has the run done again, as a new run `name`.

        `data` is the set it was trained on, `data_dir` where that is now (empty: where it was); `other_data` allows another.
        """
        config = msgspec.structs.replace(self.config, data_dir=data_dir or data_dir_of(self.config, data))
        if self.parent is None:
            return Start(
                config=config,
                preset=preset,
                name=name,
                changes=self.changes,
                stop_at=self.stop_at,
                data=data,
                other_data=other_data,
            )
        return Branch(
            run=self.parent.run,
            origin=self.parent,
            values=msgspec.to_builtins(config),
            name=name,
            changes=self.changes,
            stop_at=self.stop_at,
            data=data,
            other_data=other_data,
        )


def recipe(events: Iterable[ev.Event]) -> Recipe:
    """The recipe of the run that the events are of.

    Where it was resumed, what came after the checkpoint's step does not count, and the checkpoint's settings do. Raises
    `RunProblem` for a log that holds no run, or changes that this version does not know.
    """
    config: TrainConfig | None = None
    parent: Parent | None = None
    made: list[tuple[int, dict[str, Any]]] = []
    stop_at: int | None = None
    stopped_early = False
    for event in events:
        match event:
            case ev.RunCreated() if config is None:
                config, parent = event.config, event.parent
            case ev.Changed(name=name, step=step, new=new):
                made.append((step, {name: _parsed(name, new)}))
            case ev.RunStarted(resumed=True, step=step) if config is not None:
                made = [change for change in made if change[0] < step]
                if stopped_early:
                    made.append((step, {}))
                told = differences(event.config, _after(config, made))
                if live := {name: value for name, value in told.items() if HYPERPARAMETERS[name].about.live}:
                    made.append((step, live))
                stop_at, stopped_early = None, False
            case ev.Finished(outcome=outcome, step=step):
                stop_at = step if outcome == "stopped" else None
                stopped_early = outcome == "early_stopped"
            case _:
                pass
    if config is None:
        raise RunProblem("The log of this run does not tell how it began, so it cannot be run again.")
    return Recipe(config, _joined(made), stop_at, parent)


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
        together = joined and joined[-1][0] == step and joined[-1][1] and values
        if together and not joined[-1][1].keys() & values.keys():
            joined[-1][1].update(values)
        else:
            joined.append((step, dict(values)))
    return tuple(PlannedChange(step=step, values=values) for step, values in joined)


def first_difference(before: RunState, again: RunState) -> str:
    """Where a run that was run again came out otherwise, in a sentence; empty where every figure is the same.

    Times and speeds are not compared, nor what came after the end of a run that was left before its own.
    """
    for old, new in zip(before.epochs, again.epochs, strict=False):
        for name in ("step", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "gradient_norm"):
            if getattr(old, name) != getattr(new, name):
                words = name.replace("_", " ")
                return f"The {words} of epoch {old.epoch} was {getattr(old, name)} and is {getattr(new, name)}."
    if len(before.epochs) > len(again.epochs) or (came_to_its_end(before) and len(before.epochs) < len(again.epochs)):
        return f"It had {len(before.epochs)} epochs and has {len(again.epochs)}."
    if not came_to_its_end(before):
        return ""
    for name in ("loss", "accuracy"):
        then, now = (getattr(state.stopped_at, name, None) for state in (before, again))
        if then != now:
            return f"The validation {name} where it was stopped was {then} and is {now}."
    if (then := _outcome(before)) != (now := _outcome(again)):
        return f"It {_ENDED[then]} and now it {_ENDED[now]}."
    if _figures(before) != _figures(again):
        return "The test differs."
    return ""


def came_to_its_end(state: RunState) -> bool:
    """Whether the run ended as it does when it is run again: neither left, nor lost, nor hindered."""
    return state.finished is not None and state.finished.conclusive


def _outcome(state: RunState) -> ev.Outcome:
    return state.finished.outcome if state.finished else "failed"


def _figures(state: RunState) -> dict[str, Any] | None:
    """The figures of the test at the run's end; later looks are other tests.

    What is said of the data beside them is none: version 0.1.0 did not say it.
    """
    test = state.finished.test if state.finished else None
    return {**msgspec.structs.asdict(test), "seconds": 0, "overlap": None} if test else None
