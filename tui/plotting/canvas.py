"""The canvas of a chart: curves as dots in cells, in one of three sets of signs; lines by plotext, or as bars."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from tui.plotting import axis
from tui.plotting.downsample import Clean, Thinned, bridge, column_edges, column_of, span_dots, thin
from tui.plotting.ink import Ink, Line
from tui.plotting.lazy_import import lazy
from tui.plotting.model import Mark, Series, glyph

if TYPE_CHECKING:
    import numpy as np
    import plotext

    from tui.plotting.downsample import Floats
else:
    np = lazy("numpy")
    plotext = lazy("plotext")

Symbols = Literal["braille", "block", "ascii"]
"""The sets of signs: braille has 2 × 4 dots a cell, blocks 2 × 2, seven-bit characters one."""


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """The characters of one symbol set. A cell is made of dots, each with a weight; their sum indexes `cells`."""

    weights: tuple[tuple[int, ...], ...]
    cells: str
    markers: dict[Ink, str]  # what plotext draws a line with
    points: dict[Ink, str]
    sample: str  # a stretch of line in the legend, "" where markers differ
    frame: str  # upright, tick on it, corner, level, tick on it, grid line, hint at a mark
    cursor: str = "│"
    foot: str = "┷"  # where the cursor stands on the axis


_SHAPES = dict(zip((Ink.TRAIN, Ink.VALIDATION, Ink.OTHER, Ink.MARK, Ink.RAW), "■●◆▲•", strict=True))
SIGNS: dict[Symbols, Signs] = {
    "braille": Signs(
        ((1, 8), (2, 16), (4, 32), (64, 128)),
        " " + "".join(map(chr, range(0x2801, 0x2900))),
        dict.fromkeys(Ink, "braille"),
        _SHAPES,
        "⠤",
        "│┤└─┬┈┊",
    ),
    "block": Signs(((1, 2), (4, 8)), " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█", dict.fromkeys(Ink, "hd"), _SHAPES, "▄", "│┤└─┬┈┊"),
    "ascii": Signs(
        ((1,),),
        " .",
        {**dict.fromkeys(Ink, "~"), Ink.TRAIN: "*", Ink.VALIDATION: "-", Ink.RAW: "."},
        dict(zip(_SHAPES, "#o%^.", strict=True)),
        "",
        "|++-+ :",
        "|",
        "^",
    ),
}


class Canvas:
    """The cells the curves are drawn on, row 0 at the bottom: a character and an ink each."""

    def __init__(self, width: int, rows: int, x_limits: tuple[float, float], y: axis.Axis, signs: Signs) -> None:
        self.width, self.rows, self.x_limits, self.y, self.signs = width, rows, x_limits, y, signs
        self.down, self.across = len(signs.weights), len(signs.weights[0])
        self.edges = column_edges(*x_limits, width * self.across)
        self.characters = np.full((rows, width), " ", "<U1")
        self.inks = np.zeros((rows, width), np.uint8)

    def _dot_rows(self, position: Floats) -> Floats:
        """The row of dots of each position on the y axis, from the bottom; just outside for those beyond its limits."""
        dots = self.rows * self.down
        with np.errstate(over="ignore"):
            share = (position - self.y.low) / (self.y.high - self.y.low)
        rows: Floats = np.clip(np.floor(0.5 + (dots - 1) * share), -1, dots)
        return rows

    def row(self, position: float) -> int:
        """The row of cells of a position on the y axis."""
        return int(self._dot_rows(np.array([position]))[0]) // self.down

    def cell(self, x: float) -> int | None:
        """The column of cells in which x lies; None where that is out of sight."""
        column = int(column_of(self.edges, np.array([x]))[0])
        return column // self.across if 0 <= column < self.width * self.across else None

    def paint(
        self, series: Sequence[Series], marks: Sequence[Mark], grid: Sequence[int], cursor: int | None = None
    ) -> None:
        """From the back to the front: grid, hints at marks, envelopes, the cursor, lines, points, marks."""
        self._put(grid, slice(None), self.signs.frame[5], Ink.GRID)
        places = [(mark, *self._place(mark, series)) for mark in marks]
        for mark, row, column in places:
            if not mark.quiet:
                self._put(slice(0, row), column, self.signs.frame[6], Ink.AXIS)
        thinned = [(one, self._thin(one.line)) for one in series]
        for one, few in thinned:
            if one.ink is Ink.RAW or one.data.low is not None:
                self._bars(few, Ink.RAW)
        if cursor is not None:
            self._put(slice(None), cursor, self.signs.cursor, Ink.TEXT)
        for one, few in thinned:
            if one.ink is Ink.RAW or not np.isfinite(few.y).any():
                continue
            if one.curve.points and self.width * self.rows <= _MANY_CELLS:
                self._stroke(few, one.ink)
            else:
                self._bars(few.line(), one.ink)
        for one, few in thinned:
            self._points(one, few if one.line is one.data else self._thin(one.data))
        for mark, row, column in places:
            self._put(row, column, glyph(mark), Ink.MARK)

    def _thin(self, data: Clean) -> Thinned:
        few = thin(data.x, data.y, data.low, data.high, self.width * self.across, limits=self.x_limits)
        return few.log10() if self.y.log else few

    def _put(self, row: Any, column: Any, characters: Any, ink: Ink) -> None:
        self.characters[row, column] = characters
        self.inks[row, column] = ink

    def _place(self, mark: Mark, series: Sequence[Series]) -> tuple[Any, Any]:
        """Row and column of a mark: on the point it belongs to, else at the top; an empty slice where out of sight."""
        column = self.cell(mark.x)
        if column is None:
            return 0, slice(0, 0)
        if mark.quiet:
            return 0 if mark.low else self.rows - 1, column
        for data in (s.data for s in series if s.curve.points):
            for at in np.flatnonzero(np.isclose(data.x, mark.x) & np.isfinite(data.y)):
                row = self.row(math.log10(data.y[at]) if self.y.log else data.y[at])
                return min(max(row, 0), self.rows - 1), column
        return self.rows - 1, column

    def _bars(self, few: Thinned, ink: Ink) -> None:
        """In every column of dots a bar from the lowest to the highest value."""
        low, high = bridge(few)
        dots = span_dots(self._dot_rows(low), self._dot_rows(high), self.rows * self.down)
        boxes = (
            dots.reshape(self.rows, self.down, self.width, self.across)
            * np.array(self.signs.weights, np.uint32)[:, np.newaxis]
        )
        codes = boxes.sum(axis=(1, 3))[::-1]
        lit = codes > 0
        cells = self.signs.cells if len(self.signs.cells) > 2 else " " + self.signs.markers[ink]
        self.characters[lit] = np.array(list(cells))[codes[lit]]
        self.inks[lit] = ink

    def _stroke(self, few: Thinned, ink: Ink) -> None:
        """The line through the points, over what is there."""
        columns, rows = _corners(few.column.astype(np.float64), self._dot_rows(few.y))
        left, bottom = int(columns.min()) // self.across, max(int(np.fmin.reduce(rows)), 0) // self.down
        width = int(columns.max()) // self.across - left + 1
        height = min(int(np.fmax.reduce(rows)) // self.down, self.rows - 1) - bottom + 1
        columns, rows = columns - left * self.across, rows - bottom * self.down
        drawn = _plotext(columns.tobytes(), rows.tobytes(), width, height, self.signs.markers[ink])
        for row, text in enumerate(reversed(drawn), bottom):
            characters = np.array(list(text))
            lit = np.flatnonzero(characters != " ")
            self._put(row, lit + left, characters[lit], ink)

    def _points(self, one: Series, few: Thinned) -> None:
        """A sign on each point where there is room for all of them, else on some; on a lone point always."""
        rows = self._dot_rows(few.y)
        seen = (rows >= 0) & (rows < self.rows * self.down)
        rows, columns = rows[seen].astype(int) // self.down, few.column[seen] // self.across
        if not one.has_points and len(columns) > 1:
            return
        every = 1 if one.curve.points and len(columns) <= self.width // 4 else max(self.width // 12, 4)
        last = -every
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if column - last >= every:
                self._put(row, column, one.curve.sign or self.signs.points[one.ink], one.ink)
                last = column

    def line(self, row: int) -> Line:
        """One row of cells, equal inks together."""
        inks, text = self.inks[row], "".join(self.characters[row].tolist())
        cuts = [0, *(np.flatnonzero(inks[1:] != inks[:-1]) + 1).tolist(), len(text)]
        return [(text[a:b], Ink(inks[a])) for a, b in pairwise(cuts) if b > a]


def _corners(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The same line without the points that lie straight between their neighbors."""
    keep = np.ones(len(x), dtype=bool)
    across, up = np.diff(x), np.diff(y)
    keep[1:-1] = across[:-1] * up[1:] != across[1:] * up[:-1]  # a nan differs from everything
    return x[keep], y[keep]


