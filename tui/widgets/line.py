"""Text that follows the snapshot and is painted only when it has become another."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widget import Widget

from tui.views.plain import ascii_content
from tui.views.snapshot import Snapshot


def frame(widget: Widget, title: str | None = None, subtitle: str | None = None) -> None:
    """Set the texts of a widget's border, where they are others: setting them repaints the widget."""
    if title is not None and str(widget.border_title) != title:
        widget.border_title = title
    if subtitle is not None and str(widget.border_subtitle) != subtitle:
        widget.border_subtitle = subtitle


class Clickable(Widget):
    """A widget whose text has `button` parts."""

    async def on_click(self, event: events.Click) -> None:
        """Do what the part that was clicked stands for."""
        action = event.style.meta.get("action")
        if isinstance(action, str):
            event.stop()
            await self.run_action(action)
            if (update := getattr(self.screen, "update_keys", None)) is not None:
                update()


class SnapshotText(Clickable):
    """Draws `build` of the latest snapshot; `show` repaints only where that differs from what is there."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.snapshot = Snapshot()
        self._drawn: Content | None = None

    def build(self, width: int, height: int) -> Content:
        """The text at a size, at most `width` cells wide and `height` rows high."""
        raise NotImplementedError

    def show(self, snapshot: Snapshot) -> None:
        """Follow the snapshot."""
        self.snapshot = snapshot
        if self._drawn is None or not self._text().is_same(self._drawn):
            self.refresh()

    def render(self) -> Content:
        """The text at the size there is."""
        self._drawn = self._text()
        return self._drawn

    def _text(self) -> Content:
        text = self.build(*self.content_size)
        return ascii_content(text) if self.ascii_only else text

    @property
    def plain(self) -> str:
        """The text without its colors."""
        return self._text().plain

    @property
    def ascii_only(self) -> bool:
        """Whether the screen is drawn with plain characters."""
        return self.screen.has_class("-ascii")
