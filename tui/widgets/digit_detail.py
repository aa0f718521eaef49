"""The digit that is looked at: large, with ten bars beside it or below, and what was read in it at every epoch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.plotting.raster import ASCII, BLOCKS, Row, crop, half_blocks, shades
from tui.views.digit_detail import Detail, bars, below, heading, loss_words, place, whole_percent
from tui.views.plain import ascii_content, ascii_text
from tui.widgets.digit import Mode, raster_palette
from tui.widgets.line import frame

LARGE, SMALL = 28, 20
"""Columns of the picture, a pixel each: all of the image, or the box of 20 × 20 that holds the ink of MNIST's digits."""
_BESIDE = LARGE + 18
"""Columns from which the large picture has room for bars beside it."""

Build = Callable[[int, int], list[Content]]


class LargeDigit(Widget):
    """An image (28, 28), a pixel a column."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LargeDigit { width: 20; height: 10; }
    """
    mode: reactive[Mode] = reactive("color")

    def __init__(self) -> None:
        super().__init__()
        self._pixels: npt.NDArray[np.uint8] | None = None
        self._rows: list[Row] = []
        self._drawn_for: tuple[object, ...] = ()

    def show(self, pixels: npt.NDArray[np.uint8] | None) -> None:
        """Show an image, or none."""
        before = self._pixels
        if before is pixels or (before is not None and pixels is not None and np.array_equal(before, pixels)):
            return
        self._pixels, self._drawn_for = pixels, ()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        key = (self.size, self.mode, self.app.theme, self.background_colors[1])
        if key != self._drawn_for:
            self._rows, self._drawn_for = self._draw(), key
        row = self._rows[y] if y < len(self._rows) else [Segment("")]
        return Strip(row).adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _draw(self) -> list[Row]:
        if self._pixels is None or not self.size:
            return []
        columns = self.size.width
        image = crop(self._pixels, min(columns, LARGE))
        if self.mode == "color":
            return half_blocks(image, columns, palette=raster_palette(self.app, self.background_colors[1]))
        lines = shades(image, columns, ASCII if self.mode == "ascii" else BLOCKS)
        return [[Segment(line)] for line in lines]


class StillText(Widget):
    """Text that a function builds for the size there is; repainted only where it has become another."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._build: Build = lambda _width, _height: []
        self._drawn: Content | None = None

    def show(self, build: Build) -> None:
        """Show what `build` makes of a width and a height."""
        self._build = build
        if not self.is_mounted:
            return
        if self._drawn is None or not self._text().is_same(self._drawn):
            self.refresh()

    def render(self) -> Content:
        """The text at the size there is."""
        self._drawn = self._text()
        return self._drawn

    def _text(self) -> Content:
        width, height = self.content_size
        lines = self._build(width, height)[: max(height, 0)]
        text = Content("\n").join(line.truncate(width) for line in lines)
        return ascii_content(text) if self.screen.has_class("-ascii") else text

    @property
    def plain(self) -> str:
        """The text without its colors."""
        return self._text().plain


class DigitDetail(Container):
    """One digit: `show` it, or None for none. `ascii_only` is known from the screen's class."""

    DEFAULT_CSS = """
    DigitDetail { layout: vertical; }
    DigitDetail #heading { height: 1; width: 1fr; display: none; }
    DigitDetail #block { layout: horizontal; width: 1fr; height: 10; }
    DigitDetail #bars { width: 1fr; height: 1fr; margin-left: 1; }
    DigitDetail #below { width: 1fr; height: 1fr; }
    DigitDetail.-large #block { height: 14; }
    DigitDetail.-large LargeDigit { width: 28; height: 14; }
    DigitDetail.-large #bars { margin-left: 2; }
    DigitDetail.-large #below, DigitDetail.-tall #below { margin-top: 1; }
    DigitDetail.-tall #block { layout: vertical; height: 25; }
    DigitDetail.-tall LargeDigit { width: 28; height: 14; }
    DigitDetail.-tall #bars { margin: 1 0 0 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.picture, self.bars = LargeDigit(), StillText(id="bars")
        self.heading, self.below = StillText(id="heading"), StillText(id="below")

    def compose(self) -> ComposeResult:
        yield self.heading
        yield Container(self.picture, self.bars, id="block")
        yield self.below

    def show(self, detail: Detail | None, pixels: npt.NDArray[np.uint8] | None) -> None:
        """Show a digit and its image (28, 28)."""
        self.picture.show(pixels)
        if detail is None:
            frame(self, "", "")
            for part in (self.heading, self.bars, self.below):
                part.show(lambda _width, _height: [])
            return
        plain = self.screen.has_class("-ascii")
        words = f"{heading(detail)}, {whole_percent(detail.confidence)}"
        frame(self, *(ascii_text(each) if plain else each for each in (words, place(detail))))
        self.heading.show(partial(_heading, words, detail.wrong))
        self.bars.show(partial(_bars, detail, plain))
        self.below.show(partial(self._below, detail, plain))

    def _below(self, detail: Detail, plain: bool, width: int, height: int) -> list[Content]:
        beside = self.has_class("-large")  # then the loss stands beside the picture
        return below(detail, width, height, facts=not beside, ascii_only=plain)

    def on_resize(self) -> None:
        """The larger picture, where it has room."""
        width, height = self.content_size
        self.set_class(width >= _BESIDE and height >= 19, "-large")
        self.set_class(LARGE <= width < _BESIDE and height >= 31, "-tall")


def _heading(words: str, wrong: bool, _width: int, _height: int) -> list[Content]:
    return [Content.styled(words, "bold $error" if wrong else "bold $success")]


def _bars(detail: Detail, plain: bool, width: int, height: int) -> list[Content]:
    """The bars, and in a large window between their heading and the loss."""
    rows = bars(detail, width, ascii_only=plain)
    if height < len(rows) + 4:
        return rows
    epoch = detail.probabilities.epoch if detail.probabilities else detail.epoch
    head = Content.styled(f"epoch {epoch} reads", "$accent" if detail.remark else "$muted")
    return [head, Content(""), *rows, Content(""), Content.styled(loss_words(detail), "$muted")]
