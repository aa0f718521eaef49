"""Things in rows and columns of equal tiles, one of them highlighted: only those that are seen are drawn."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.plotting.raster import Row

_T = TypeVar("_T")


class TileList(ScrollView, can_focus=True):
    """`count` tiles of `tile_lines` lines each, side by side as many as fit where they are `tile_columns` wide (0: one).

    Arrows, page keys and clicks move the highlight, which is told by `Highlighted`; Enter, and a click on the
    highlighted tile, by `Chosen`. Nothing moves by itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(0, -1)", show=False),
        Binding("down", "move(0, 1)", show=False),
        Binding("left", "move(-1, 0)", show=False),
        Binding("right", "move(1, 0)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(-1)", show=False),
        Binding("enter", "choose", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tiles--cursor", "tiles--cursor-away"}
    DEFAULT_CSS = """
    TileList {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        background: $background;
        .tiles--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
        .tiles--cursor-away { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
    }
    """
    ALLOW_SELECT = False

    cursor: reactive[int] = reactive(0, repaint=False)
    """The highlighted tile."""
    tile_lines: ClassVar[int] = 1
    tile_columns: ClassVar[int] = 0

    class Highlighted(Message):
        """Another tile is highlighted."""

        def __init__(self, tiles: TileList) -> None:
            super().__init__()
            self.tiles = tiles

        @property
        def control(self) -> TileList:
            """Whose."""
            return self.tiles

    class Chosen(Highlighted):
        """The highlighted tile was chosen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.count = 0

    # for those that say what is in a tile

    def tile(self, number: int, width: int, *, highlighted: bool) -> Sequence[Row]:
        """The lines of a tile, `tile_lines` of them, each of any length; more than `width` cells are cut off."""
        raise NotImplementedError

    def refill(self, count: int, cursor: int = 0) -> None:
        """There are other tiles now, `count` of them; the highlight goes to number `cursor`."""
        self.count = count
        self._measure()
        changed = self.cursor != cursor
        self.set_reactive(TileList.cursor, min(max(cursor, 0), max(count - 1, 0)))
        self._reveal()
        self.refresh()
        if changed or count:
            self.post_message(self.Highlighted(self))

    # where they are

    @property
    def per_line(self) -> int:
        """How many tiles stand side by side."""
        return max(self.size.width // self.tile_columns, 1) if self.tile_columns else 1

    def _measure(self) -> None:
        lines = -(-self.count // self.per_line) * self.tile_lines
        self.virtual_size = Size(self.size.width, lines)

    def on_resize(self) -> None:
        """Lay the tiles out anew."""
        self._measure()
        self._reveal()

    def _place(self, number: int) -> Region:
        line, column = divmod(number, self.per_line)
        width = self.size.width // self.per_line
        return Region(column * width, line * self.tile_lines, width, self.tile_lines)

    def _reveal(self) -> None:
        """Scroll so that the highlighted tile is seen."""
        place, top, height = self._place(self.cursor), self.scroll_offset.y, self.size.height
        if place.y < top:
            self.scroll_to(y=place.y, animate=False)
        elif place.bottom > top + height:
            self.scroll_to(y=place.bottom - height, animate=False)

    def render_line(self, y: int) -> Strip:
        """One line of the tiles that are seen."""
        width, style = self.size.width, self.rich_style
        row, line = divmod(y + self.scroll_offset.y, self.tile_lines)
        first = row * self.per_line
        parts = [self._line_of(n, line) for n in range(first, min(first + self.per_line, self.count))]
        return Strip.join(parts).adjust_cell_length(width, style).apply_style(style)

    def _line_of(self, number: int, line: int) -> Strip:
        width = self.size.width // self.per_line
        highlighted = number == self.cursor
        strip = Strip(self.tile(number, width, highlighted=highlighted)[line])
        if not highlighted:
            return strip.adjust_cell_length(width)
        style = self.get_component_rich_style("tiles--cursor" if self.has_focus else "tiles--cursor-away")
        return Strip([Segment(part.text, (part.style or style) + style) for part in strip]).adjust_cell_length(
            width, style
        )

    # the highlight

    def validate_cursor(self, cursor: int) -> int:
        """Keep it on a tile."""
        return min(max(cursor, 0), max(self.count - 1, 0))

    def watch_cursor(self, before: int, now: int) -> None:
        """Paint the two tiles anew, and tell."""
        self._reveal()
        for number in (before, now):
            self.refresh(self._place(number).translate((0, -self.scroll_offset.y)))
        self.post_message(self.Highlighted(self))

    def on_focus(self) -> None:
        """The highlight is brighter while keys go here."""
        self.refresh(self._place(self.cursor).translate((0, -self.scroll_offset.y)))

    def on_blur(self) -> None:
        """Keys go elsewhere."""
        self.refresh(self._place(self.cursor).translate((0, -self.scroll_offset.y)))

    def action_move(self, across: int, down: int) -> None:
        """Highlight a neighbor."""
        wanted = self.cursor + across + down * self.per_line
        if 0 <= wanted < self.count:
            self.cursor = wanted
        elif down > 0 and self._place(self.cursor).y < self._place(self.count - 1).y:
            self.cursor = self.count - 1

    def action_page(self, by: int) -> None:
        """Highlight what is a screenful away."""
        self.cursor += by * max(self.size.height // self.tile_lines, 1) * self.per_line

    def action_edge(self, place: int) -> None:
        """Highlight the first or the last."""
        self.cursor = 0 if place == 0 else self.count - 1

    def action_choose(self) -> None:
        """Choose the highlighted tile."""
        if self.count:
            self.post_message(self.Chosen(self))

    def on_click(self, event: events.Click) -> None:
        """Highlight what was clicked; where it is already, choose it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = (offset.y + self.scroll_offset.y) // self.tile_lines
        column = min(offset.x // max(self.size.width // self.per_line, 1), self.per_line - 1)
        number = row * self.per_line + column
        if number < self.count:
            event.stop()
            if number == self.cursor:
                self.action_choose()
            self.cursor = number


Parts = Sequence[tuple[str, str]]
"""What stands on a line: texts, each with "muted", "strong", "wrong" or "" for its style."""


class RowList(TileList):
    """Things on a line each, drawn when they are seen, at the width there is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--muted", "rows--strong", "rows--wrong"}
    DEFAULT_CSS = """
    RowList {
        .rows--muted { color: $muted; }
        .rows--strong { text-style: bold; }
        .rows--wrong { color: $error; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Callable[[int], Parts]] = ()
        self._things: Sequence[object] = ()

    def fill(self, things: Sequence[_T], draw: Callable[[_T, int], Parts], cursor: int = 0) -> None:
        """Show these things, each as `draw` has it in so many cells, unless they are there already."""
        if things != self._things:
            self._things = things
            self._rows = [functools.partial(draw, each) for each in things]
            self.refill(len(things), cursor)

    def tile(self, number: int, width: int, *, highlighted: bool) -> Sequence[Row]:
        """One row."""
        return [
            [
                Segment(text, self.get_component_rich_style(f"rows--{style}", partial=True) if style else None)
                for text, style in self._rows[number](width)
            ]
        ]
