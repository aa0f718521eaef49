"""A guided experiment under way: which of its arms comes next, and whether it goes on after one has ended.

It is the session that has the arms trained, not a terminal: a connection that is lost costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig
from engine.errors import RunProblem
from engine.experiments.experiment_files import Experiment, find_experiment
from engine.experiments.experiment_runs import (
    OVER,
    arm_name,
    find_experiment_run,
    free_group,
    is_over,
    list_experiment_runs,
)
from engine.log.event_log import read_lines
from engine.paths import runs_dir
from engine.protocol import ExperimentOver
from engine.runs.folder import RunFolder
from engine.runs.run_data import absolute, data_dir_of, known_data, with_absolute_folder


@dataclass(frozen=True, slots=True)
class NewArm:
    """An arm to begin."""

    config: TrainConfig
    preset: str
    name: str
    arm: ev.Arm
    data: ev.DataIdentity | None = None
    """The set that the arms before were trained on."""


@dataclass(frozen=True, slots=True)
class BrokenArm:
    """An arm that was broken off, to go on with."""

    run: RunFolder
    arm: ev.Arm
    data: ev.DataIdentity | None = None


@dataclass(slots=True)
class Conductor:
    """One performance of an experiment. `runs` are the arms that there are already, by their numbers."""

    experiment: Experiment
    group: str
    values: Mapping[str, Any]
    configs: tuple[TrainConfig, ...]
    runs: dict[int, RunFolder] = field(default_factory=dict)
    number: int = 0
    """Of the arm under way, from 1."""
    given_up: bool = False
    other_data: bool = False
    """Whether its arms may be trained on different data."""

    def following(self) -> NewArm | BrokenArm | None:
        """The next arm that is not over yet; None after the last. Reads the logs of those that there are."""
        while self.number < len(self.configs):
            self.number += 1
            plan, name = self.experiment.arms[self.number - 1], arm_name(self.group, self.experiment, self.number)
            run = self.runs.get(self.number) or _begun(name)
            if run is None:
                config, data = self.configs[self.number - 1], self._data()
                config = msgspec.structs.replace(config, data_dir=absolute(data_dir_of(config, data)))
                return NewArm(config, plan.preset, name, self._arm(plan.label), data)
            if not is_over(run.state()):
                return BrokenArm(run, self._arm(plan.label), self._data())
        return None

    def _data(self) -> ev.DataIdentity | None:
        """The set that the first of the arms before was trained on; None where there is none, or its log does not tell."""
        for number in range(1, self.number):
            name = arm_name(self.group, self.experiment, number)
            if found := known_data(self.runs.get(number) or RunFolder(runs_dir() / name)):
                return found
        return None

    def _arm(self, label: str) -> ev.Arm:
        return ev.Arm(
            experiment=self.experiment.name,
            group=self.group,
            number=self.number,
            of=len(self.configs),
            label=label,
            values=dict(self.values),
        )

    def goes_on(self, end: ev.Finished | None) -> bool:
        """Whether there is another arm to train after one that ended so."""
        return not self.given_up and end is not None and end.outcome in OVER and self.number < len(self.configs)

    def over(self, fault: str = "", end: ev.Finished | None = None) -> ExperimentOver:
        """What is said at the end: with the sentence of a fault, or what the end of the last arm was."""
        if not fault and (self.given_up or end is None or end.outcome not in OVER):
            go_on = f"mnist-tui experiment {self.experiment.name} --resume goes on with it."
            fault = f"{self._broken_off(end)} {go_on}"
        return ExperimentOver(experiment=self.experiment.name, group=self.group, fault=fault)

    def _broken_off(self, end: ev.Finished | None) -> str:
        arm = f"{self.experiment.arms[self.number - 1].label} ({self.number} of {len(self.configs)})"
        if end is not None and end.outcome == "failed":
            return f"{self.group} ended at {arm}: {end.reason}"
        return f"{self.group} was {'given up after' if end and end.outcome in OVER else 'aborted at'} {arm}."


def _begun(name: str) -> RunFolder | None:
    """The folder of an arm whose engine was killed before it told of it; any other run of this name is none of ours."""
    run = RunFolder(runs_dir() / name)
    return run if run.config.exists() and not any(True for _ in read_lines(run.events)) else None


def conduct(command: cmd.Experiment) -> Conductor:
    """What is asked for, ready for its first arm, or for the one that it goes on with.

    Raises `ConfigProblem` for an experiment there is not and for values that it cannot take, `RunProblem` where there is
    nothing to go on with, or there is a performance of that name.
    """
    experiment = find_experiment(command.experiment)
    if not command.resume:
        values = with_absolute_folder(command.values)
        configs = experiment.configs(values)
        if command.name and any(each.group == command.name for each in list_experiment_runs()):
            raise RunProblem(f"There is a performance '{command.name}' already; take another name.")
        return Conductor(experiment, command.name or free_group(experiment), values, configs)
    found = find_experiment_run(experiment, command.name)
    configs = experiment.configs(found.values)
    conductor = Conductor(
        experiment, found.group, found.values, configs, dict(found.runs), other_data=command.other_data
    )
    if conductor.following() is None:
        raise RunProblem(
            f"{found.group} is complete; `mnist-tui experiment {experiment.name} --show` shows it, and without --show "
            "it is performed anew."
        )
    conductor.number -= 1
    return conductor
