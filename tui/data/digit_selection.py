"""The split and epoch that the single-digit screens show. Does not import numpy, which the first paint must not load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

SplitName = Literal["validation", "test"]


class EpochPredictions(Protocol):
    """Predictions after one of a run's epochs, such as `tui.data.predictions.Inspected`."""

    @property
    def epoch(self) -> int:
        """The epoch of these predictions."""

    @property
    def epochs(self) -> tuple[int, ...]:
        """All available epochs, ascending."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A split and an epoch (None: the latest, which is followed)."""

    split: SplitName = "validation"
    epoch: int | None = None


def stepped(choice: Choice, shown: EpochPredictions, by: int) -> Choice:
    """The choice `by` epochs further. The latest epoch becomes None, which keeps following."""
    epochs = shown.epochs
    if not epochs:
        return choice
    index = min(max(epochs.index(shown.epoch) + by, 0), len(epochs) - 1)
    return Choice(choice.split, None if index == len(epochs) - 1 else epochs[index])
