"""Histograms over epochs: the chosen one large, and below it one row an epoch, the newest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.reactive import reactive

from engine.events import Histogram
from tui.plotting import axis
from tui.plotting.ink import Ink, Line, Palette, segments, shortened, styles_of
from tui.views.spread import Ridges, Spread, ridges
from tui.widgets.chart import Chart

_BLOCKS = " ▁▂▃▄▅▆▇█"
_RAMP = " .:-=+*#%@"
_GAP = 2
_LEAST = 12
"""Cells that a histogram has at least."""
_MOST_EACH = 3
"""Rows of an epoch at most."""


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
        return [[(shortened(words, width) if row == height // 2 else "", Ink.AXIS)] for row in range(height)]
    plan = _plan(height, len(spread.epochs), spread.chosen)
    side = max(len(str(spread.epochs[-1])), 2) + 2
    both = width >= 2 * _LEAST + side + _GAP
    wide = (width - side - _GAP) // 2 if both else width - side
    epoch = spread.epochs[spread.chosen]
    halves = [_half(f"weights, epoch {epoch}", spread.weights, spread.chosen, plan, wide, Ink.TRAIN, plain)]
    if both:
        halves.append(
            _half(f"gradients, epoch {epoch}", spread.gradients, spread.chosen, plan, wide, Ink.VALIDATION, plain)
        )
    sides = _sides(spread, plan, side, plain)
    lines = [[cell, *_beside(parts)] for cell, *parts in zip(sides, *halves, strict=True)]
    return [*lines, *([[]] * (height - len(lines)))][:height]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the rows are shared out: those of the large histogram (0: there is none), the epochs below it, rows of each."""

    tall: int
    shown: range
    each: int


def _plan(height: int, count: int, chosen: int) -> _Plan:
    tall = max((height - 5) // 3, 2) if height >= 12 else 0
    room = max(height - (tall + 2 if tall else 0) - 3, 1)
    each = min(max(room // count, 1), _MOST_EACH)
    rows = min(room // each, count)
    if tall:
        tall += room - rows * each
    start = max(min(count - rows, max(chosen - rows // 2, 0) if chosen < count - rows else count - rows), 0)
    return _Plan(tall, range(start, start + rows), each)


def _beside(parts: Sequence[Line]) -> Line:
    line: Line = []
    for number, part in enumerate(parts):
        line += [(" " * _GAP, Ink.BLANK), *part] if number else part
    return line


def _sides(spread: Spread, plan: _Plan, side: int, plain: bool) -> list[tuple[str, Ink]]:
    """What stands at the left of each row: the epochs, the chosen one with a sign."""
    blank = (" " * side, Ink.BLANK)
    cells = [blank] * (1 + (plan.tall + 2 if plan.tall else 0))
    for at in plan.shown:
        sign = (">" if plain else "▸") if at == spread.chosen else " "
        name = f"{sign}{spread.epochs[at]:>{side - 2}} "
        cells += [blank] * (plan.each - 1) + [(name, Ink.TITLE if at == spread.chosen else Ink.AXIS)]
    return [*cells, blank, blank]


def _half(
    name: str,
    histograms: Sequence[Histogram | None],
    chosen: int,
    plan: _Plan,
    wide: int,
    ink: Ink,
    plain: bool,
) -> list[Line]:
    """One of the two halves, from its heading to its axis: the chosen epoch on an axis of its own, all on a common one."""
    lines: list[Line] = [[(name.ljust(wide)[:wide], Ink.TITLE)]]
    blank: Line = [(" " * wide, Ink.BLANK)]
    if plan.tall:
        own = ridges(histograms[chosen : chosen + 1], wide)
        if own is None:
            lines += [[("none recorded".ljust(wide)[:wide], Ink.AXIS)], *[blank] * (plan.tall + 1)]
        else:
            lines += [[(text, ink)] for text in bars(own.shares[0], plan.tall, plain=plain)]
            lines += _scale(own, wide, plain)
    common = ridges([histograms[at] for at in plan.shown], wide)
    if common is None:
        return [*lines, *[blank] * (len(plan.shown) * plan.each + 2)]
    for at, shares in zip(plan.shown, common.shares, strict=True):
        lines += [
            [(text, Ink.TEXT if at == chosen else ink)] for text in bars(shares, plan.each, plain=plain, apart=True)
        ]
    return [*lines, *_scale(common, wide, plain)]


def bars(shares: NDArray[np.float64], rows: int, *, plain: bool = False, apart: bool = False) -> list[str]:
    """The shares as upright bars, `rows` high, the greatest as high as there is room; what is there at all is seen.

    `apart`: an eighth of a cell stays free above them, so that they do not run into what stands above.
    """
    signs = _RAMP if plain else _BLOCKS
    if rows < 1:
        return []
    top = float(np.nanmax(shares)) if np.isfinite(shares).any() else 0.0
    if not top > 0:
        return [" " * len(shares)] * rows
    steps = len(signs) - 1
    highest = steps * rows - (apart and not plain)
    levels = np.ceil(np.nan_to_num(shares) / top * highest - 1e-9).astype(int)
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
