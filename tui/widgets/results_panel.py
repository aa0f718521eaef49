"""The panel of results: the best so far, and the test at the end."""

from __future__ import annotations

from textual.content import Content

from tui.views import results
from tui.views.snapshot import Snapshot
from tui.widgets.line import SnapshotText, frame


class ResultsPanel(SnapshotText):
    """What the run has come to."""

    DEFAULT_CSS = """
    ResultsPanel {
        width: 1fr;
        height: 1fr;
        padding: 0 1;
    }
    """

    def show(self, snapshot: Snapshot) -> None:
        """Follow the snapshot, in the border's title too."""
        super().show(snapshot)
        frame(self, results.heading(snapshot))

    def build(self, width: int, height: int) -> Content:
        """The results at this size."""
        return results.panel(self.snapshot, width, height, ascii_only=self.ascii_only)
