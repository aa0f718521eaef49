"""The ten probabilities of one image as bars: one way to draw a bar, and to mark the true digit and the one read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui.views.tables import rule

Tone = Literal["success", "error", "secondary"]
"""The theme's color of the true digit, of one that is wrongly read, and of any other."""


@dataclass(frozen=True, slots=True)
class Line:
    """One digit's row: `mark` tells without color what `tone` tells with it."""

    mark: str
    tone: Tone
    bar: str

    @property
    def marked(self) -> bool:
        """Whether the digit is the right one, or the one read."""
        return self.tone != "secondary"


def line(digit: int, likely: float, label: int, prediction: int, room: int, *, ascii_only: bool) -> Line:
    """The row of `digit` in an image of `label` that is predicted as `reading`; its bar is padded to `room` cells."""
    right, wrong = ("+", "x") if ascii_only else ("✓", "✗")
    bar = filled(likely, room, ascii_only=ascii_only)
    if digit == label:
        return Line(right, "success", bar)
    return Line(wrong, "error", bar) if digit == prediction else Line(" ", "secondary", bar)


def filled(likely: float, room: int, *, ascii_only: bool) -> str:
    """A probability as a bar, padded to `room` cells."""
    return ("#" * round(likely * room) if ascii_only else rule(likely, room)).ljust(room)
