"""The top line: program, run, and the way to the other screens."""

from __future__ import annotations

from typing import Literal

from textual.content import Content

from tui.keymap.screens import SCREENS
from tui.views.markup import button
from tui.views.status import short_titles, title
from tui.widgets.line import SnapshotText

_How = Literal["wide", "tight", "short"]
"""Tabs with their names, the same with less between them, their keys alone."""


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
        """The title and the tabs: as room gets less, their names move together, the preset goes, then the names."""
        whole = title(self.snapshot, ascii_only=self.ascii_only)
        bare = title(self.snapshot, ascii_only=self.ascii_only, preset=False)
        wide, tight, short = self._tabs("wide"), self._tabs("tight"), self._tabs("short")
        pairs = ((whole, wide), (whole, tight), (bare, tight))
        fitting = (pair for pair in pairs if pair[0].cell_length + 1 + pair[1].cell_length <= width)
        name, tabs = next(fitting, (whole, short))
        room = max(width - tabs.cell_length - 1, 0)
        if name.cell_length > room:
            names = tuple(short_titles(self.snapshot, ascii_only=self.ascii_only))
            name = next((each for each in names if each.cell_length <= room), names[-1])
        if name.cell_length > room:
            name = name.truncate(room, ellipsis=not self.ascii_only)
        return (name.pad_right(room + 1 - name.cell_length) + tabs).truncate(width)

    def _tabs(self, how: _How) -> Content:
        parts, after_here = [], False
        for each in SCREENS:
            mode, key, label = each.name, each.key, each.label
            if not key and mode != self._here:
                continue
            badge = f" ({self.snapshot.unread})" if mode == "log" and self.snapshot.unread else ""
            here = mode == self._here
            before = "" if how == "tight" and not here and not after_here else " "
            action, after_here = f"app.mode('{mode}')", here
            if here or badge:
                style = "bold $background on $train" if here else "bold $accent"
                parts.append(button(f"{before}{key} {label}{badge} " if key else f"{before}{label} ", action, style))
            elif how == "short":
                parts.append(button(f"{before}{key} ", action))
            else:
                parts += [button(f"{before}{key} ", action, "bold $train"), button(f"{label} ", action)]
        parts.append(button(" ? Help " if how == "wide" else " ? ", "app.help"))
        return Content("").join(parts)
