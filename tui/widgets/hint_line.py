"""One line over the status: what is going wrong, where something is."""

from __future__ import annotations

from textual.content import Content

from tui.views.hints import hint_line
from tui.views.snapshot import Snapshot
from tui.widgets.line import SnapshotText


class HintLine(SnapshotText):
    """The gravest hint. It takes no room before a run's first, and then keeps its row, so that nothing moves again."""

    DEFAULT_CSS = """
    HintLine {
        height: 1;
        width: 1fr;
        padding: 0 1;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._run: tuple[str, float] = ("", 0.0)

    def show(self, snapshot: Snapshot) -> None:
        """Follow the snapshot."""
        run = (snapshot.state.run, snapshot.state.created)
        wanted = bool(snapshot.hints) or (self.display and run == self._run)
        self._run = run
        if wanted != self.display:
            self.display = wanted
        if self.display:
            super().show(snapshot)

    def build(self, width: int, height: int) -> Content:
        """The hint, cut to the width."""
        return hint_line(self.snapshot.hints, width, ascii_only=self.ascii_only)
