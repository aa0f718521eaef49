"""Which digits are looked into: the choice that all screens on single digits share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tui.data.predictions import Inspected

SplitName = Literal["validation", "test"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which split, and which epoch's readings (None: the newest there are)."""

    split: SplitName = "validation"
    epoch: int | None = None


def stepped(choice: Choice, inspected: Inspected, by: int) -> Choice:
    """The choice `by` epochs further; the newest epoch is chosen as such, so that it is followed."""
    epochs = inspected.epochs
    if not epochs:
        return choice
    place = min(max(epochs.index(inspected.epoch) + by, 0), len(epochs) - 1)
    return Choice(choice.split, None if place == len(epochs) - 1 else epochs[place])
