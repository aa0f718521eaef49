"""A sheet to draw on with a round, soft pen: strokes, an eraser, and a way back for every step. Pure.

Places are in pixels of the 28 × 28 that a network sees: x to the right and y down, from 0 to 28, so that a stroke looks
alike whatever the sheet's grain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.pictures import SIDE, to_mnist
from tui.data.picture_file import Given

GRAIN = 4
"""Ink cells along a pixel, so that slanting strokes have smooth edges in large windows too."""
CELLS = SIDE * GRAIN
STEPS_KEPT = 200
"""Steps that can be taken back; a sheet takes 12 kB."""

Ink = npt.NDArray[np.uint8]
Tool = Literal["pen", "eraser"]

_SOFT = 0.7
"""Over how many pixels the edge of a stroke goes from ink to paper."""


@dataclass(frozen=True, slots=True)
class Brush:
    """A round pen point; `radius` in pixels, to where the ink is half as strong."""

    name: str
    radius: float


BRUSHES = (Brush("thin", 0.9), Brush("medium", 1.3), Brush("thick", 1.9))
"""Strokes of MNIST's digits are two to four pixels wide."""


@dataclass(frozen=True, slots=True)
class Pen:
    """The pen that keys move: where it is, whether it is on the paper, and what it does there."""

    x: float = SIDE / 2 - 0.5
    y: float = SIDE / 2 - 0.5
    down: bool = False
    tool: Tool = "pen"
    brush: Brush = BRUSHES[1]

    def moved(self, by_x: float, by_y: float) -> Pen:
        """The pen so many pixels further, in the middle of a pixel and on the paper."""
        return self.at(math.floor(self.x) + 0.5 + by_x, math.floor(self.y) + 0.5 + by_y)

    def at(self, x: float, y: float) -> Pen:
        """The pen at a place, or at the nearest one on the paper."""
        least, most = 0.5, SIDE - 0.5
        return replace(self, x=min(max(x, least), most), y=min(max(y, least), most))

    def other_tool(self) -> Pen:
        """The eraser instead of the pen, or the pen again."""
        return replace(self, tool="pen" if self.tool == "eraser" else "eraser")

    def next_brush(self) -> Pen:
        """The next thicker point; after the thickest the thinnest."""
        return replace(self, brush=BRUSHES[(BRUSHES.index(self.brush) + 1) % len(BRUSHES)])


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Ink (CELLS, CELLS) of bytes, and the picture that it is, if nothing was drawn on that."""

    ink: Ink
    given: Given | None = None

    @property
    def blank(self) -> bool:
        """Whether there is no ink."""
        return not self.ink.any()

    def prepared(self, *, fitted: bool = True) -> Ink | None:
        """What the network sees, (28, 28) of bytes; None of a blank sheet.

        `fitted`: in a box of 20 × 20 and centered by mass, as MNIST was made (`to_mnist`); else the sheet as it is.
        """
        if self.blank:
            return None
        if not fitted:
            means = self.ink.reshape(SIDE, GRAIN, SIDE, GRAIN).mean(axis=(1, 3))
            seen: Ink = np.rint(means).astype(np.uint8)
            return seen if seen.any() else None
        return self.given.pixels if self.given is not None else to_mnist(self.ink / 255)


class Pad:
    """The sheet that is drawn on, with those before it. A step is a whole stroke, a clearing, a move or a picture."""

    def __init__(self) -> None:
        self._sheet = Sheet(np.zeros((CELLS, CELLS), np.uint8))
        self._before: list[Sheet] = []
        self._after: list[Sheet] = []
        self._stroke: Ink | None = None

    @property
    def sheet(self) -> Sheet:
        """What is on the paper now, with the stroke under way."""
        if self._stroke is not None and not np.array_equal(self._stroke, self._sheet.ink):
            return Sheet(self._stroke.copy())
        return self._sheet

    @property
    def drawing(self) -> bool:
        """Whether a stroke is under way."""
        return self._stroke is not None

    def begin(self) -> None:
        """A stroke begins; one that is under way ends."""
        self.end()
        self._stroke = self._sheet.ink.copy()

    def draw(self, start: tuple[float, float], end: tuple[float, float], brush: Brush, tool: Tool) -> None:
        """Go on with the stroke from one place (x, y) to another in a straight line, whole however long it is."""
        if self._stroke is None:
            return
        rows, columns, strength = _line(start, end, brush.radius)
        part = self._stroke[rows, columns]
        self._stroke[rows, columns] = np.maximum(part, strength) if tool == "pen" else np.minimum(part, 255 - strength)

    def end(self) -> None:
        """The stroke ends; one that has changed something is a step."""
        sheet, self._stroke = self.sheet, None
        if sheet is not self._sheet:
            self._step(sheet)

    def clear(self) -> None:
        """Take a new sheet."""
        self.end()
        if not self._sheet.blank:
            self._step(Sheet(np.zeros((CELLS, CELLS), np.uint8)))

    def shift(self, by_x: int, by_y: int) -> None:
        """Move all ink by whole pixels, but none off the paper."""
        self.end()
        rows, columns = (np.flatnonzero(self._sheet.ink.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return
        down, right = (
            min(max(by * GRAIN, -int(inked[0])), CELLS - 1 - int(inked[-1]))
            for by, inked in ((by_y, rows), (by_x, columns))
        )
        if down or right:
            self._step(Sheet(np.roll(self._sheet.ink, (down, right), axis=(0, 1))))

    def put(self, given: Given) -> None:
        """Put a picture on a new sheet."""
        self.end()
        self._step(Sheet(given.pixels.repeat(GRAIN, axis=0).repeat(GRAIN, axis=1), given))

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back, the stroke that is being drawn included."""
        return bool(self._before) or self.sheet is not self._sheet

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to take again."""
        return bool(self._after) and self.sheet is self._sheet

    def undo(self) -> bool:
        """Take the last step back; whether there was one."""
        self.end()
        return self._turn(self._before, self._after)

    def redo(self) -> bool:
        """Take again the step that was taken back last; whether there was one."""
        self.end()
        return self._turn(self._after, self._before)

    def _step(self, sheet: Sheet) -> None:
        self._before = [*self._before[-STEPS_KEPT + 1 :], self._sheet]
        self._after.clear()
        self._sheet = sheet

    def _turn(self, source: list[Sheet], target: list[Sheet]) -> bool:
        if not source:
            return False
        target.append(self._sheet)
        self._sheet = source.pop()
        return True


def _line(start: tuple[float, float], end: tuple[float, float], radius: float) -> tuple[slice, slice, Ink]:
    """The ink of a straight stroke: the rows and columns of the sheet that it may touch, and its strength there.

    It falls off over the soft edge with the distance to the nearest point of the line.
    """
    reach = radius + _SOFT / 2
    (left, right), (top, bottom) = (
        (
            min(max(math.floor((min(a, b) - reach) * GRAIN), 0), CELLS),
            min(max(math.ceil((max(a, b) + reach) * GRAIN), 0), CELLS),
        )
        for a, b in zip(start, end, strict=True)
    )
    x = (np.arange(left, right) + 0.5) / GRAIN - start[0]
    y = ((np.arange(top, bottom) + 0.5) / GRAIN - start[1])[:, None]
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = along_x**2 + along_y**2
    part = np.clip((x * along_x + y * along_y) / length, 0, 1) if length else 0.0
    distance = np.hypot(x - part * along_x, y - part * along_y)
    strength = np.rint(np.clip((reach - distance) / _SOFT, 0, 1) * 255).astype(np.uint8)
    return slice(top, bottom), slice(left, right), strength
