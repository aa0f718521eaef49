"""The confusion matrix, and a few of the digits in one of its cells."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.plotting.digit_layout import SMALLEST
from tui.views.confusion import MatrixView, cell_sentence, grid, matrix
from tui.views.digit_view import DigitView
from tui.widgets.digit import DigitStrip
from tui.widgets.value_text import ValueText

MOST = 8
"""Digits that are shown at most: more would be small ones."""
_APART = 20
"""Rows of the panel from which a blank line and the smallest digits have room."""
_LINES = (SMALLEST + 1) // 2 + 1
"""Lines of the smallest digit with its caption."""


class Matrix(ValueText[MatrixView]):
    """As high as it is laid out for the panel that it stands in."""

    DEFAULT_CSS = "Matrix { height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(self._laid_out, id=id)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows of the grid."""
        return grid(width, container.height).rows

    def _laid_out(self, view: MatrixView, width: int, _height: int) -> Content:
        panel = self.parent.content_size.height if isinstance(self.parent, Widget) else 0
        return matrix(view, width, panel)


class Sentence(ValueText[MatrixView]):
    """What the cell at the cursor says, apart from the matrix where that leaves room for digits."""

    DEFAULT_CSS = "Sentence { height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(_in_words, id=id)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line, or a blank one above it."""
        return 2 if container.height >= _APART else 1


def _in_words(view: MatrixView, width: int, height: int) -> Content:
    words = Content(cell_sentence(view, width)).truncate(width, ellipsis=True)
    return Content("\n" * (height - 1)) + words.pad_left((width - words.cell_length) // 2)


class Examples(DigitStrip):
    """As many of the digits it was told as there is room for, up to `MOST`, and none where no picture fits."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._digits: tuple[DigitView, ...] = ()

    def tell(self, digits: Sequence[DigitView]) -> None:
        """Show these, the first ones first."""
        self._digits = tuple(digits)
        self._choose()

    def on_resize(self, _event: events.Resize) -> None:
        """Show as many as fit now."""
        self._choose()

    def _choose(self) -> None:
        width, height = self.content_size
        self.views = self._digits[: (width + 1) // (SMALLEST + 1) * (height // _LINES)]
