"""Pixels as rows of half blocks, and rows put together."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.plotting.raster import RGB, Row

Codes = npt.NDArray[np.int_]


def blocks(codes: Codes, style: Callable[[int], RGB | None]) -> list[Row]:
    """Pixels (2 × rows, columns), each a code for its color, two in a cell; a code without a color is left bare."""
    rows: list[Row] = []
    for top, bottom in zip(codes[::2].tolist(), codes[1::2].tolist(), strict=True):
        cells = groupby(zip(top, bottom, strict=True))
        rows.append([_cell(style(a), style(b), sum(1 for _ in run)) for (a, b), run in cells])
    return rows


def _cell(top: RGB | None, bottom: RGB | None, count: int) -> Segment:
    if top is None and bottom is None:
        return Segment(" " * count)
    if top is None:
        return Segment("▄" * count, _style(bottom, None))
    if top == bottom:
        return Segment(" " * count, _style(None, top))
    return Segment("▀" * count, _style(top, bottom))


def _style(front: RGB | None, behind: RGB | None) -> Style:
    def name(color: RGB | None) -> str | None:
        return None if color is None else "#{:02x}{:02x}{:02x}".format(*color)

    return Style(color=name(front), bgcolor=name(behind))


def mixed(one: RGB, other: RGB, share: float) -> RGB:
    """A color between two, by the share of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def fitted(row: Row, width: int) -> Row:
    """The row in exactly `width` cells."""
    length = sum(cell_len(segment.text) for segment in row)
    if length <= width:
        return [*row, Segment(" " * (width - length))]
    return list(Strip(row).crop(0, width))


def centered(words: str, width: int) -> str:
    """Words in the middle of so many cells, cut where they are longer."""
    return words.center(width) if cell_len(words) <= width else set_cell_size(words, width)


def beside(parts: list[tuple[list[Row], int]], gap: int) -> list[Row]:
    """Columns of rows, each of its own width, next to each other."""
    height = max((len(rows) for rows, _ in parts), default=0)
    lines: list[Row] = []
    for y in range(height):
        line: Row = []
        for number, (rows, width) in enumerate(parts):
            line += [Segment(" " * gap)] if number else []
            line += fitted(rows[y] if y < len(rows) else [], width)
        lines.append(line)
    return lines
