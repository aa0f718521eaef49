"""Live changes to a run's hyperparameters: validated before they are sent to the trainer, undone, planned for a replay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine import commands as cmd
from engine import events as ev
from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.errors import ConfigProblem, EngineProblem
from engine.fields import Value


def changed(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """The configuration of a run in training with other values.

    Raises `ConfigProblem` for values that `engine.config.make_config` refuses, and for hyperparameters that are not live.
    """
    new = make_config(values, config)
    for name in differences(new, config):
        about = HYPERPARAMETERS[name].about
        if not about.live:
            raise ConfigProblem(f"{about.label}: cannot be changed during training; start a new run.", name)
    return new


def check_plan(config: TrainConfig, changes: tuple[cmd.PlannedChange, ...]) -> None:
    """Raise `ConfigProblem` if one of the planned changes is invalid or they are out of order."""
    step = 0
    for change in changes:
        if change.step < step:
            raise ConfigProblem(f"The changes of a run must be ordered by step; {change.step} comes after {step}.")
        step, config = change.step, changed(config, change.values)


class LiveConfig:
    """The configuration of the run in training with all accepted changes, and the history for undoing them.

    It follows the run's events, from any thread: an epoch that has begun is trained to its end, so `epochs` cannot be set
    below it. A plan is exempt (`check_plan`), since it repeats what an earlier run did.
    """

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        self._history: list[dict[str, Value]] = []
        self._begun = 0
        """Epochs that have begun, including the current one."""

    def follow(self, event: ev.Event) -> None:
        """Track the number of epochs that have begun."""
        match event:
            case ev.Progress(epoch=epoch):
                self._begun = epoch
            case ev.EpochEnded(epoch=epoch):
                self._begun = epoch + 1
            case ev.Paused(position=position):  # between two epochs the next one has not begun
                self._begun = math.ceil(position)
            case ev.Continued(position=position) | ev.RunStarted(position=position):
                self._begun = math.floor(position) + 1
            case _:
                pass

    def request(self, values: Mapping[str, Any]) -> cmd.Change:
        """Accept a change; the command for the trainer holds the values that differ. Raises `ConfigProblem`."""
        new = self._checked(values)
        changes = differences(new, self.config)
        if changes:
            self._history.append({name: getattr(self.config, name) for name in changes})
        self.config = new
        return cmd.Change(values=changes)

    def undo(self) -> cmd.Change:
        """Undo the last change; the command for the trainer. Raises `EngineProblem` where nothing was changed.

        Raises `ConfigProblem` for epochs that have begun meanwhile. As that is permanent, the next undo skips this change.
        """
        if not self._history:
            raise EngineProblem("There is no change to undo in this run.")
        values = self._history.pop()
        self.config = self._checked(values)
        return cmd.Change(values=values)

    def _checked(self, values: Mapping[str, Any]) -> TrainConfig:
        new = changed(self.config, values)
        if new.epochs != self.config.epochs and new.epochs < self._begun:
            under_way = f"epoch {self._begun} is in progress; expected {self._begun} or more, or stop the run."
            raise ConfigProblem(f"{HYPERPARAMETERS['epochs'].about.label}: {under_way}", "epochs")
        return new
