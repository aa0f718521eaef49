"""Cell-diff renderer: sends only cells that differ from what the terminal shows.

Textual sends whole lines of every refreshed widget, with full styles for each segment. We keep a copy of the terminal's
cells and send a short sequence from it to the new frame: few cursor movements, and SGR codes only on changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

from tui.terminal.textual_internals import ChopsUpdate, CompositorUpdate, LayoutUpdate

_GAP = 5
"""Up to this many unchanged cells are sent again: skipping them takes as many bytes (``ESC [ 5 C``)."""
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
"""SGR attributes that are visible on a blank. Without them its foreground color does not matter."""


class CellStyle(NamedTuple):
    """A cell's style as parts of an SGR sequence (ECMA-48 8.3.117)."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


Cell = tuple[str, CellStyle]
"""A character and its style. The right half of a wide character is an empty string."""
_PLAIN = CellStyle()
_BLANK: Cell = (" ", _PLAIN)
_MOST_STYLES = 4096
"""Size of the style cache. It is bounded because Textual's styles may contain positions."""
_UNKNOWN: Cell = ("?", CellStyle("unknown"))


class RenderedChanges(CompositorUpdate):
    """A rendered sequence, passed to Textual as one of its updates."""

    def __init__(self, sequence: str) -> None:
        self._sequence = sequence

    def render_segments(self, console: Console) -> str:
        """Return the sequence."""
        return self._sequence


class DiffRenderer:
    """Renders Textual's updates as differences. `sent` is the number of characters rendered so far."""

    def __init__(self, colors: ColorSystem | None) -> None:
        self._colors = colors
        self._styles: dict[Style, tuple[CellStyle, Cell]] = {}
        self._rows: list[list[Cell]] = []
        self.sent = 0

    def forget(self) -> None:
        """Forget what the terminal shows: the next frame is sent completely."""
        self._rows = []

    def changes(self, update: CompositorUpdate, width: int, height: int) -> str | None:
        """The sequence that makes the terminal (`width` × `height` cells) show the update; empty if nothing changes.

        None for an unknown kind of update, which must be sent unchanged.
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

    def _ink(self, style: Style) -> tuple[CellStyle, Cell]:
        """The cell style of a rich style, and a blank cell in it."""
        known = self._styles.get(style)
        if known is None:
            foreground = background = ""
            if self._colors is not None:
                if style.color:
                    foreground = ";".join(style.color.downgrade(self._colors).get_ansi_codes())
                if style.bgcolor:
                    background = ";".join(style.bgcolor.downgrade(self._colors).get_ansi_codes(foreground=False))
            attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
            ink = CellStyle(attributes, foreground, background)
            blank = CellStyle("", "", background) if _SEEN_ON_BLANKS.isdisjoint(attributes) else ink
            if len(self._styles) >= _MOST_STYLES:
                self._styles.clear()
            known = self._styles[style] = ink, (" ", blank)
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
    """256 colors instead of true color: they take half the bytes."""
    return ColorSystem.EIGHT_BIT if colors is ColorSystem.TRUECOLOR else colors


def _runs(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """Column ranges [first, after) of the row to write; near ones are merged, and wide characters are never split."""
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


def _switch(ink: CellStyle, wanted: CellStyle) -> str:
    """The SGR sequence that switches from one style to another."""
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
