"""Line filters for terminals without colors (``NO_COLOR``, https://no-color.org) or with ASCII characters only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome

from tui.plotting.colors import contrast
from tui.terminal.textual_internals import filters
from tui.views.plain import ascii_text

_STANDS_OUT = 1.6
"""Backgrounds with at least this contrast to the screen's are shown reversed (frames have less)."""
_FAINT = 3.0
"""Text below the WCAG 2.2 (1.4.11) contrast threshold for graphics is rendered dim."""


class AsciiFilter(LineFilter):
    """Replaces non-ASCII characters, in text from outside such as paths, by ASCII of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in ASCII; `background` is not used."""
        return [
            each if each.text.isascii() else Segment(_in_ascii(each.text), each.style, each.control)
            for each in segments
        ]


def _in_ascii(text: str) -> str:
    return "".join(c if c.isascii() else ascii_text(c) * cell_len(c) for c in text)


class MonochromeFilter(LineFilter):
    """Removes all colors but keeps bold, underline and other attributes."""

    def __init__(self, app: App[Any]) -> None:
        super().__init__()
        self._app = app

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without colors; `background`, the widget's own, is not used."""
        paper = self._app.theme_variables["background"]
        marked = self._app.theme_variables["block-cursor-background"]
        return [
            Segment(text, uncolored(style, paper, marked) if style else None, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=4096)
def uncolored(style: Style, paper: str, marked: str) -> Style:
    """The style in black and white, for a screen whose background was `paper`.

    Reversed if its background was `marked` or stood out from the paper, dim if its text hardly did.
    """
    background, ink = (style.color, style.bgcolor) if style.reverse else (style.bgcolor, style.color)
    base = Color.parse(paper)
    behind, front = _known(background, base), _known(ink, None)
    stands_out = behind is not None and (behind == Color.parse(marked) or contrast(behind, base) >= _STANDS_OUT)
    if background is None and style.reverse:
        stands_out = True
    faint = not stands_out and front is not None and contrast(front, behind or base) < _FAINT
    plain = style.without_color + Style(reverse=stands_out, dim=True if faint else None)
    return plain + Style.from_meta(style.meta) if style.meta else plain


def _known(color: RichColor | None, otherwise: Color | None) -> Color | None:
    """The color as RGB; `otherwise` for none and for the terminal's default."""
    return otherwise if color is None or color.is_default else Color.from_rich_color(color)


def install_filters(app: App[Any], *, colors: bool, ascii_only: bool) -> None:
    """Install filters for no colors (Textual would send grays), or for ASCII only."""
    line_filters = filters(app)
    if not colors:
        line_filters[:] = [each for each in line_filters if not isinstance(each, Monochrome)]
        line_filters.append(MonochromeFilter(app))
    if ascii_only:
        line_filters.append(AsciiFilter())


def has_few_colors(app: App[Any]) -> bool:
    """Whether the terminal has sixteen colors at most, of which the theme with the highest contrast makes the most."""
    return app.no_color or app.console.color_system in (None, "standard", "windows")
