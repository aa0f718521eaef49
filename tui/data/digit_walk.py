"""The validation digits that the Inside screen steps through: misclassified ones by confidence, or all in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import Problem
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState
from tui.data.digit_selection import Choice
from tui.data.predictions import Inspected, images_of_run, inspect

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Validation images (N, 28, 28), labels (N,), and the indices of misclassified ones, most confident first."""

    images: Bytes
    labels: Bytes
    misclassified: tuple[int, ...] = ()


def find_digits(run: RunFolder, state: RunState, epoch: int | None) -> Digits | str:
    """The run's validation digits, with those misclassified at `epoch`; or a sentence why there are none.

    Without stored predictions none counts as misclassified. Reads files, so must not run in the event loop.
    """
    found = inspect(run, state, Choice("validation", epoch))
    if isinstance(found, Inspected):
        misclassified = np.flatnonzero(found.misclassified)
        by_confidence = misclassified[np.argsort(-found.confidences[misclassified], kind="stable")]
        return Digits(found.images, found.labels, tuple(by_confidence.tolist()))
    try:
        images, labels = images_of_run(state).of("validation")
    except Problem as fault:
        return str(fault)
    return Digits(images, labels)


@dataclass(frozen=True, slots=True)
class Walk:
    """A position among the digits: at `index`, stepping through the misclassified ones or through `every` one."""

    digits: Digits
    index: int
    every: bool = False

    @classmethod
    def through(cls, digits: Digits, before: Walk | None = None) -> Walk:
        """The position of `before` if it had the same number of digits; otherwise the first one."""
        if before is not None and len(before.digits.labels) == len(digits.labels):
            return cls(digits, before.index, before.every or not digits.misclassified)
        return cls(digits, digits.misclassified[0] if digits.misclassified else 0, not digits.misclassified)

    def step(self, by: int) -> Walk:
        """The position `by` digits further, clamped at both ends."""
        if self.every:
            return Walk(self.digits, min(max(self.index + by, 0), len(self.digits.labels) - 1), every=True)
        misclassified = self.digits.misclassified
        at = misclassified.index(self.index) + by if self.index in misclassified else 0
        return Walk(self.digits, misclassified[min(max(at, 0), len(misclassified) - 1)])

    def toggle(self) -> Walk:
        """Switch between misclassified and all digits; stay at all if none is misclassified."""
        if self.every and not self.digits.misclassified:
            return self
        if self.every and self.index not in self.digits.misclassified:
            return Walk(self.digits, self.digits.misclassified[0])
        return Walk(self.digits, self.index, not self.every)

    @property
    def words(self) -> str:
        """ "error 3 of 212", or "all 10,000 images"."""
        if self.every or self.index not in self.digits.misclassified:
            return f"all {len(self.digits.labels):,} images"
        return f"error {self.digits.misclassified.index(self.index) + 1} of {len(self.digits.misclassified)}"
