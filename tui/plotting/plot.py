"""A chart as rows of styled segments: the legend, the canvas, and the axes around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.segment import Segment

from tui.plotting import axis
from tui.plotting.canvas import SIGNS, Canvas, Signs, Symbols
from tui.plotting.ink import Ink, Line, Palette, segments, shortened, styles_of
from tui.plotting.legend import header, notes
from tui.plotting.model import Curve, Mark, Plot, Series, series_of

__all__ = ["Curve", "Mark", "Palette", "Plot", "Symbols", "draw"]


def draw(plot: Plot, width: int, height: int, palette: Palette, *, symbols: Symbols = "braille") -> list[list[Segment]]:
    """The chart as exactly `height` rows of exactly `width` cells, at any size from 0 × 0 on and for any values."""
    if width <= 0 or height <= 0:
        return [[] for _ in range(max(height, 0))]
    signs = SIGNS[symbols]
    series = series_of(plot)
    lines = header(plot, series, width, height, signs)[:height]
    lines += notes(plot, series, width, height)
    lines += _body(plot, series, width, height - len(lines), signs)
    styles = styles_of(palette)
    return [segments(line, width, styles, ascii_only=symbols == "ascii") for line in lines]


def _body(plot: Plot, series: Sequence[Series], width: int, height: int, signs: Signs) -> list[Line]:
    """The canvas with its axes; or, where no curve has a value to show, that in words."""
    if height <= 0:
        return []
    total = sum(len(s.data.y) for s in series)
    ranges = [s.line.range for s in series if s.line.range is not None]
    if not ranges:
        nothing = "no data yet" if plot.x_limits is None else "nothing here"
        text = f"none of {total} value{'s' * (total > 1)} can be shown" if total else nothing
        text = shortened(text, width)
        middle: Line = [(" " * ((width - cell_len(text)) // 2), Ink.BLANK), (text, Ink.AXIS)]
        return [middle if row == (height - 1) // 2 else [] for row in range(height)]
    y, left, canvas = _laid_out(plot, series, width, height, signs)
    rows = canvas.rows
    names = {canvas.row(tick): text for tick, text in zip(y.ticks, y.labels, strict=True)} if left else {}
    marks = [replace(mark, x=plot.place(mark.x)) for mark in plot.marks] if plot.log_x else plot.marks
    cursor = None if plot.cursor is None else canvas.cell(plot.place(plot.cursor))
    canvas.paint(series, marks, [row for row in names if row], cursor)
    lines: list[Line] = []
    for row in range(rows - 1, -1, -1):
        side = names.get(row, "").rjust(left - 2) + " " + signs.frame[row in names] if left else ""
        lines.append([(side, Ink.AXIS), *canvas.line(row)])
    return lines + (_x_axis(plot, series, canvas, left, cursor) if rows < height else [])


def _laid_out(
    plot: Plot, series: Sequence[Series], width: int, height: int, signs: Signs
) -> tuple[axis.Axis, int, Canvas]:
    """The upright axis, the cells that it takes at the left, and the canvas beside it."""
    ranges = [s.line.range for s in series if s.line.range is not None]
    lower, upper = min(r[0] for r in ranges), max(r[1] for r in ranges)
    rows = height - 2 if height >= 5 else height
    tall = rows - 1 / len(signs.weights)  # from the lowest to the highest row of dots
    y = axis.upright(lower, upper, tall, log=plot.log_y, percent=plot.percent, asked=(plot.y_min, plot.y_max))
    left = 0
    if y.ticks and width >= 16 and rows >= 2:
        corner = len(plot.x_label) if width >= 40 and len(plot.x_label) <= 5 else 0
        left = max(corner, *map(len, y.labels)) + 2
    return y, left, Canvas(width - left, rows, _x_limits(plot, series), y, signs)


def nearest(
    plot: Plot, xs: Sequence[float], column: int, width: int, height: int, *, symbols: Symbols = "braille"
) -> int | None:
    """Which of `xs` lies nearest to a column of cells of the chart as `draw` draws it; None where none is to be seen."""
    signs, series = SIGNS[symbols], series_of(plot)
    rest = height - len(header(plot, series, width, height, signs)[:height]) - len(notes(plot, series, width, height))
    if rest <= 0 or width <= 0 or not any(s.line.range for s in series):
        return None
    _, left, canvas = _laid_out(plot, series, width, rest, signs)
    cells = ((canvas.cell(plot.place(x)), number) for number, x in enumerate(xs))
    away = [(abs(cell + left - column), number) for cell, number in cells if cell is not None]
    return min(away)[1] if away else None


def _x_limits(plot: Plot, series: Sequence[Series]) -> tuple[float, float]:
    if plot.x_limits is not None and plot.place(plot.x_limits[0]) > -math.inf:
        return axis.span(*map(plot.place, plot.x_limits))
    ends = [float(x) for s in series if len(s.data.x) for x in (s.data.x[0], s.data.x[-1])]
    if plot.x_max is not None and abs(plot.x_max) < axis.HUGE:
        ends.append(plot.place(plot.x_max))
    first, last = min(ends), max(ends)
    return axis.span(0.0 if 0 < first <= last / 2 and not plot.log_x else first, last)


def _x_axis(plot: Plot, series: Sequence[Series], canvas: Canvas, left: int, cursor: int | None) -> list[Line]:
    """The line below the canvas and the numbers below it; the unit stands in the corner, else at the end of the row."""
    unit, width = plot.x_label, canvas.width
    corner = 0 < len(unit) <= left - 2
    reserved = len(unit) + 2 if unit and not corner and width >= 3 * len(unit) else 0
    whole = all(float(x).is_integer() for s in series for x in s.data.x[:: max(len(s.data.x) // 50, 1)])
    overhang = 0 if corner else left
    ticks = axis.level(*canvas.x_limits, width, whole=whole, overhang=overhang, reserved=reserved, log=plot.log_x)
    _, _, elbow, stretch, tee, *_ = tuple(canvas.signs.frame)
    ruler, numbers = [stretch] * width, [" "] * (left + width)
    for cell, start, text in ticks:
        ruler[cell] = tee
        numbers[left + start : left + start + len(text)] = text
    if corner:
        numbers[left - 2 - len(unit) : left - 2] = unit
    elif reserved:
        numbers[-len(unit) :] = unit
    side = " " * (left - 1) + elbow if left else ""
    ruled: Line = [(side + "".join(ruler), Ink.AXIS)]
    if cursor is not None:
        before, after = "".join(ruler[:cursor]), "".join(ruler[cursor + 1 :])
        ruled = [(side + before, Ink.AXIS), (canvas.signs.foot, Ink.TEXT), (after, Ink.AXIS)]
    return [ruled, [("".join(numbers), Ink.AXIS)]]
