"""What the engine printed, warned or logged, and what this program's own libraries had to say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Log

from tui.screens.page import Page
from tui.views.snapshot import Snapshot
from tui.widgets.line import frame

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")


def clean(line: str) -> str:
    """A line without escape sequences and control characters."""
    return "".join(c if c.isprintable() else " " for c in _ESCAPES.sub("", line))


class LogScreen(Page):
    """The lines as they come; follows them while the last one is seen."""

    CSS_PATH = "log.tcss"
    HERE = "log"

    def content(self) -> Iterable[Widget]:
        """The lines."""
        self.lines = Log(highlight=False, max_lines=2000, auto_scroll=True)
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
            self.lines.clear()
        new = min(state.log_count - self._engine_lines, len(state.log))
        fresh = [f"engine  {clean(line)}" for line in (state.log[-new:] if new else ())]
        fresh += [f"screen  {clean(line)}" for line in snapshot.own[self._own_lines :]]
        self._engine_lines, self._own_lines = state.log_count, len(snapshot.own)
        if fresh:
            self.lines.write_lines(fresh)
        frame(self.lines, subtitle="" if self._engine_lines + self._own_lines else "nothing was printed so far")
