"""Recorded logs (`record.py` makes them), folded event by event, and states that are made up figure by figure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import msgspec

from engine import events as ev
from engine.config import make_config
from engine.diagnosis import Hint, diagnose
from engine.log.event_log import read_events
from engine.state.run_state import RunState, fold, reduce
from tests.events_kit import opening, steps_per_epoch

LOGS = Path(__file__).parent / "logs"


def events(name: str) -> list[ev.Event]:
    """A recorded log."""
    return list(read_events(LOGS / f"{name}.jsonl"))


@cache
def prefixes(name: str) -> tuple[RunState, ...]:
    """The state after each of a log's events."""
    state, found = RunState(), []
    for event in events(name):
        state = reduce(state, event)
        found.append(state)
    return tuple(found)


@cache
def told(name: str) -> dict[str, tuple[float, Hint]]:
    """What is ever said of a run: each rule with its first hint, and where in the run that was, in epochs."""
    found: dict[str, tuple[float, Hint]] = {}
    for state in prefixes(name):
        for hint in diagnose(state):
            found.setdefault(hint.rule, (state.position, hint))
    return found


def at_end(name: str) -> dict[str, Hint]:
    """What is said of a run that is over."""
    return {hint.rule: hint for hint in diagnose(prefixes(name)[-1])}


def rules(state: RunState) -> list[str]:
    """The rules that speak, in order."""
    return [hint.rule for hint in diagnose(state)]


def run_of(
    trained: list[float], validated: list[float], accuracies: list[float] | None = None, **settings: object
) -> RunState:
    """A run whose epochs have these losses and validation accuracies (0.95 by default), without a curve."""
    return fold(_numbered(trained, validated, accuracies or [0.95] * len(trained), settings))


def _numbered(
    trained: list[float], validated: list[float], accuracies: list[float], settings: dict[str, object]
) -> Iterator[ev.Event]:
    config = make_config({"epochs": 50, **settings})
    numbers, lowest = count(), float("inf")
    for event in opening(config, ""):
        yield msgspec.structs.replace(event, seq=next(numbers))
    for epoch, (train, validation, accuracy) in enumerate(zip(trained, validated, accuracies, strict=True), start=1):
        best, lowest = validation < lowest, min(validation, lowest)
        yield ev.EpochEnded(
            seq=next(numbers),
            epoch=epoch,
            step=epoch * steps_per_epoch(config),
            images=epoch * 50_000,
            train_loss=train,
            train_accuracy=accuracy,
            validation_loss=validation,
            validation_accuracy=accuracy,
            learning_rate=config.learning_rate,
            gradient_norm=1.0,
            seconds=2.0,
            validation_seconds=0.2,
            total_seconds=2.0 * epoch,
            images_per_second=25_000,
            best=best,
        )
