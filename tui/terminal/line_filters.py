"""What is drawn, as a terminal without colors (``NO_COLOR``, https://no-color.org) or with ASCII alone can show it."""

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
from tui.views.plain import ascii_text

_STANDS_OUT = 1.6
"""The contrast to the screen's background from which on a cell's own is shown, by reversing it (the frames have less)."""
_FAINT = 3.0
"""Ink with less contrast to its paper than graphics must have (WCAG 2.2, 1.4.11) was meant to be faint."""


class Plain(LineFilter):
    """Puts ASCII in place of every other character, in as many cells: of texts from outside, such as a path or a fault."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in ASCII; nothing depends on `background`."""
        return [
            each if each.text.isascii() else Segment(_in_ascii(each.text), each.style, each.control)
            for each in segments
        ]


def _in_ascii(text: str) -> str:
    return "".join(c if c.isascii() else ascii_text(c) * cell_len(c) for c in text)


class Uncolored(LineFilter):
    """Takes every color out, and leaves bold, underlined and what else needs none."""

    def __init__(self, app: App[Any]) -> None:
        super().__init__()
        self._app = app

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without colors; `background` is that of the widget, which says nothing here."""
        paper = self._app.theme_variables["background"]
        marked = self._app.theme_variables["block-cursor-background"]
        return [
            Segment(text, uncolored(style, paper, marked) if style else None, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=4096)
def uncolored(style: Style, paper: str, marked: str) -> Style:
    """The style in black and white on a screen whose background was `paper`.

    Reversed where its background was `marked` or stood out from the paper, faint where its ink hardly did.
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
    """The color by its parts; `otherwise` for none, and for the terminal's own."""
    return otherwise if color is None or color.is_default else Color.from_rich_color(color)


def suit(app: App[Any], *, colors: bool, ascii_only: bool) -> None:
    """Have the app send no colors (Textual would send grays), or no other characters than ASCII."""
    if not colors:
        app._filters[:] = [each for each in app._filters if not isinstance(each, Monochrome)]
        app._filters.append(Uncolored(app))
    if ascii_only:
        app._filters.append(Plain())


def has_few_colors(app: App[Any]) -> bool:
    """Whether the terminal has sixteen colors at most, of which the theme with the highest contrast makes the most."""
    return app.no_color or app.console.color_system in (None, "standard", "windows")
