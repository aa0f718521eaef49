"""Which split and epoch the screens on single digits show. Without numpy: the app's first picture does without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

SplitName = Literal["validation", "test"]


class AtAnEpoch(Protocol):
    """Predictions at one of a run's epochs (`tui.data.predictions.Inspected`)."""

    @property
    def epoch(self) -> int:
        """The epoch that they are of."""

    @property
    def epochs(self) -> tuple[int, ...]:
        """All epochs that can be chosen, in ascending order."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which split, and which epoch's predictions (None: the newest there are)."""

    split: SplitName = "validation"
    epoch: int | None = None


def stepped(choice: Choice, shown: AtAnEpoch, by: int) -> Choice:
    """The choice `by` epochs further; the newest epoch is chosen as such, so that it is followed."""
    epochs = shown.epochs
    if not epochs:
        return choice
    place = min(max(epochs.index(shown.epoch) + by, 0), len(epochs) - 1)
    return Choice(choice.split, None if place == len(epochs) - 1 else epochs[place])
