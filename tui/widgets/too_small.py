"""What a window shows that is too small for anything else."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

LEAST = (50, 16)
"""Columns and rows below which nothing but the notice is shown."""


class TooSmall(Widget):
    """Says what size is needed. Keys work as ever: quit, pause and stop among them."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TooSmall {
        width: 1fr;
        height: 1fr;
        content-align: center middle;
        text-align: center;
    }
    """

    def render(self) -> Content:
        """The notice, in as many words as fit."""
        width, height = self.app.size
        dash, times = ("-", "x") if self.screen.has_class("-ascii") else ("—", "×")
        need, have = (f"{w}{times}{h}" for w, h in (LEAST, (width, height)))
        long = f"mnist-tui needs {need}, this is {have} {dash} q quits"
        if width >= len(long):
            more = "\np pauses, s stops and tests; training continues meanwhile" if width >= 56 and height >= 3 else ""
            return Content(long + more)
        if width >= 22 and height >= 3:
            return Content(f"mnist-tui needs {need},\nthis is {have}\nq quits")
        if width >= 12 and height >= 3:
            return Content(f"needs {need},\nis {have}\nq quits")
        return Content(f"needs {need}"[: max(width * height, 1)])
