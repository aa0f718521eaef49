"""A page of a gallery: digits with their readings in a grid, one of which has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message

from tui.widgets.digit import DigitStrip, DigitView, _Drawing, draw_digit
from tui.widgets.digit_layout import Layout
from tui.widgets.raster import Row

_TILES = ((96, 14), (60, 12), (0, 10))
"""From which width on a picture has how many columns."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Tiles of `columns` × `lines` cells, a picture over its caption, `per_row` in each of `rows` rows."""

    columns: int
    lines: int
    per_row: int
    rows: int

    @classmethod
    def of(cls, width: int, height: int) -> Grid:
        """The grid in so many cells; without room for one picture it has none."""
        columns = next(columns for least, columns in _TILES if width >= least)
        lines = (columns + 1) // 2 + 1
        return cls(columns, lines, max((width + 1) // (columns + 1), 0), max(height // lines, 0))

    @property
    def capacity(self) -> int:
        """How many tiles there are."""
        return self.per_row * self.rows


class Gallery(DigitStrip):
    """Shows the digits it is told, and which has the focus. A click tells which digit was meant."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"gallery--focus"}
    DEFAULT_CSS = """
    Gallery {
        .gallery--focus { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
    }
    """

    @dataclass
    class Chosen(Message):
        """A digit was clicked: its place on the page."""

        slot: int

    @dataclass
    class Turned(Message):
        """The wheel was turned, by a page forwards (1) or backwards (-1)."""

        by: int

    @dataclass
    class Resized(Message):
        """Another number of digits may have room."""

    _slot = -1

    def on_resize(self) -> None:
        """Tell that another number of digits may have room."""
        self.post_message(self.Resized())

    @property
    def grid(self) -> Grid:
        """The tiles at the present size."""
        return Grid.of(*self.content_size)

    def tell(self, views: Sequence[DigitView], slot: int) -> None:
        """Show these, the one at `slot` with the focus; what is as before is not painted again."""
        self._slot = slot
        self.set_reactive(DigitStrip.views, tuple(views))
        self.watch_views()

    def _draw(self) -> _Drawing:
        width, height = self.content_size
        grid = self.grid
        shown = self.views[: grid.capacity]
        left = (width - grid.per_row * (grid.columns + 1) + 1) // 2 if grid.per_row else 0
        row_gap = min((height - grid.rows * grid.lines) // max(grid.rows, 1), 1) if grid.rows else 0
        place = Layout(len(shown), 0, max(grid.per_row, 1), grid.rows, grid.columns, grid.lines, 1, row_gap, left, 0)
        style = self._digit_style()
        tiles = [draw_digit(view, grid.columns, style) for view in shown]
        if 0 <= self._slot < len(tiles):
            *picture, caption = tiles[self._slot]
            tiles[self._slot] = [*picture, self._focused(caption)]
        return _Drawing(self._key(), place, tiles, [])

    def _focused(self, caption: Row) -> Row:
        words = "".join(segment.text for segment in caption)
        marked = words if words.strip() == "" else words.replace(" ", ">" if self.mode == "ascii" else "▸", 1)
        style = self.get_component_rich_style("gallery--focus")
        return [Segment(marked if words[:1] == " " else words, style)]

    def on_click(self, event: events.Click) -> None:
        """Tell which digit it was."""
        slot = self._slot_at(event.x, event.y)
        if slot is not None:
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

    def _slot_at(self, x: int, y: int) -> int | None:
        drawing = self._drawing
        if drawing is None:
            return None
        for slot in range(len(drawing.tiles)):
            left, top = drawing.grid.place(slot)
            if left <= x < left + drawing.grid.columns and top <= y < top + drawing.grid.lines:
                return slot
        return None
