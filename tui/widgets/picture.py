"""A widget that draws rows of cells and repaints only those that have become others."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from tui.plotting.raster import RGB, Row
from tui.terminal.line_filters import has_few_colors
from tui.views.plain import ascii_text
from tui.widgets.digit import Mode


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
        self.app.theme_changed_signal.subscribe(self, self._recolor)

    def _recolor(self, _theme: Theme) -> None:
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
        return "shade" if has_few_colors(self.app) else "color"

    def text(self, words: str, style: str = "") -> Segment:
        """Words in a style such as "bold train": attributes, and at most one of the theme's colors by its name."""
        variables = self.app.theme_variables
        parts = [variables.get(part, part) for part in style.split()]
        shown = ascii_text(words) if self.mode == "ascii" else words
        return Segment(shown, Style.parse(" ".join(parts)) if parts else None)

    def rgb(self, name: str) -> RGB:
        """One of the theme's colors."""
        return Color.parse(self.app.theme_variables[name]).rgb
