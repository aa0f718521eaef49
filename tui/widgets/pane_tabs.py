"""The panes of the train screen as tabs, where a window shows one at a time."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.reactive import reactive

from tui.views.markup import button
from tui.widgets.line import Clickable

Pane = Literal["form", "charts", "digits", "results"]
PANES: tuple[Pane, ...] = ("form", "charts", "digits", "results")
_LABELS = {"form": ("f", "Form"), "charts": ("c", "Charts"), "digits": ("d", "Digits"), "results": ("v", "Results")}


class PaneTabs(Clickable):
    """One line: the panes, the one that is shown marked."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PaneTabs {
        height: 1;
        width: 1fr;
    }
    """

    pane: reactive[Pane] = reactive[Pane]("charts")

    def render(self) -> Content:
        """Each pane with its key, and the keys that turn them."""
        parts = []
        for pane in PANES:
            key, label = _LABELS[pane]
            style = "bold underline $train" if pane == self.pane else ""
            words = Content.assemble((f" {key} ", "$muted"), (label, style), " ")
            parts.append(button(words, f"screen.pane('{pane}')"))
        arrows = "left/right" if self.screen.has_class("-ascii") else "←/→"
        if self.size.width >= 56:
            parts.append(Content.styled(f"   {arrows} turns", "$muted"))
        return Content("").join(parts)
