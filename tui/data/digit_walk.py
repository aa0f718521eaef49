"""The validation digits that the Inside screen steps through: the surest mistakes first, or all of them in order."""

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
    """Validation images (N, 28, 28) with labels (N,), and the places of those read wrongly, the surest mistake first."""

    images: Bytes
    labels: Bytes
    wrong: tuple[int, ...] = ()


def find_digits(run: RunFolder, state: RunState, epoch: int | None) -> Digits | str:
    """Those of the run's data, wrong at an epoch; or why there are none. Reads files: not for the event loop.

    Where it was not kept what was read in them, none counts as wrong.
    """
    found = inspect(run, state, Choice("validation", epoch))
    if isinstance(found, Inspected):
        wrong = np.flatnonzero(found.wrong)
        surest = wrong[np.argsort(-found.confidences[wrong], kind="stable")]
        return Digits(found.images, found.labels, tuple(surest.tolist()))
    try:
        images, labels = images_of_run(state).of("validation")
    except Problem as fault:
        return str(fault)
    return Digits(images, labels)


@dataclass(frozen=True, slots=True)
class Walk:
    """Where one is among the digits: at the one with this `index`, on a walk through the wrong ones or through `every` one."""

    digits: Digits
    index: int
    every: bool = False

    @classmethod
    def through(cls, digits: Digits, before: Walk | None = None) -> Walk:
        """Where one was before, if those digits are of the same number; else at the first."""
        if before is not None and len(before.digits.labels) == len(digits.labels):
            return cls(digits, before.index, before.every or not digits.wrong)
        return cls(digits, digits.wrong[0] if digits.wrong else 0, not digits.wrong)

    def step(self, by: int) -> Walk:
        """So many digits further, or back; not beyond either end."""
        if self.every:
            return Walk(self.digits, min(max(self.index + by, 0), len(self.digits.labels) - 1), every=True)
        wrong = self.digits.wrong
        at = wrong.index(self.index) + by if self.index in wrong else 0
        return Walk(self.digits, wrong[min(max(at, 0), len(wrong) - 1)])

    def toggle(self) -> Walk:
        """From the wrong ones to every one and back; without wrong ones, every one it stays."""
        if self.every and not self.digits.wrong:
            return self
        if self.every and self.index not in self.digits.wrong:
            return Walk(self.digits, self.digits.wrong[0])
        return Walk(self.digits, self.index, not self.every)

    @property
    def words(self) -> str:
        """ "mistake 3 of 212", or "image 3,421 of 10,000"."""
        if self.every or self.index not in self.digits.wrong:
            return f"all {len(self.digits.labels):,} images"
        return f"mistake {self.digits.wrong.index(self.index) + 1} of {len(self.digits.wrong)}"
