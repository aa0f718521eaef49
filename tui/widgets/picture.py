"""A widget that draws rows of cells and repaints only those that have become others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from tui.plotting.raster import RGB, Row
from tui.terminal.line_filters import has_few_colours
from tui.views.plain import ascii_text
from tui.widgets.digit import Mode

Codes = npt.NDArray[np.int_]


class Picture(Widget):
    """Shows what `build` makes; `draw` is called when that may have changed. Nothing moves by itself."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Picture {
        width: 1fr;
        height: 1fr;
    }
    """

    _strips: list[Strip] | None = None
    _key: tuple[object, ...] = ()

    def build(self, width: int, height: int) -> list[Row]:
        """At most `height` rows of at most `width` cells."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def _recolour(self, _theme: Theme) -> None:
        self._strips = None
        self.refresh()

    def draw(self) -> None:
        """Draw anew, and repaint the rows that differ."""
        before, key = self._strips, self._key
        self._strips = None
        if not self.is_mounted or not self.display or before is None or key != self._known():
            self.refresh()
            return
        after = self._drawn()
        width = self.content_size.width
        changed = [Region(0, y, width, 1) for y, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One row, with all others drawn first where the size has changed."""
        strips = self._drawn()
        strip = strips[y] if y < len(strips) else Strip.blank(self.content_size.width)
        return strip.apply_style(self.rich_style)

    def _known(self) -> tuple[object, ...]:
        return (self.content_size, self.app.theme)

    def _drawn(self) -> list[Strip]:
        if self._strips is None or self._key != self._known():
            self._key = self._known()
            width, height = self.content_size
            rows = self.build(width, height)[:height] if width > 0 else []
            strips = [Strip(row).adjust_cell_length(width) for row in rows]
            self._strips = strips + [Strip.blank(width)] * (height - len(strips))
        return self._strips

    # what drawings are made of

    @property
    def mode(self) -> Mode:
        """How pictures are drawn on this terminal."""
        if self.screen.has_class("-ascii"):
            return "ascii"
        return "shade" if has_few_colours(self.app) else "colour"

    def text(self, words: str, style: str = "") -> Segment:
        """Words in a style such as "bold train": attributes, and at most one of the theme's colours by its name."""
        variables = self.app.theme_variables
        parts = [variables.get(part, part) for part in style.split()]
        shown = ascii_text(words) if self.mode == "ascii" else words
        return Segment(shown, Style.parse(" ".join(parts)) if parts else None)

    def rgb(self, name: str) -> RGB:
        """One of the theme's colours."""
        return Color.parse(self.app.theme_variables[name]).rgb


def blocks(codes: Codes, style: Callable[[int], RGB | None]) -> list[Row]:
    """Pixels (2 × rows, columns), each a code for its colour, two in a cell; a code without a colour is left bare."""
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
    def name(colour: RGB | None) -> str | None:
        return None if colour is None else "#{:02x}{:02x}{:02x}".format(*colour)

    return Style(color=name(front), bgcolor=name(behind))


def mixed(one: RGB, other: RGB, share: float) -> RGB:
    """A colour between two, by the share of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def fitted(row: Row, width: int) -> Row:
    """The row in exactly `width` cells."""
    length = sum(cell_len(segment.text) for segment in row)
    if length <= width:
        return [*row, Segment(" " * (width - length))]
    return list(Strip(row).crop(0, width))


def centred(words: str, width: int) -> str:
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
