"""The arms of an experiment in progress: which one is trained next, and whether one follows after a run has ended."""

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
    """An arm to start."""

    config: TrainConfig
    preset: str
    name: str
    arm: ev.Arm
    data: ev.DataIdentity | None = None
    """The data set that the earlier arms were trained on."""


@dataclass(frozen=True, slots=True)
class UnfinishedArm:
    """An interrupted arm to resume."""

    run: RunFolder
    arm: ev.Arm
    data: ev.DataIdentity | None = None


@dataclass(slots=True)
class ArmSequence:
    """The arms of one experiment run. `runs` are the existing ones by number."""

    experiment: Experiment
    group: str
    values: Mapping[str, Any]
    configs: tuple[TrainConfig, ...]
    runs: dict[int, RunFolder] = field(default_factory=dict)
    number: int = 0
    """The current arm, from 1."""
    aborted: bool = False
    other_data: bool = False
    """Whether the arms may be trained on different data."""

    def next(self) -> NewArm | UnfinishedArm | None:
        """Advance to the next arm that has not ended; None after the last. Reads the existing runs' logs."""
        while self.number < len(self.configs):
            self.number += 1
            plan, name = self.experiment.arms[self.number - 1], arm_name(self.group, self.experiment, self.number)
            run = self.runs.get(self.number) or _without_events(name)
            if run is None:
                config, data = self.configs[self.number - 1], self._data()
                config = msgspec.structs.replace(config, data_dir=absolute(data_dir_of(config, data)))
                return NewArm(config, plan.preset, name, self._arm(plan.label), data)
            if not is_over(run.state()):
                return UnfinishedArm(run, self._arm(plan.label), self._data())
        return None

    def _data(self) -> ev.DataIdentity | None:
        """The data set of the first earlier arm whose log identifies it."""
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

    def has_next_after(self, end: ev.Finished | None) -> bool:
        """Whether another arm is trained after one that ended with `end`."""
        return not self.aborted and end is not None and end.conclusive and self.number < len(self.configs)

    def over(self, fault: str = "", end: ev.Finished | None = None) -> ExperimentOver:
        """The message about the experiment's end; without a `fault`, the reason follows from the `end` of the last arm."""
        if not fault and (self.aborted or end is None or not end.conclusive):
            resume = f"`mnist-tui experiment {self.experiment.name} --resume` continues it."
            fault = f"{self._interrupted(end)} {resume}"
        return ExperimentOver(experiment=self.experiment.name, group=self.group, fault=fault)

    def _interrupted(self, end: ev.Finished | None) -> str:
        arm = f"{self.experiment.arms[self.number - 1].label} ({self.number} of {len(self.configs)})"
        if end is not None and end.failed:
            return f"{self.group} ended at {arm}: {end.reason}"
        return f"{self.group} was {'aborted after' if end and end.conclusive else 'aborted at'} {arm}."


def _without_events(name: str) -> RunFolder | None:
    """The folder of an arm whose engine was killed before its first event; None for any other run of this name."""
    run = RunFolder(runs_dir() / name)
    return run if run.config.exists() and not any(True for _ in read_lines(run.events)) else None


def plan_arms(command: cmd.Experiment) -> ArmSequence:
    """The arms that a command asks for, positioned before the first one to train.

    Raises `ConfigProblem` for an unknown experiment and invalid values, `RunProblem` where there is nothing to resume or
    an experiment run of that name exists already.
    """
    experiment = find_experiment(command.experiment)
    if not command.resume:
        values = with_absolute_folder(command.values)
        configs = experiment.configs(values)
        if command.name and any(each.group == command.name for each in list_experiment_runs()):
            raise RunProblem(f"There is already an experiment run '{command.name}'; choose another name.")
        return ArmSequence(experiment, command.name or free_group(experiment), values, configs)
    found = find_experiment_run(experiment, command.name)
    configs = experiment.configs(found.values)
    arms = ArmSequence(experiment, found.group, found.values, configs, dict(found.runs), other_data=command.other_data)
    if arms.next() is None:
        raise RunProblem(
            f"{found.group} is complete; `mnist-tui experiment {experiment.name} --show` shows it, and without --show "
            "it is run again."
        )
    arms.number -= 1
    return arms
