"""The tour's step, between the screen and the line of keys: in nobody's way, and gone when it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from engine.help.tour import tour
from tui.screens.services import services
from tui.views.plain import spelled
from tui.views.tour import STEPS
from tui.widgets.help_pane import inline
from tui.widgets.line import frame

if TYPE_CHECKING:
    from tui.views.tour import Progress


class TourPanel(Widget):
    """Shows the step that the app's tour is at; takes itself away when the tour is over."""

    DEFAULT_CSS = """
    TourPanel {
        height: auto;
        padding: 0 1;
        border: round $accent;
        border-title-color: $accent;
        border-title-style: bold;
        border-subtitle-color: $muted;
        background: $surface;
        &.-ascii { border: ascii $accent; }
    }
    """

    def on_mount(self) -> None:
        """Follow the tour."""
        self.set_class(services(self.app).ascii_only, "-ascii")
        frame(self, subtitle="enter: next, esc: leave the tour")
        self.watch(self.app, "tour", self._follow, init=False)
        self._follow(services(self.app).tour)

    def _follow(self, progress: Progress | None) -> None:
        if progress is None:
            self.remove()
            return
        step = tour()[progress.step - 1]
        frame(self, title=f"Tour {progress.step} of {STEPS}: {step.title}")
        self.refresh(layout=True)

    def _text(self) -> Content:
        progress = services(self.app).tour
        if progress is None:
            return Content()
        words = " ".join(tour()[progress.step - 1].text.split())
        return inline(spelled(words) if self.has_class("-ascii") else words)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text takes."""
        return len(self._text().wrap(max(width, 1)))

    def render(self) -> Content:
        """The text of the step."""
        return Content("\n").join(self._text().wrap(max(self.content_size.width, 1)))
