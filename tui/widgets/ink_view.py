"""An image in cells, as large as it is told; a change repaints the lines that differ."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.plotting.raster import ASCII, BLOCKS, Row, half_blocks, shades
from tui.terminal.line_filters import has_few_colors
from tui.widgets.digit import Mode, raster_palette

Image = npt.NDArray[np.uint8]


def mode_for(app: App[object], *, ascii_only: bool) -> Mode:
    """How pictures are drawn on this terminal."""
    return "ascii" if ascii_only else "shade" if has_few_colors(app) else "color"


class InkView(Widget):
    """A square image of bytes, ink bright; None for none. Its cells are twice as many across as down."""

    ALLOW_SELECT = False
    mode: Mode = "color"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._image: Image | None = None
        self._rows: list[Row] = []
        self._key: tuple[object, ...] | None = None
        self._base = Style()

    @property
    def image(self) -> Image | None:
        """What is shown."""
        return self._image

    def show(self, image: Image | None) -> None:
        """Show another image."""
        if image is self._image:
            return
        self._image = image
        if self._key != (key := self._now()):
            self._key = None
            self.refresh()
            return
        before, self._rows = self._rows, self._draw()
        self._key = key
        self.repaint(y for y, (now, old) in enumerate(zip_longest(self._rows, before)) if now != old)

    def repaint(self, lines: Iterable[int]) -> None:
        """Paint these lines again."""
        width = self.content_size.width
        if regions := [Region(0, y, width, 1) for y in lines]:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One line of the picture; all of it is drawn first where its size, mode or theme is another."""
        if self._key != (key := self._now()):
            self._rows, self._key, self._base = self._draw(), key, self.rich_style
        width = self.content_size.width
        row = self._rows[y] if y < len(self._rows) else [Segment(" " * width)]
        return self.over(Strip(row).adjust_cell_length(width), y).apply_style(self._base)

    def over(self, strip: Strip, _y: int) -> Strip:
        """The line with what lies over the picture."""
        return strip

    def notify_style_update(self) -> None:
        """Draw anew: colors may have changed."""
        super().notify_style_update()
        self._key = None

    def _now(self) -> tuple[object, ...]:
        return self.content_size, self.mode, self.app.theme, self.background_colors[1]

    def _draw(self) -> list[Row]:
        columns, rows = self.content_size
        columns = min(columns, 2 * rows)
        if self._image is None or columns <= 0:
            return []
        if self.mode == "color":
            return half_blocks(self._image, columns, palette=raster_palette(self.app, self.background_colors[1]))
        return [[Segment(line)] for line in shades(self._image, columns, ASCII if self.mode == "ascii" else BLOCKS)]
