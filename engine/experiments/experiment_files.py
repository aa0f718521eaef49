"""The guided experiments: a question, and two to four runs that answer it when they are seen side by side.

Each is a file, ``NAME.toml`` in this folder, checked when it is read: ``order``, ``question``, ``watch`` (what to look
at), ``chart`` (whose curves are drawn), ``figures`` (names of `engine.experiments.measures`), ``seconds`` (about how
long it takes on one core of a server), ``see`` (help pages), and an ``[[arm]]`` for each run: its ``label``, the
``preset`` it begins with, and the ``values`` laid over it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal, get_args

from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.errors import ConfigProblem
from engine.experiments.measures import MEASURES
from engine.fields import Group, Value, short
from engine.settings import find_preset

Chart = Literal["validation_accuracy", "validation_loss", "training_loss"]
"""What the curves of the arms show: one of the validation's figures by epoch, or the training loss by step."""
LEAST_ARMS, MOST_ARMS = 2, 4
"""One run answers no comparison, and a chart tells more than four curves badly apart."""


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """One run of an experiment: what it is called on the chart, and what it is trained with."""

    label: str
    preset: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> TrainConfig:
        """Its configuration."""
        return make_config(self.values, find_preset(self.preset).config)

    @property
    def word(self) -> str:
        """The label as a part of a run's name."""
        return re.sub(r"[^a-z0-9.]+", "-", self.label.lower()).strip("-.")


@dataclass(frozen=True, slots=True)
class Experiment:
    """A question and the runs that answer it. `seconds`: about how long all of it takes on one core."""

    name: str
    question: str
    watch: str
    chart: Chart
    figures: tuple[str, ...]
    seconds: float
    see: tuple[str, ...]
    arms: tuple[ArmPlan, ...]

    @property
    def compared(self) -> tuple[str, ...]:
        """The hyperparameters in which the arms differ: what the question is about."""
        first = self.arms[0].config
        found = {name for arm in self.arms[1:] for name in differences(arm.config, first)}
        return tuple(name for name in HYPERPARAMETERS if name in found)

    def configs(self, values: Mapping[str, Any]) -> tuple[TrainConfig, ...]:
        """The arms' configurations with other `values` for all of them alike.

        Raises `ConfigProblem` for a value that `engine.config.make_config` refuses, and for what is compared.
        """
        for name in values:
            if name in self.compared:
                flag = HYPERPARAMETERS[name].flag
                raise ConfigProblem(f"{flag} is what {self.name} compares, and cannot be given for all its runs.", name)
        return tuple(make_config(values, arm.config) for arm in self.arms)


@functools.cache
def experiments() -> Mapping[str, Experiment]:
    """Every experiment by name, in the order people should meet them."""
    found = []
    for entry in resources.files("engine.experiments").iterdir():
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            table = tomllib.loads(entry.read_text(encoding="utf-8"))
            found.append((table.pop("order"), read_experiment(name, table)))
    return {each.name: each for _, each in sorted(found, key=lambda pair: pair[0])}


def find_experiment(name: str) -> Experiment:
    """The experiment of this name. Raises `ConfigProblem` that lists them."""
    known = experiments()
    if name not in known:
        raise ConfigProblem(f"There is no experiment '{short(name)}'; expected one of {', '.join(known)}.")
    return known[name]


def read_experiment(name: str, table: Mapping[str, Any]) -> Experiment:
    """An experiment from its file's table. Raises `ConfigProblem` that says what is wrong with it."""
    try:
        arms = tuple(ArmPlan(**arm) for arm in table["arm"])
        rest = {key: table[key] for key in ("question", "watch", "chart", "seconds")}
        made = Experiment(name, **rest, figures=tuple(table["figures"]), see=tuple(table["see"]), arms=arms)
    except (KeyError, TypeError) as fault:
        raise ConfigProblem(f"Experiment {name}: {fault}.") from fault
    _check(made)
    return made


def _check(experiment: Experiment) -> None:
    def expect(holds: bool, what: str) -> None:
        if not holds:
            raise ConfigProblem(f"Experiment {experiment.name}: {what}.")

    words = [arm.word for arm in experiment.arms]
    expect(LEAST_ARMS <= len(words) <= MOST_ARMS, f"expected {LEAST_ARMS} to {MOST_ARMS} arms, found {len(words)}")
    expect(all(words) and len(set(words)) == len(words), "each arm needs a label of its own")
    expect(experiment.chart in get_args(Chart), f"'{experiment.chart}' is no chart")
    expect(set(experiment.figures) <= set(MEASURES), f"expected figures among {', '.join(MEASURES)}")
    configs = [arm.config for arm in experiment.arms]
    expect(all(a != b for n, a in enumerate(configs) for b in configs[:n]), "two of the arms are the same")
    expect(
        not any(HYPERPARAMETERS[name].about.group is Group.MACHINE for name in experiment.compared),
        "arms share a machine",
    )


def of_machine(config: TrainConfig) -> dict[str, Value]:
    """Where a configuration trains and on which data, as values for an experiment: what is not as by default."""
    return {n: v for n, v in differences(config).items() if HYPERPARAMETERS[n].about.group is Group.MACHINE}
