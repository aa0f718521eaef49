"""Text in inks: what the cells of a chart are drawn with, and how a palette and a terminal show it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style


@dataclass(frozen=True)
class Palette:
    """The colors of a chart, as rich writes them ("#ffaa00", "blue", "default")."""

    train: str
    validation: str
    raw: str
    axis: str
    grid: str
    text: str
    mark: str
    bad: str


class Ink(enum.IntEnum):
    """What a cell is drawn with."""

    BLANK = 0
    TEXT = 1
    TITLE = 2
    AXIS = 3
    GRID = 4
    RAW = 5
    TRAIN = 6
    VALIDATION = 7
    OTHER = 8
    MARK = 9
    BAD = 10


Line = list[tuple[str, Ink]]
"""A row of cells, from left to right."""


@lru_cache(maxsize=16)
def styles_of(palette: Palette) -> dict[Ink, Style]:
    """How each ink looks in a palette."""
    named = not palette.grid.startswith("#")  # of a terminal's sixteen colors none is faint by itself
    return {
        Ink.BLANK: Style.null(),
        Ink.TEXT: Style(color=palette.text),
        Ink.TITLE: Style(color=palette.text, bold=True),
        Ink.AXIS: Style(color=palette.axis),
        Ink.GRID: Style(color=palette.grid, dim=named or None),
        Ink.RAW: Style(color=palette.raw, dim=named or None),
        Ink.TRAIN: Style(color=palette.train, bold=True),
        Ink.VALIDATION: Style(color=palette.validation),
        Ink.OTHER: Style(color=palette.text),
        Ink.MARK: Style(color=palette.mark, bold=True),
        Ink.BAD: Style(color=palette.bad),
    }


def shortened(text: str, width: int) -> str:
    """The text on one line, cut with an ellipsis where it is longer than `width` cells."""
    text = " ".join(text.split())
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"


_ASCII = str.maketrans({"≤": "<=", "·": "-", "…": "~", "×": "x", "–": "-", "→": ">", "★": "*", "✗": "x"})


def segments(line: Line, width: int, styles: dict[Ink, Style], *, ascii_only: bool) -> list[Segment]:
    """The line as segments of exactly `width` cells together, cut or filled up at the end."""
    row, room = [], width
    for text, ink in line:
        shown = text.translate(_ASCII).encode("ascii", "replace").decode() if ascii_only else text
        if not shown.isprintable():
            shown = "".join(c if c.isprintable() else " " for c in shown)
        length = cell_len(shown)
        if length > room:
            shown, length = set_cell_size(shown, room), room
        if length:
            row.append(Segment(shown, styles[ink]))
        room -= length
    if room:
        row.append(Segment(" " * room, styles[Ink.BLANK]))
    return row
