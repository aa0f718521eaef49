"""What of a picture has to be sent: the cells that differ from those the terminal shows already.

Textual sends whole lines of every widget that was refreshed, with the full colors of each piece. Here a copy of the
terminal's cells is kept, and a paint becomes the shortest way from it to the new picture: few cursor movements, a color
only where it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

_GAP = 5
"""Unchanged cells that are sent again rather than jumped over: a jump takes as many bytes (``ESC [ 5 C``)."""
_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("reverse", "7"),
    ("conceal", "8"),
    ("strike", "9"),
)
_SEEN_ON_BLANKS = frozenset("4789")
"""Attributes that show on a blank: without them its foreground does not matter."""


class Ink(NamedTuple):
    """How a cell is drawn: parts of an SGR sequence (ECMA-48 8.3.117)."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


Cell = tuple[str, Ink]
"""A character and its ink. The right half of a wide character is an empty one."""
_PLAIN = Ink()
_BLANK: Cell = (" ", _PLAIN)
_INKS = 4096
"""Styles remembered: Textual's may carry where on the screen they are, and so be without number."""
_UNKNOWN: Cell = ("?", Ink("unknown"))


class Changes(CompositorUpdate):
    """A sequence of the painter's, where Textual expects an update of its own."""

    def __init__(self, sequence: str) -> None:
        self._sequence = sequence

    def render_segments(self, console: Console) -> str:
        """The sequence."""
        return self._sequence


class Painter:
    """Turns Textual's updates into what has to be sent. `sent` counts the characters so far."""

    def __init__(self, colors: ColorSystem | None) -> None:
        self._colors = colors
        self._inks: dict[Style, tuple[Ink, Cell]] = {}
        self._rows: list[list[Cell]] = []
        self.sent = 0

    def forget(self) -> None:
        """The terminal shows something else now: the next picture is sent whole."""
        self._rows = []

    def changes(self, update: CompositorUpdate, width: int, height: int) -> str | None:
        """The sequence that makes the terminal (`width` × `height` cells) show the update; empty where it does.

        None for an update of a kind that is not known here: it is to be sent as it is.
        """
        match update:
            case LayoutUpdate():
                pieces = _of_layout(update)
            case ChopsUpdate():
                pieces = _of_chops(update)
            case _:
                self.forget()
                return None
        if len(self._rows) != height or len(self._rows[0]) != width:
            self._rows = [[_UNKNOWN] * width for _ in range(height)]
        touched: dict[int, list[Cell]] = {}
        for x, y, segments in pieces:
            if 0 <= y < height and 0 <= x < width:
                row = touched.get(y) or touched.setdefault(y, self._rows[y].copy())
                cells = self._cells(segments)[: width - x]
                row[x : x + len(cells)] = cells
        out = "".join(self._sequence(touched))
        self.sent += len(out)
        return out

    def _cells(self, segments: Iterable[Segment]) -> list[Cell]:
        cells: list[Cell] = []
        for text, style, control in segments:
            if control:
                continue
            ink, blank = self._ink(style) if style else (_PLAIN, _BLANK)
            if text.isspace():
                cells += [blank] * len(text)
            elif cell_len(text) == len(text):
                cells += [blank if each == " " else (each, ink) for each in text]
            else:
                for each in text:
                    size = cell_len(each)
                    if each == " ":
                        cells.append(blank)
                    elif size:
                        cells += [(each, ink)] + [("", ink)] * (size - 1)
                    elif cells:
                        cells[-1] = (cells[-1][0] + each, cells[-1][1])
        return cells

    def _ink(self, style: Style) -> tuple[Ink, Cell]:
        """The ink of a style, and a blank in it."""
        known = self._inks.get(style)
        if known is None:
            foreground = background = ""
            if self._colors is not None:
                if style.color:
                    foreground = ";".join(style.color.downgrade(self._colors).get_ansi_codes())
                if style.bgcolor:
                    background = ";".join(style.bgcolor.downgrade(self._colors).get_ansi_codes(foreground=False))
            attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
            ink = Ink(attributes, foreground, background)
            blank = Ink("", "", background) if _SEEN_ON_BLANKS.isdisjoint(attributes) else ink
            if len(self._inks) >= _INKS:
                self._inks.clear()
            known = self._inks[style] = ink, (" ", blank)
        return known

    def _sequence(self, touched: dict[int, list[Cell]]) -> Iterator[str]:
        ink = _PLAIN
        for y, new in touched.items():
            old, at = self._rows[y], -1
            for first, after in _runs(old, new):
                yield f"\x1b[{y + 1};{first + 1}H" if at < 0 else f"\x1b[{first - at}C"
                for text, wanted in new[first:after]:
                    if wanted is not ink and wanted != ink:
                        yield _switch(ink, wanted)
                        ink = wanted
                    yield text
                at = after
            self._rows[y] = new
        if ink != _PLAIN:
            yield "\x1b[0m"


def fewer_colors(colors: ColorSystem | None) -> ColorSystem | None:
    """256 colors instead of millions: they take half the bytes."""
    return ColorSystem.EIGHT_BIT if colors is ColorSystem.TRUECOLOR else colors


def _runs(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """Where the row has to be written: from, up to; close ones in one. A wide character is written whole."""
    first = last = -1
    if old == new:
        return
    for x, (before, cell) in enumerate(zip(old, new, strict=True)):
        if before == cell:
            continue
        if first >= 0 and x - last > _GAP:
            yield _whole(new, first, last)
            first = -1
        if first < 0:
            first = x
        last = x
    if first >= 0:
        yield _whole(new, first, last)


def _whole(row: list[Cell], first: int, last: int) -> tuple[int, int]:
    while first > 0 and not row[first][0]:
        first -= 1
    after = last + 1
    while after < len(row) and not row[after][0]:
        after += 1
    return first, after


def _switch(ink: Ink, wanted: Ink) -> str:
    """The SGR sequence from one ink to another."""
    gone = (
        ink.attributes != wanted.attributes
        or (ink.foreground and not wanted.foreground)
        or (ink.background and not wanted.background)
    )
    if gone:
        return f"\x1b[{';'.join(part for part in ('0', *wanted) if part)}m"
    parts = [new for old, new in zip(ink, wanted, strict=True) if new != old]
    return f"\x1b[{';'.join(parts)}m"


def _of_layout(update: LayoutUpdate) -> Iterator[tuple[int, int, Iterable[Segment]]]:
    for y, line in enumerate(update.strips, update.region.y):
        yield update.region.x, y, [segment for strip in line for segment in strip]


def _of_chops(update: ChopsUpdate) -> Iterator[tuple[int, int, Iterable[Segment]]]:
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= x2 and end > x1:
                yield x, y, strip if end <= x2 else strip.crop(0, min(end, x2) - x)
