"""The performances of experiments among the run folders: which runs are the arms of which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import RunProblem
from engine.events import Arm, RunCreated
from engine.experiments.experiment_files import Experiment
from engine.fields import short
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder, all_runs
from engine.state.run_state import RunState


def is_over(state: RunState | None) -> bool:
    """Whether an arm is done, so that the next can start: a stopped run was tested, and divergence is a result too."""
    return state is not None and state.finished is not None and state.finished.conclusive


@dataclass(frozen=True, slots=True)
class ExperimentRun:
    """One time that an experiment was performed: its name, and the runs of its arms so far, by their numbers from 1.

    `values` are the hyperparameters that were asked for beside the arms' own, `since` is when its first arm that is there
    was created, Unix seconds.
    """

    experiment: str
    group: str
    values: Mapping[str, Any]
    runs: Mapping[int, RunFolder]
    since: float

    def states(self, arms: int) -> tuple[RunState | None, ...]:
        """What the logs tell of each of so many arms; None of one that there is no run of. Reads all of them."""
        return tuple(run.state() if (run := self.runs.get(number)) else None for number in range(1, arms + 1))


def arm_of(run: RunFolder) -> tuple[Arm, float] | None:
    """Which arm a run is and when it was created, from its log's first event; None of a run that is no arm."""
    first = next(iter(read_events(run.events)), None)
    return (first.arm, first.time) if isinstance(first, RunCreated) and first.arm else None


def list_experiment_runs(experiment: str = "", root: Path | None = None) -> list[ExperimentRun]:
    """Those of one experiment, or of all; the one whose latest arm is the newest last. Reads each run's first event."""
    return gathered(((run, *arm) for run in all_runs(root) if (arm := arm_of(run))), experiment)


def gathered(arms: Iterable[tuple[RunFolder, Arm, float]], experiment: str = "") -> list[ExperimentRun]:
    """Runs that are arms, with when they were created, oldest first, as performances."""
    found: dict[tuple[str, str], list[tuple[RunFolder, Arm, float]]] = {}
    for run, arm, created in arms:
        if experiment in ("", arm.experiment):
            key = (arm.experiment, arm.group)
            found[key] = [*found.pop(key, []), (run, arm, created)]  # the latest to have got an arm stands last
    return [
        ExperimentRun(name, group, rows[0][1].values, {a.number: run for run, a, _ in rows}, min(t for *_, t in rows))
        for (name, group), rows in found.items()
    ]


def find_experiment_run(experiment: Experiment, group: str = "", root: Path | None = None) -> ExperimentRun:
    """The performance of this name; without a name the latest. Raises `RunProblem` where there is none."""
    known = list_experiment_runs(experiment.name, root)
    if group:
        known = [each for each in known if each.group == group]
    if not known:
        which = f"called '{short(group)}'" if group else "yet"
        raise RunProblem(
            f"There is no performance of {experiment.name} {which}; `mnist-tui experiment {experiment.name}` begins one."
        )
    return known[-1]


def arm_name(group: str, experiment: Experiment, number: int) -> str:
    """The name of the run that is an arm: "sgd-vs-adam-3.1-sgd"."""
    return f"{group}.{number}-{experiment.arms[number - 1].word}"


def free_group(experiment: Experiment, root: Path | None = None) -> str:
    """A name for a new performance: the experiment's with a number that no run has yet."""
    pattern = re.compile(rf"{re.escape(experiment.name)}-(\d+)\.")
    taken = [int(match[1]) for run in all_runs(root) if (match := pattern.match(run.name))]
    return f"{experiment.name}-{max(taken, default=0) + 1}"