# plotext takes about 6 ms for a line on a chart of 60 × 14 cells and 17 ms on one of 120 × 30, most of it a price per
# cell. So it draws the lines that change once an epoch, on canvases of no more cells than this; others are drawn as bars,
# which takes 0.3 ms and looks the same.
_MANY_CELLS = 600
_LOCK = threading.Lock()


@lru_cache(maxsize=32)
def _plotext(columns: bytes, rows: bytes, width: int, height: int, marker: str) -> list[str]:
    """The line through the dots (column, row), both float64, as `height` lines of `width` characters; NaN breaks it.

    plotext keeps its figure in a module: only this function touches it, under a lock, and from a cleared figure.
    It draws the bare canvas: its own axes, ticks and legend take longer than all the rest and cannot be placed. A line
    that has not changed since the last time (the validation between two epochs) is not drawn again.
    """
    x, y = np.frombuffer(columns), np.frombuffer(rows)
    across, down = {"braille": (2, 4), "hd": (2, 2)}.get(marker, (1, 1))
    with _LOCK:
        plotext.clear_figure()
        plotext.limit_size(False, False)  # else it is cut to the size of the whole terminal
        plotext.plot_size(width, height)
        plotext.theme("clear")
        plotext.frame(False)
        plotext.xticks([])
        plotext.yticks([])
        plotext.xlim(0, max(width * across - 1, 1))
        plotext.ylim(0, max(height * down - 1, 1))
        plotext.plot(x.tolist(), y.tolist(), marker=marker, color="default")
        lines: list[str] = plotext.uncolorize(plotext.build()).splitlines()[:height]
    return lines
