"""The top line: program, run, and the way to the other screens."""

from __future__ import annotations

from textual.content import Content

from tui.views.status import title
from tui.widgets.line import SnapshotText, button

_TABS = (
    ("train", "1", "Train"),
    ("runs", "2", "Runs"),
    ("log", "3", "Log"),
    ("digits", "4", "Digits"),
    ("confusion", "5", "Confusion"),
    ("draw", "6", "Draw"),
    ("inside", "7", "Inside"),
    ("test", "8", "Test"),
    ("curves", "9", "Curves"),
)


class TitleBar(SnapshotText):
    """Name of the program and of the run at the left, the screens at the right, the present one marked."""

    DEFAULT_CSS = """
    TitleBar {
        height: 1;
        width: 1fr;
        background: $panel;
    }
    """

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def build(self, width: int, height: int) -> Content:
        """The title, cut where the tabs need its place; they have their names where there is room for both."""
        name = title(self.snapshot, ascii_only=self.ascii_only)
        tabs = self._tabs(short=False)
        if name.cell_length + 1 + tabs.cell_length > width:
            tabs = self._tabs(short=True)
        room = max(width - tabs.cell_length - 1, 0)
        if name.cell_length > room:
            name = name.truncate(room, ellipsis=not self.ascii_only)
        return (name.pad_right(room + 1 - name.cell_length) + tabs).truncate(width)

    def _tabs(self, *, short: bool) -> Content:
        parts = []
        for mode, key, label in _TABS:
            badge = f" ({self.snapshot.unread})" if mode == "log" and self.snapshot.unread else ""
            words = f" {key} {label}{badge} " if not short or mode == self._here or badge else f" {key} "
            style = "bold $background on $train" if mode == self._here else "bold $accent" if badge else ""
            parts.append(button(words, f"app.mode('{mode}')", style))
        parts.append(button(" ? " if short else " ? Help ", "app.help"))
        return Content("").join(parts)
