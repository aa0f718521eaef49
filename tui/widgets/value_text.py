"""Text made from a value that is no part of the snapshot, painted only when it has become another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual.content import Content

from tui.views.snapshot import Snapshot
from tui.widgets.line import SnapshotText

T = TypeVar("T")

Draw = Callable[[T, int, int], Content]
"""Makes the text of a value at a width and height."""


class ValueText(SnapshotText, Generic[T]):
    """Draws what `draw` makes of the latest value it was told; nothing before the first."""

    DEFAULT_CSS = """
    ValueText {
        width: 1fr;
        height: 1fr;
    }
    """

    def __init__(self, draw: Draw[T], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw
        self.value: T | None = None

    def tell(self, value: T) -> None:
        """Show this value."""
        if value != self.value:
            self.value = value
            self.refresh()

    def show(self, snapshot: Snapshot) -> None:
        """The snapshot is none of its concern."""

    def build(self, width: int, height: int) -> Content:
        """The value's text at this size."""
        if self.value is None or width <= 0 or height <= 0:
            return Content("")
        return self._draw(self.value, width, height)
