"""Histograms over epochs: the chosen one large, and below it one row an epoch, the newest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from textual.reactive import reactive

from tui.views.spread import Floats, Ridges, Spread, ridges
from tui.widgets import axis
from tui.widgets.chart import Chart
from tui.widgets.ink import Ink, Line, Palette, segments, styles_of

_BLOCKS = " ▁▂▃▄▅▆▇█"
_RAMP = " .:-=+*#%@"
_GAP = 2
_LEAST = 12
"""Cells that a histogram has at least."""


class RidgeView(Chart):
    """Weights at the left and gradients at the right, on an axis each. Give it a `spread`; None says that there is none."""

    spread: reactive[Spread | None] = reactive(None, repaint=False)

    def watch_spread(self) -> None:
        """Paint what has become another."""
        self.watch_plot()

    @property
    def subject(self) -> object:
        """What is shown."""
        return self.spread

    def picture(self, width: int, height: int, palette: Palette) -> list[list[Segment]]:
        """Exactly `height` rows of `width` cells."""
        plain = self.symbols == "ascii"
        lines = draw(self.spread, width, height, plain=plain)
        styles = styles_of(palette)
        return [segments(line, width, styles, ascii_only=plain) for line in lines]


def draw(spread: Spread | None, width: int, height: int, *, plain: bool = False) -> list[Line]:
    """The picture as lines, at any size."""
    if spread is None or height < 1:
        words = "no histograms yet: they are taken at the end of each epoch"
        return [[(words if row == height // 2 else "", Ink.AXIS)] for row in range(height)]
    side = max(len(str(spread.epochs[-1])), 2) + 2
    both = width >= 2 * _LEAST + side + _GAP
    wide = (width - side - _GAP) // 2 if both else width - side
    shown = _rows(len(spread.epochs), spread.chosen, max(height - 3 - _tall(height), 1))
    parts = [("weights", spread.weights, Ink.TRAIN)]
    if both:
        parts.append(("gradients", spread.gradients, Ink.VALIDATION))
    columns = [
        _column(name, histograms[shown.start : shown.stop], spread.chosen - shown.start, wide, height, ink, plain)
        for name, histograms, ink in parts
    ]
    lines: list[Line] = []
    for row in range(height):
        line: Line = [_label(spread, shown, row - 1 - _tall(height), side, plain)]
        for number, column in enumerate(columns):
            line += [(" " * _GAP, Ink.BLANK)] * (number > 0) + (column[row] if row < len(column) else [])
        lines.append(line)
    return lines


def _tall(height: int) -> int:
    """Rows of the large histogram."""
    return min(max(height // 3, 2), 10) if height >= 8 else 0


def _rows(count: int, chosen: int, room: int) -> range:
    """Which epochs have a row: the last ones, or those around the chosen one."""
    start = max(min(count - room, chosen - room // 2 if chosen < count - room else count - room), 0)
    return range(start, min(start + room, count))


def _label(spread: Spread, shown: range, row: int, side: int, plain: bool) -> tuple[str, Ink]:
    """The epoch at the left of its row, the chosen one with a sign."""
    if not 0 <= row < len(shown):
        return ("epoch".rjust(side - 1)[: side - 1] + " " if row == -1 and side >= 6 else " " * side), Ink.AXIS
    at = shown[row]
    sign = (">" if plain else "▸") if at == spread.chosen else " "
    return f"{sign}{spread.epochs[at]:>{side - 2}} ", Ink.TITLE if at == spread.chosen else Ink.AXIS


def _column(
    name: str,
    histograms: Sequence[object],
    chosen: int,
    wide: int,
    height: int,
    ink: Ink,
    plain: bool,
) -> list[Line]:
    """One of the two halves, from its heading to its axis."""
    found: Ridges | None = ridges(histograms, wide)  # type: ignore[arg-type]
    if found is None:
        return [[(f"no {name} told".ljust(wide), Ink.AXIS)], *([[(" " * wide, Ink.BLANK)]] * (height - 1))]
    tall = _tall(height)
    lines: list[Line] = [[(name.ljust(wide)[:wide], Ink.TITLE)]]
    lines += [[(text, ink)] for text in bars(found.shares[chosen], tall, plain=plain)]
    for row, shares in enumerate(found.shares):
        lines.append([(bars(shares, 1, plain=plain)[0], ink if row != chosen else Ink.TEXT)])
    return [*lines, *([[(" " * wide, Ink.BLANK)]] * max(height - 2 - len(lines), 0)), *_scale(found, wide, plain)]


def bars(shares: Floats, rows: int, *, plain: bool = False) -> list[str]:
    """The shares as upright bars, `rows` high, the greatest as high as there is room; what is there at all is seen."""
    signs = _RAMP if plain else _BLOCKS
    if rows < 1:
        return []
    top = float(np.nanmax(shares)) if np.isfinite(shares).any() else 0.0
    if not top > 0:
        return [" " * len(shares)] * rows
    steps = len(signs) - 1
    levels = np.ceil(np.nan_to_num(shares) / top * steps * rows - 1e-9).astype(int)
    return [
        "".join(signs[min(max(level - steps * row, 0), steps)] for level in levels) for row in range(rows - 1, -1, -1)
    ]


def _scale(found: Ridges, wide: int, plain: bool) -> list[Line]:
    """The axis below a half."""
    stretch, tee = ("-", "+") if plain else ("─", "┬")
    ruler, numbers = [stretch] * wide, [" "] * wide
    for cell, start, text in axis.level(found.low, found.high, wide, whole=False, overhang=0, reserved=0):
        ruler[cell] = tee
        numbers[start : start + len(text)] = text
    return [[("".join(ruler), Ink.AXIS)], [("".join(numbers), Ink.AXIS)]]
