"""A minimal Textual app with a live chart: an input, and a plotext chart redrawn completely ten times a second.

After plotext's and Textual's own introductions. Ctrl+P stops the updates.
"""

from __future__ import annotations

import math
from typing import ClassVar

import plotext
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

_HZ = 10


class BareApp(App[None]):
    """One chart of a falling loss."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+p", "halt", priority=True)]
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Input(value="0.001")
        yield Static(id="chart")

    def on_mount(self) -> None:
        """Start drawing."""
        self._losses: list[float] = []
        self._timer = self.set_interval(1 / _HZ, self._draw)

    def _draw(self) -> None:
        step = len(self._losses)
        self._losses.append(2.3 * math.exp(-step / 60) + 0.1 + 0.05 * math.sin(step * 1.7))
        chart = self.query_one("#chart", Static)
        plotext.clear_figure()
        plotext.plot_size(max(self.size.width - 2, 10), max(self.size.height - 5, 5))
        plotext.plot(self._losses)
        chart.update(Text.from_ansi(plotext.build()))

    def action_halt(self) -> None:
        """Stop drawing."""
        self._timer.pause()


if __name__ == "__main__":
    BareApp().run()
