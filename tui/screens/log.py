"""What the engine printed, warned or logged, and what this program's own libraries had to say."""

from __future__ import annotations

import re
import textwrap
from collections import deque
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells
from textual.widget import Widget
from textual.widgets import Log

from tui.screens.page import Page
from tui.views.snapshot import Snapshot
from tui.widgets.line import frame

_MOST_LINES = 1000
_INDENT = len("engine  ")
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")


def clean(line: str) -> str:
    """A line without escape sequences and control characters."""
    return "".join(c if c.isprintable() else " " for c in _ESCAPES.sub("", line))


def broken(line: str, width: int) -> list[str]:
    """The line in parts of at most so many cells, those after the first under its text."""
    width = max(width, 2 * _INDENT)
    if cell_len(line) != len(line):  # with characters of two cells, or of none
        first, *rest = chop_cells(line, width - _INDENT)
        return [first, *(" " * _INDENT + part for part in rest)]
    parts = textwrap.wrap(line, width, subsequent_indent=" " * _INDENT, drop_whitespace=False)
    return [part.rstrip() for part in parts]


def last(lines: Sequence[str], count: int) -> Sequence[str]:
    """The last so many, as far as they are still there."""
    return lines[-count:] if count > 0 else ()


class Lines(Log):
    """Lines broken to the width there is, also when that changes."""

    def __init__(self) -> None:
        super().__init__(highlight=False, max_lines=2 * _MOST_LINES, auto_scroll=True)
        self._all: deque[str] = deque(maxlen=_MOST_LINES)
        self._columns = 0

    def add(self, lines: Sequence[str]) -> None:
        """Put lines under those there are."""
        self._all.extend(lines)
        if self._columns > 0:
            self.write_lines([part for line in lines for part in broken(line, self._columns)])

    def forget(self) -> None:
        """Take all lines away."""
        self._all.clear()
        self.clear()

    def on_resize(self) -> None:
        """Break the lines anew."""
        width = self.scrollable_content_region.width
        if width != self._columns:
            self._columns = width
            self.clear()
            self.write_lines([part for line in self._all for part in broken(line, width)])


class LogScreen(Page):
    """The lines as they come; follows them while the last one is seen."""

    CSS_PATH = "log.tcss"
    HERE = "log"

    def content(self) -> Iterable[Widget]:
        """The lines."""
        self.lines = Lines()
        self.lines.border_title = "Log"
        self._run, self._engine_lines, self._own_lines = "", 0, 0
        yield self.lines

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.lines.focus()

    def show(self, snapshot: Snapshot) -> None:
        """Add the lines that are new."""
        super().show(snapshot)
        state = snapshot.state
        if state.run != self._run or state.log_count < self._engine_lines:
            self._run, self._engine_lines, self._own_lines = state.run, 0, 0
            self.lines.forget()
        fresh = [f"engine  {clean(line)}" for line in last(state.log, state.log_count - self._engine_lines)]
        fresh += [f"screen  {clean(line)}" for line in last(snapshot.own, snapshot.own_count - self._own_lines)]
        self._engine_lines, self._own_lines = state.log_count, snapshot.own_count
        self.lines.add(fresh)
        frame(self.lines, subtitle="" if self._engine_lines + self._own_lines else "nothing was printed so far")
