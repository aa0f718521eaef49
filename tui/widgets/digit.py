"""Digits with their readings: one drawn as a picture over a caption, and a widget that lays out a strip of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.plotting.digit_layout import LARGEST, Layout, layout
from tui.plotting.lazy_import import lazy
from tui.plotting.raster import ASCII, BLOCKS, RasterPalette, Row, crop, half_blocks, shades
from tui.views.digit_view import DigitView, percent

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

Mode = Literal["color", "shade", "ascii"]
"""How pictures are drawn: half blocks in color, block characters without, or seven-bit characters."""


@dataclass(frozen=True, slots=True)
class DigitStyle:
    """The mode and colors digits are drawn in: palettes and caption styles for right and wrong, and for asides."""

    mode: Mode
    right_palette: RasterPalette
    wrong_palette: RasterPalette
    right: Style
    wrong: Style
    muted: Style


def caption(view: DigitView, columns: int, mode: Mode = "color") -> tuple[str, str]:
    """The verdict and its percent, to be written one after the other; together exactly `columns` wide, centered.

    Right: "✓ 7", wrong: "✗ 7 as 1" ("✗ 7→1" where it is narrow), not read yet: "· 7". The place of the percent
    depends on the verdict alone, so that nothing moves as the numbers change.
    """
    right, wrong, unread, arrow = ("+", "x", ".", ">") if mode == "ascii" else ("✓", "✗", "·", "→")
    wide, narrow = columns >= 14, columns < 10
    mark = unread if view.prediction is None else wrong if view.wrong else right
    verdict = f"{mark}{'' if narrow else ' '}{view.label}"
    if view.wrong:
        verdict += f"{' as ' if wide else arrow}{view.prediction}"
    metric = percent(view.probability) if view.prediction is not None else ""
    field = f"{metric}%".rjust(5) if metric else " " * 5
    left = " " * ((columns - len(verdict) - len(field)) // 2)
    return left + verdict, field.ljust(columns - len(left) - len(verdict))


def draw_digit(view: DigitView, columns: int, style: DigitStyle) -> list[Row]:
    """The picture of a digit and its caption line under it, every row exactly `columns` wide.

    A wrong reading differs by its mark and wording, by its color, and without colors by a reversed caption.
    """
    rows = _picture(view.pixels.tobytes(), columns, style, wrong=view.wrong)
    return [*rows, _caption_row(view, columns, style)]


@lru_cache(maxsize=64)
def _picture(pixels: bytes, columns: int, style: DigitStyle, *, wrong: bool) -> list[Row]:
    """The picture alone, which is the same for as long as the reading is as right or as wrong as before."""
    image = crop(np.frombuffer(pixels, np.uint8).reshape(28, 28), _box(columns))
    if style.mode == "color":
        return half_blocks(image, columns, palette=style.wrong_palette if wrong else style.right_palette)
    lines = shades(image, columns, ASCII if style.mode == "ascii" else BLOCKS)
    return [[Segment(line, style.wrong if wrong else None)] for line in lines]


def _box(columns: int) -> int:
    """How much of the image is shown: two pixels a column when small, one when large, so that edges stay sharp."""
    if columns <= 12:
        return max(2 * columns, 20)
    return min(max(columns, 22), LARGEST)


def _caption_row(view: DigitView, columns: int, style: DigitStyle) -> Row:
    verdict, metric = caption(view, columns, style.mode)
    if view.wrong:
        stressed = style.wrong if style.mode == "color" else style.wrong + Style(reverse=True)
        return [Segment(verdict + metric, stressed)]
    head = style.muted if view.prediction is None else style.right
    mark = verdict.rstrip()[:-1]
    return [Segment(mark, head), Segment(verdict[len(mark) :]), Segment(metric, style.muted)]


def raster_palette(app: App[object], paper: Color | None = None, ink: Color | None = None) -> RasterPalette:
    """Paper and ink for the app's theme: bright ink on a dark theme, dark ink on a light one.

    `paper` is the color behind the picture (the theme's background if None), `ink` replaces white or black. A color
    of the terminal's own palette has no known value to mix with, so black or white stands in for it.
    """
    black, white = (0, 0, 0), (255, 255, 255)
    behind, bright = (black, white) if app.current_theme.dark else (white, black)
    if paper is None:
        paper = Color.parse(app.theme_variables.get("background", "ansi_default"))
    return RasterPalette(
        behind if paper.ansi is not None else paper.rgb,
        bright if ink is None or ink.ansi == -1 else ink.rgb,
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What a strip shows: its layout, the rows of every tile, and all it was drawn from but the views."""

    key: tuple[object, ...]
    grid: Layout
    tiles: list[list[Row]]
    note: Row

    def line(self, y: int, width: int) -> Strip:
        """One line of the strip."""
        grid = self.grid
        segments: list[Segment] = []
        at = 0
        for slot, tile in enumerate(self.tiles):
            x, top = grid.place(slot)
            if top <= y < top + grid.lines:
                segments += [Segment(" " * (x - at)), *tile[y - top]]
                at = x + grid.columns
        if self.note and y == grid.note[1]:
            segments += [Segment(" " * (grid.note[0] - at)), *self.note]
            at = grid.note[0] + sum(segment.cell_length for segment in self.note)
        return Strip(segments, at).adjust_cell_length(width)

    def changes(self, before: _Drawing) -> list[Region]:
        """Where it differs from an earlier drawing with the same layout: one region a line.

        Textual sends a line from the widget's left edge to the end of each region, so several would send it anew.
        """
        grid = self.grid
        ends: dict[int, int] = {}
        for slot, (tile, old) in enumerate(zip(self.tiles, before.tiles, strict=True)):
            x, top = grid.place(slot)
            ends |= {top + line: x + grid.columns for line, row in enumerate(tile) if row != old[line]}
        return [Region(0, y, end, 1) for y, end in ends.items()]


class DigitStrip(Widget):
    """Digits with their readings, as large as they fit; only lines that changed are repainted.

    `views` are the digits in order, `mode` how they are drawn. Nothing moves by itself: there is no timer.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"digit--right", "digit--wrong", "digit--muted"}
    DEFAULT_CSS = """
    DigitStrip {
        width: 1fr;
        height: 1fr;
        .digit--right { color: $text-success; }
        .digit--wrong { color: $error-lighten-2; text-style: bold; }
        &:light .digit--wrong { color: $error-darken-1; }
        &:ansi:dark .digit--wrong { color: ansi_bright_red; }
        .digit--muted { color: $foreground 70%; }
    }
    """

    views: reactive[tuple[DigitView, ...]] = reactive((), repaint=False)
    mode: reactive[Mode] = reactive("color")

    _drawing: _Drawing | None = None

    def render_line(self, y: int) -> Strip:
        """One line of the strip, redrawn first where its size, mode or theme has changed."""
        if self._drawing is None or self._drawing.key != self._key():
            self._drawing = self._draw()
        return self._drawing.line(y, self.content_size.width).apply_style(self.rich_style)

    def notify_style_update(self) -> None:
        """Draw anew: colors may have changed."""
        super().notify_style_update()
        self._drawing = None

    def watch_views(self) -> None:
        """Repaint what is different in the new views."""
        if not self.is_mounted:
            return
        before, self._drawing = self._drawing, self._draw()
        if before is None or (before.key, before.grid) != (self._drawing.key, self._drawing.grid):
            self.refresh()
        elif changed := self._drawing.changes(before):
            self.refresh(*changed)

    def _key(self) -> tuple[object, ...]:
        return self.content_size, self.mode, self.app.theme, self.background_colors[1]

    def _draw(self) -> _Drawing:
        size = self.content_size
        grid = layout(len(self.views), size.width, size.height)
        style = self._digit_style()
        if grid.lines == 1:
            tiles = [[_caption_row(view, grid.columns, style)] for view in self.views[: grid.shown]]
        else:
            tiles = [draw_digit(view, grid.columns, style) for view in self.views[: grid.shown]]
        words = f"+{grid.more} more"
        note = [Segment(words, style.muted)] if grid.more and len(words) <= size.width and size.height else []
        return _Drawing(self._key(), grid, tiles, note)

    def _digit_style(self) -> DigitStyle:
        paper = self.background_colors[1]
        right, wrong, muted = (self.get_component_rich_style(f"digit--{name}") for name in ("right", "wrong", "muted"))
        return DigitStyle(
            mode=self.mode,
            right_palette=raster_palette(self.app, paper),
            wrong_palette=raster_palette(self.app, paper, self.get_component_styles("digit--wrong").color),
            right=right,
            wrong=wrong,
            muted=muted,
        )
