"""Performances of an experiment as events and as run folders."""

from __future__ import annotations

from typing import Any

import msgspec

from engine import events as ev
from engine.events import Event
from engine.experiments import Experiment, find_experiment
from engine.runs.folder import RunFolder
from tests.events_kit import confusion, ending, epoch_events, numbered, opening
from tests.tui.cli_kit import make_run

SGD = find_experiment("sgd-vs-adam")
GROUP = "sgd-vs-adam-1"
ACCURACIES = (0.874, 0.977)
BEGAN = 1_773_502_320.0


def arm_events(
    number: int,
    *,
    experiment: Experiment = SGD,
    group: str = GROUP,
    epochs: int = 2,
    outcome: ev.Outcome | None = "completed",
    fault: ev.Fault = "",
    values: dict[str, Any] | None = None,
) -> list[Event]:
    """Everything that an engine tells of arm `number` (from 1); without an `outcome` as far as it is."""
    plan = experiment.arms[number - 1]
    name = f"{group}.{number}-{plan.word}"
    arm = ev.Arm(
        experiment=experiment.name,
        group=group,
        number=number,
        of=len(experiment.arms),
        label=plan.label,
        values=values or {},
    )
    first, *rest = opening(plan.config, plan.preset, name)
    events: list[Event] = [msgspec.structs.replace(first, arm=arm), *rest]
    for epoch in range(1, epochs + 1):
        events += epoch_events(plan.config, epoch, 2)
    if outcome:
        tested = outcome in ("completed", "early_stopped", "stopped") and epochs > 0
        table = confusion(ACCURACIES[(number - 1) % 2]) if tested else None
        events += ending(plan.config, epochs, outcome=outcome, fault=fault, table=table, run=name)
    return numbered(events, time=BEGAN + 1000 * number)


def write_arm(events: list[Event]) -> RunFolder:
    """The folder of a run that told these."""
    first = events[0]
    assert isinstance(first, ev.RunCreated)
    return make_run(events, first.run)
