"""What lies between an order and a run's first step: each stage with the time after which a person is told of it.

Any of them may hang: a driver, a disk, a network home. Whoever waits says so then, and again each time the wait has
doubled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.events import Phase

Stage = Literal["starting", "importing", "preparing", "data", "building", "device", "first_step", "answer"]


@dataclass(frozen=True, slots=True)
class Wait:
    """What is done in a stage, and the seconds for which nobody wonders."""

    doing: str
    limit: float


STAGES: Mapping[Stage, Wait] = {
    "starting": Wait("starting the engine", 10.0),
    "importing": Wait("importing torch", 20.0),
    "preparing": Wait("preparing the run", 20.0),
    "data": Wait("reading the data", 20.0),
    "building": Wait("building the network", 20.0),
    "device": Wait("preparing the device", 20.0),
    "first_step": Wait("training the first step", 30.0),
    "answer": Wait("waiting for the engine's answer", 60.0),
}


_LEAST = 1.0
"""Seconds between two sentences about one wait."""


def stage_of(phase: Phase | None) -> Stage | None:
    """The stage that a run is in; None where it trains, or has ended."""
    match phase.name if phase else None:
        case "importing" | "data" | "building" | "device" | "first_step" as name:
            return name
    return None


def still(stage: Stage, seconds: float) -> str:
    """What is waited for, and for how long by now: "Still importing torch after 20 s"."""
    return f"Still {STAGES[stage].doing} after {seconds:.0f} s"


class Patience:
    """Notes how long a stage lasts, and says when it is time to tell of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage: Stage | None = None
        self._since = self._due = 0.0
        self.said = ""
        """The latest sentence about the stage, without its full stop; empty before the first."""

    def look(self, stage: Stage | None) -> float | None:
        """See to the stage that it is now; in how many seconds to look again, None where nothing is waited for."""
        now = self._clock()
        if stage != self._stage:
            self._stage, self._since, self.said = stage, now, ""
            self._due = now + STAGES[stage].limit if stage else 0.0
        if stage is None:
            return None
        if now >= self._due:
            self.said = still(stage, now - self._since)
            self._due = now + max(now - self._since, _LEAST)
        return self._due - now
