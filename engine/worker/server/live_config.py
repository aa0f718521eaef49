"""What changes of a run under way: checked against what it is then, remembered for undoing, planned for a replay."""

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
    """The configuration of a run under way with other values.

    Raises `ConfigProblem` for what `engine.config.make_config` refuses, and for what needs a new run.
    """
    new = make_config(values, config)
    for name in differences(new, config):
        about = HYPERPARAMETERS[name].about
        if not about.live:
            raise ConfigProblem(f"{about.label}: this cannot change while a run trains; start a new run with it.", name)
    return new


def check_plan(config: TrainConfig, changes: tuple[cmd.PlannedChange, ...]) -> None:
    """Raises `ConfigProblem` where one of the changes could not be made."""
    step = 0
    for change in changes:
        if change.step < step:
            raise ConfigProblem(
                f"The changes of a run come in the order of their steps; {change.step} is after {step}."
            )
        step, config = change.step, changed(config, change.values)


class Live:
    """The configuration of the run under way as all that was asked for so far makes it; and the way back.

    It follows the run's events, from any thread: an epoch that has begun is trained to its end, so fewer cannot be asked for.
    A plan is not held to that (`check_plan`), since what an earlier run did is done again.
    """

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        self._back: list[dict[str, Value]] = []
        self._begun = 0
        """Epochs that have begun, the one under way included."""

    def hear(self, event: ev.Event) -> None:
        """Take in what the trainer tells, and with it how far the run is."""
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

    def change(self, values: Mapping[str, Any]) -> cmd.Change:
        """What the trainer is to be told. Raises `ConfigProblem`."""
        new = self._checked(values)
        told = differences(new, self.config)
        if told:
            self._back.append({name: getattr(self.config, name) for name in told})
        self.config = new
        return cmd.Change(values=told)

    def undo(self) -> cmd.Change:
        """The same for the way back. Raises `EngineProblem` where nothing was changed.

        Raises `ConfigProblem` for epochs that have begun meanwhile; as that stays so, the next undo goes further back.
        """
        if not self._back:
            raise EngineProblem("Nothing was changed in this run that could be undone.")
        values = self._back.pop()
        self.config = self._checked(values)
        return cmd.Change(values=values)

    def _checked(self, values: Mapping[str, Any]) -> TrainConfig:
        new = changed(self.config, values)
        if new.epochs != self.config.epochs and new.epochs < self._begun:
            under_way = f"epoch {self._begun} is under way; expected {self._begun} or more, or stop the run."
            raise ConfigProblem(f"{HYPERPARAMETERS['epochs'].about.label}: {under_way}", "epochs")
        return new
