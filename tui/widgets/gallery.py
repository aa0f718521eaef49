"""A page of digits in a grid, one of them marked; only lines that changed are repainted."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.plotting.digit_layout import SMALLEST
from tui.plotting.raster import Row
from tui.views.digit_view import DigitView
from tui.widgets.digit import DigitStyle, Mode, draw_digit, raster_palette

_SIZES = (14, 13, 12, 11, 10, SMALLEST)
"""Columns of a picture, the first with which enough digits are seen at once."""
_ENOUGH = 24
_FEWEST = 4
"""Pictures below which there are captions alone: a list of the digits, of which the marked one is drawn beside it."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where tiles stand: each has `columns` × `lines` cells, and one cell at its left for the mark.

    One line: captions alone. `pitch` and `row_pitch` lead from one tile to the next, the first is at (`left`, `top`).
    """

    per_row: int
    rows: int
    columns: int
    lines: int
    pitch: int
    row_pitch: int
    left: int
    top: int = 0

    @property
    def size(self) -> int:
        """Tiles on a page."""
        return self.per_row * self.rows

    def place(self, slot: int) -> tuple[int, int]:
        """The (x, y) of the top left cell of a tile, right of the cell for its mark."""
        row, column = divmod(slot, self.per_row)
        return self.left + column * self.pitch + 1, self.top + row * self.row_pitch

    def slot_at(self, x: int, y: int) -> int | None:
        """The tile at a cell, None between tiles."""
        column, row = (x - self.left) // self.pitch, (y - self.top) // self.row_pitch
        inside = (x - self.left) % self.pitch <= self.columns and (y - self.top) % self.row_pitch < self.lines
        return row * self.per_row + column if inside and 0 <= column < self.per_row and 0 <= row < self.rows else None


def grid(width: int, height: int) -> Grid:
    """The largest pictures of which enough are seen in `width` × `height` cells; in a small space a list of captions."""
    for columns in _SIZES:
        lines = (columns + 1) // 2 + 1
        per_row, rows = width // (columns + (1 if columns == SMALLEST else 2)), height // lines
        if per_row * rows >= (_ENOUGH if columns > SMALLEST else _FEWEST):
            return _spread(per_row, rows, columns, lines, width, height)
    per_row = width // (SMALLEST + 1)
    return _spread(per_row, height if per_row else 0, SMALLEST, 1, width, height)


def _spread(per_row: int, rows: int, columns: int, lines: int, width: int, height: int) -> Grid:
    """The tiles with the space that is left shared out between them, at most two columns and one row each."""
    if per_row <= 0 or rows <= 0:
        return Grid(0, 0, columns, lines, columns + 1, lines, 0)
    pitch = columns + 1 + min((width - per_row * (columns + 1)) // per_row, 2)
    row_pitch = lines + min((height - rows * lines) // max(rows - 1, 1), 1 if lines > 1 and rows > 1 else 0)
    left = (width - per_row * pitch) // 2
    return Grid(per_row, rows, columns, lines, pitch, row_pitch, left)


class Gallery(Widget):
    """Draws `views`, one page of digits, with a mark at the tile `marked` (None: at none).

    `mode` is how pictures are drawn. Posts `Chosen` for a tile that is clicked, `Turned` for the wheel, and `Resized`
    where another number of tiles has room.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "gallery--right",
        "gallery--wrong",
        "gallery--muted",
        "gallery--mark",
        "gallery--cursor",
    }
    DEFAULT_CSS = """
    Gallery {
        width: 1fr;
        height: 1fr;
        .gallery--right { color: $text-success; }
        .gallery--wrong { color: $error-lighten-2; text-style: bold; }
        &:light .gallery--wrong { color: $error-darken-1; }
        &:ansi:dark .gallery--wrong { color: ansi_bright_red; }
        .gallery--muted { color: $foreground 70%; }
        .gallery--mark { color: $accent; }
        .gallery--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: bold;
        }
    }
    """

    mode: reactive[Mode] = reactive("color")

    @dataclass
    class Chosen(Message):
        """A tile was clicked."""

        slot: int

    @dataclass
    class Turned(Message):
        """The wheel was turned: so many pages on."""

        by: int

    class Resized(Message):
        """Another number of tiles has room."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._views: tuple[DigitView, ...] = ()
        self._marked: int | None = None
        self._nobody = ""
        self._grid = grid(0, 0)
        self._tiles: list[list[Row]] = []
        self._drawn_for: tuple[object, ...] = ()

    @property
    def page_size(self) -> int:
        """Tiles that have room."""
        return self._grid.size

    @property
    def per_row(self) -> int:
        """Tiles in a row."""
        return max(self._grid.per_row, 1)

    def show(self, views: tuple[DigitView, ...], marked: int | None, nobody: str = "") -> None:
        """Show these, and repaint the lines that differ; without any, the words `nobody`."""
        emptied = nobody != self._nobody
        self._views, self._marked, self._nobody = views, marked, nobody
        if not self.is_mounted:
            return
        before, key = self._tiles, () if emptied else self._drawn_for
        self._draw()
        if key != self._drawn_for or len(before) != len(self._tiles):
            self.refresh()
        elif changed := self._changes(before):
            self.refresh(*changed)

    def _changes(self, before: list[list[Row]]) -> list[Region]:
        """One region a line, since a line is sent from the widget's left edge to the end of each region."""
        ends: dict[int, int] = {}
        for slot, (tile, old) in enumerate(zip(self._tiles, before, strict=True)):
            x, top = self._grid.place(slot)
            ends |= {top + line: x + self._grid.columns for line, row in enumerate(tile) if row != old[line]}
        return [Region(0, y, end, 1) for y, end in ends.items()]

    def render_line(self, y: int) -> Strip:
        """One line of the grid."""
        if self._key() != self._drawn_for:
            self._draw()
        if self._nobody:
            return self._words(y)
        segments: list[Segment] = []
        at = 0
        for slot, tile in enumerate(self._tiles):
            x, top = self._grid.place(slot)
            if top <= y < top + self._grid.lines:
                segments += [Segment(" " * (x - 1 - at)), *tile[y - top]]
                at = x + self._grid.columns
        return Strip(segments, at).adjust_cell_length(self.content_size.width).apply_style(self.rich_style)

    def _words(self, y: int) -> Strip:
        """A line of the words in the middle, where there are no digits."""
        width, height = self.content_size
        lines = textwrap.wrap(self._nobody, max(width - 2, 10))
        row = y - (height - len(lines)) // 2
        words = lines[row].center(width) if 0 <= row < len(lines) else ""
        muted = self.get_component_rich_style("gallery--muted")
        return Strip([Segment(words, muted)]).adjust_cell_length(width).apply_style(self.rich_style)

    def notify_style_update(self) -> None:
        """Draw anew: colors may have changed."""
        super().notify_style_update()
        self._drawn_for = ()

    def on_resize(self) -> None:
        """Another number of tiles may have room."""
        found = grid(*self.content_size)
        if found != self._grid:
            self._grid = found
            self.post_message(self.Resized())

    def _key(self) -> tuple[object, ...]:
        return self.content_size, self._grid, self.mode, self.app.theme, self.background_colors[1]

    def _draw(self) -> None:
        """Every tile's rows, each with its cell for the mark in front."""
        style = self._digit_style()
        mark = self.get_component_rich_style("gallery--mark")
        cursor = self.get_component_rich_style("gallery--cursor")
        self._tiles = [
            self._tile(view, slot == self._marked, style, mark, cursor)
            for slot, view in enumerate(self._views[: self._grid.size])
        ]
        self._drawn_for = self._key()

    def _tile(self, view: DigitView, marked: bool, style: DigitStyle, mark: Style, cursor: Style) -> list[Row]:
        rows = draw_digit(view, self._grid.columns, style)[-self._grid.lines :]
        if not marked:
            return [[Segment(" "), *row] for row in rows]
        sign = Segment("|" if self.mode == "ascii" else "▐", mark)
        caption = Segment("".join(segment.text for segment in rows[-1]), cursor)
        return [*([sign, *row] for row in rows[:-1]), [sign, caption]]

    def _digit_style(self) -> DigitStyle:
        paper = self.background_colors[1]
        right, wrong, muted = (
            self.get_component_rich_style(f"gallery--{name}") for name in ("right", "wrong", "muted")
        )
        return DigitStyle(
            mode=self.mode,
            right_palette=raster_palette(self.app, paper),
            wrong_palette=raster_palette(self.app, paper, self.get_component_styles("gallery--wrong").color),
            right=right,
            wrong=wrong,
            muted=muted,
        )

    # the mouse

    def on_click(self, event: events.Click) -> None:
        """Mark the digit that is clicked."""
        inside = event.get_content_offset(self)
        slot = self._grid.slot_at(*inside) if inside is not None else None
        if slot is not None and slot < len(self._views):
            event.stop()
            self.post_message(self.Chosen(slot))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next page."""
        event.stop()
        self.post_message(self.Turned(1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The page before."""
        event.stop()
        self.post_message(self.Turned(-1))
