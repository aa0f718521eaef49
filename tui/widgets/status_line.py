"""The two status lines: what goes on and how far it is; the latest figures."""

from __future__ import annotations

from textual.content import Content

from tui.views.status import ASCII_SIGNS, SIGNS, metrics_line, progress_line
from tui.widgets.line import SnapshotText


class StatusLine(SnapshotText):
    """Two lines over the whole width."""

    DEFAULT_CSS = """
    StatusLine {
        height: 2;
        width: 1fr;
        padding: 0 1;
    }
    """

    def build(self, width: int, height: int) -> Content:
        """Both lines, each cut to the width."""
        signs = ASCII_SIGNS if self.ascii_only else SIGNS
        lines = [progress_line(self.snapshot, width, signs), metrics_line(self.snapshot, width, signs)]
        return Content("\n").join(lines[: max(height, 1)])
