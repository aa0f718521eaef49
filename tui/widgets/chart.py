"""The chart widget: shows a plot, and draws again only when the plot, its size or its colors have changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color, ColorParseError
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from tui.plotting.colors import readable
from tui.plotting.plot import Palette, Plot, Symbols, draw, nearest

# Contrast ratios of WCAG 2.2: success criterion 1.4.11 for graphics, 1.4.3 for text
_GRAPHICS = 3.0
_TEXT = 4.5
_NO_PLOT = Plot("", "", "", ())


class Chart(Widget, can_focus=False):
    """A chart of curves. Give it a new `plot` when there is something new to show; None says "no data yet".

    `symbols` is the kind of characters it draws with, `palette` its colors (None: those of the theme). It has no
    timers: a plot is drawn once and kept until one of the things it depends on changes, and of a new plot only the
    cells that differ are sent to the terminal (over a slow line a whole chart is noticeable).
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;
    }
    """

    plot: reactive[Plot | None] = reactive(None, repaint=False)
    symbols: reactive[Symbols] = reactive[Symbols]("braille")
    palette: reactive[Palette | None] = reactive(None)

    class Pointed(Message):
        """A click on a column of cells of a chart that shows something."""

        def __init__(self, chart: Chart, column: int) -> None:
            super().__init__()
            self.chart, self.column = chart, column

    class Wheeled(Message):
        """The wheel was turned over a chart: `way` is "in" (up) or "out"."""

        def __init__(self, way: Literal["in", "out"]) -> None:
            super().__init__()
            self.way = way

    def __init__(
        self,
        plot: Plot | None = None,
        *,
        symbols: Symbols = "braille",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.set_reactive(Chart.plot, plot)
        self.set_reactive(Chart.symbols, symbols)
        self._theme_palette: Palette | None = None
        self._drawn_for: tuple[object, ...] = ()
        self._rows: list[list[Segment]] = []
        self._strips: list[Strip] = []

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, _theme: Theme) -> None:
        self._theme_palette = None
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Point at a place of what is shown."""
        at = event.get_content_offset(self)
        if at is not None and self.plot is not None:
            self.post_message(self.Pointed(self, at.x))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Look closer."""
        event.stop()
        self.post_message(self.Wheeled("in"))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Look from further off."""
        event.stop()
        self.post_message(self.Wheeled("out"))

    def nearest(self, xs: Sequence[float], column: int) -> int | None:
        """Which of `xs` is drawn nearest to a column of cells; None where none is seen."""
        plot = self.plot
        return None if plot is None else nearest(plot, xs, column, *self.size, symbols=self.symbols)

    def watch_plot(self) -> None:
        before = self._strips
        if not before or not self.is_on_screen:
            self.refresh()
            return
        after = self._drawn()
        if len(after) != len(before):
            self.refresh()
        elif changed := [
            Region(*cells, 1)
            for y in range(len(after))
            if before[y] is not after[y] and (cells := _difference(before[y], after[y], y))
        ]:
            self.refresh(*changed)

    @property
    def subject(self) -> object:
        """What is shown: it is drawn again when this is another."""
        return self.plot

    def picture(self, width: int, height: int, palette: Palette) -> list[list[Segment]]:
        """Exactly `height` rows of `width` cells."""
        return draw(self.plot or _NO_PLOT, width, height, palette, symbols=self.symbols)

    def render_line(self, y: int) -> Strip:
        strips = self._drawn()
        return strips[y] if y < len(strips) else Strip.blank(self.size.width, self.visual_style.rich_style)

    def _drawn(self) -> list[Strip]:
        """The rows of the chart, drawn anew if anything they depend on has changed."""
        width, height = self.size
        if self._theme_palette is None:
            self._theme_palette = palette_from(self.app)
        palette, style = self.palette or self._theme_palette, self.visual_style.rich_style
        key = (self.subject, width, height, palette, self.symbols, style)
        if key != self._drawn_for:
            rows = self.picture(width, height, palette)
            before = zip(self._rows, self._strips, strict=True) if self._drawn_for[1:] == key[1:] else ()
            kept = [strip if row == old else None for row, (old, strip) in zip(rows, before, strict=False)]
            kept += [None] * (len(rows) - len(kept))
            self._strips = [
                strip or Strip(row, width).apply_style(style) for row, strip in zip(rows, kept, strict=True)
            ]
            self._rows, self._drawn_for = rows, key
        return self._strips


def _difference(old: Strip, new: Strip, y: int) -> tuple[int, int, int] | None:
    """Where two rows of one length differ, as (x, y, width); None where they are the same."""
    start = _alike(old, new, forward=True)
    width = max(old.cell_length, new.cell_length) - start
    return (start, y, max(width - _alike(old, new, forward=False), 1)) if width > 0 else None


def _alike(old: Strip, new: Strip, *, forward: bool) -> int:
    """The number of cells that are the same from the start, or from the end."""
    cells, step = 0, 1 if forward else -1
    for one, other in zip(list(old)[::step], list(new)[::step], strict=False):
        if one == other:
            cells += one.cell_length
            continue
        if one.style == other.style:
            ends = zip(one.text[::step], other.text[::step], strict=False)
            cells += cell_len("".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], ends)))
        break
    return cells


def palette_from(app: App[object]) -> Palette:
    """The colors of a chart in the app's theme, made strong enough to be read on its background.

    A theme of the terminal's own sixteen colors is taken as it is: what they look like is not known here.
    """
    variables = app.theme_variables

    def color(name: str, otherwise: str) -> Color:
        try:
            return Color.parse(variables.get(name, otherwise))
        except ColorParseError:
            return Color.parse(otherwise)

    background, foreground = color("background", "#121212"), color("foreground", "#e0e0e0")
    train, validation = color("primary", "#4aa3e8"), color("warning", "#fea62b")
    mark, bad = color("success", "#4ebf71"), color("error", "#e0607e")
    if any(c.ansi is not None for c in (background, foreground, train, validation, mark, bad)):
        raw, gray = _name(train), "bright_black"
        return Palette(_name(train), _name(validation), raw, gray, gray, _name(foreground), _name(mark), _name(bad))
    train = readable(train, background, _GRAPHICS)
    return Palette(
        train=train.hex,
        validation=readable(validation, background, _GRAPHICS).hex,
        raw=background.blend(train, 0.4).hex,
        axis=readable(background.blend(foreground, 0.55), background, _TEXT).hex,
        grid=background.blend(foreground, 0.14).hex,
        text=foreground.hex,
        mark=readable(mark, background, _TEXT).hex,
        bad=readable(bad, background, _TEXT).hex,
    )


def _name(color: Color) -> str:
    return color.rich_color.name
