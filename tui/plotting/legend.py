"""What stands above the canvas of a chart: its title, its legend and marks, and what it cannot show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from tui.plotting.canvas import Signs
from tui.plotting.ink import Ink, Line, shortened
from tui.plotting.model import Mark, Plot, Series, glyph

# What to leave out first: (title with all beside it, with the scale, bare, none; cut of the labels; cut of the marks)
_ONE_ROW = ((0, 0, 0), (1, 0, 1), (2, 3, 1), (2, 3, 2), (3, 2, 1), (3, 3, 2), (3, 3, 3))
_NAMELESS = ((3, 4, 2), (3, 4, 3))
_TITLE_ROW = ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3))
_READING = 38
"""Cells for a curve's value where the cursor stands: "⠤⠤ training 0.3121 (0.1832–0.6110)"."""


def header(plot: Plot, series: Sequence[Series], width: int, height: int, signs: Signs) -> list[Line]:
    """Title, legend and marks: in one row where they fit, else in two or more, else shortened until they do."""
    unit = "" if plot.y_label.casefold() in plot.title.casefold() else plot.y_label
    scale = "log scale" if plot.log_y else ""
    asides = (", ".join(t for t in (unit, scale) if t), scale, "")
    titles = [_texts((plot.title, Ink.TITLE), (aside, Ink.AXIS)) for aside in asides]
    keys = [[_key(s, signs, cut) for s in series if s.curve.label] for cut in (1000, 12, 8, 5, 0)]
    if plot.cursor is not None or plot.stacked:
        return _stacked(keys, width, height)
    named = [m for m in plot.marks if m.label]
    loud = [m for m in named if not m.quiet]  # where only glyphs have room, the others are left to the cursor
    marks = [[_sign(m, level) for m in (loud if level == 2 else named)] for level in range(3)] + [[]]
    row = _spread([titles[0], *keys[0]], marks[0], width)
    if row is None and height >= 8 and plot.title:
        first = next((r for t, m in _TITLE_ROW if (r := _spread([titles[t]], marks[m], width))), titles[2])
        most = height // 5
        folds = [_wrapped(k, width) for k in keys[:-1]]
        fold = next((f for limit in (1, most) for f in folds if len(f) <= limit), folds[-1][:most])
        return [first, *fold]
    for title, key, mark in _ONE_ROW if row is None else ():
        row = row or _spread([*titles[title : title + (title < 3)], *keys[key]], marks[mark], width)
    if row is None and height >= 10:
        two = next((fold for cut in keys[:4] if len(fold := _wrapped(cut, width)) == 2), None)
        if two is not None:
            return two
    for title, key, mark in _NAMELESS if row is None else ():
        row = row or _spread([*titles[title : title + (title < 3)], *keys[key]], marks[mark], width)
    row = row if row is not None else _joined(keys[-1]) or titles[2]
    return [row] if row else []


def _stacked(keys: Sequence[Sequence[Line]], width: int, height: int) -> list[Line]:
    """The curves, each with a place for a long value. How many rows they take depends on the room alone, not on the values,
    so that the picture stays in its place while a cursor moves."""
    count = len(keys[0])
    across = max(min(width // _READING, count), 1)
    rows = min(math.ceil(count / across), max(height // 4, 1))
    for items in keys:
        share = width if len(items) <= rows else width // math.ceil(len(items) / rows)
        if all(_length(item) <= share for item in items) or items is keys[-1]:
            per = math.ceil(count / rows) if count else 1
            return [_columns(items[n : n + per], width // per) for n in range(0, count, per)]
    return []


def _columns(items: Sequence[Line], wide: int) -> Line:
    row: Line = []
    for item in items:
        row += [*item, (" " * max(wide - _length(item), 1), Ink.BLANK)]
    return row[:-1]


def notes(plot: Plot, series: Sequence[Series], width: int, height: int) -> list[Line]:
    """What the chart cannot show, in words; the same loss in two curves (values and their average) is told once."""
    reported: dict[str, list[str]] = {}
    for one in series:
        for text in one.data.lost:
            reported.setdefault(text, []).append(one.curve.label or one.curve.role)
    texts = [plot.note] if plot.note else []
    texts += [f"{', '.join(who)}: {text}" if len(series) > 1 else text for text, who in reported.items()]
    joined = " · ".join(texts)
    rows = texts[:2] if height >= 12 and cell_len(joined) > width else [joined]
    return [[(shortened(text, width), Ink.BAD)] for text in rows] if texts and height >= 4 else []


def _key(one: Series, signs: Signs, cut: int) -> Line:
    """A curve in the legend: how it is drawn, some `cut` characters of its label, its value."""
    stroke = signs.cells[-1] if one.ink is Ink.RAW else signs.sample or signs.markers[one.ink]
    drawn = stroke + (one.curve.sign or signs.points[one.ink]) + stroke if one.has_points else stroke * 2
    whole = one.curve.label  # a word without its last letter alone is no shorter and looks like a mistake
    label = whole if 0 < cut >= len(whole) - 1 else whole[:cut].rstrip(" -_")
    return _texts((drawn, one.ink), (label, Ink.AXIS), (one.current, Ink.TEXT))


def _sign(mark: Mark, level: int) -> Line:
    """A mark in the legend: glyph and label, the label up to its " at ", the glyph alone."""
    label = (mark.label, mark.label.split(" at ")[0], "")[level]
    return _texts((glyph(mark), Ink.MARK), (label, Ink.MARK))


def _texts(*parts: tuple[str, Ink]) -> Line:
    """The parts that are not empty, a space between them."""
    line = [(f" {text}", ink) for text, ink in parts if text]
    return [(line[0][0][1:], line[0][1]), *line[1:]] if line else []


def _wrapped(items: Sequence[Line], width: int) -> list[Line]:
    rows: list[Line] = []
    for item in items:
        longer = _spread([rows[-1], item], [], width) if rows else None
        rows = [*rows[:-1], longer] if longer else [*rows, item]
    return rows


def _spread(left: Sequence[Line], right: Sequence[Line], width: int) -> Line | None:
    """One row of the left items, and the right ones at its end; None if it is too long."""
    first, last = _joined(left), _joined(right)
    room = width - _length(first) - _length(last)
    if room < (3 if first and last else 0):
        return None
    return [*first, (" " * room, Ink.BLANK), *last] if last else first


def _joined(items: Iterable[Line]) -> Line:
    row: Line = []
    for item in items:
        if row and item:
            row.append(("   ", Ink.BLANK))
        row += item
    return row


def _length(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)
