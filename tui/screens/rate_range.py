"""The learning-rate range test: its curve, and a key that takes a suggestion."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from engine import commands as cmd
from engine.answers import RangeTest, decode_result
from engine.errors import Problem
from engine.protocol import Working
from tui.plotting.plot import Curve, Mark, Plot
from tui.screens.services import services
from tui.views.rate_range import sentence
from tui.widgets.chart import Chart

_STEP = 0.1
"""How much further the test must be to be told again."""


class RateRange(ModalScreen[float | None]):
    """Tests while it is open; answers with the rate that is taken, or None."""

    CSS_PATH = "rate_range.tcss"
    explains = "range_test"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", show=False),
        Binding("h", "app.explain", "Explain", show=False),
        Binding("enter,s", "take('steepest')", "Take the steepest", show=False),
        Binding("t", "take('tenth')", "Take a tenth of the lowest", show=False),
    ]

    def __init__(self, question: cmd.TestRange, *, ascii_only: bool = False) -> None:
        super().__init__(classes="-ascii" if ascii_only else "")
        self._question, self._ascii = question, ascii_only
        self._found: RangeTest | None = None
        self._told = 0.0

    def compose(self) -> ComposeResult:
        self.chart = Chart(symbols="ascii" if self._ascii else "braille")
        self.words = Static("The first question takes a moment: an engine has to load torch.", markup=False)
        with Vertical(id="range") as box:
            box.border_title = "Which learning rate?"
            box.border_subtitle = "h explains"
            yield self.chart
            yield self.words

    def on_mount(self) -> None:
        self._test()

    @work(exit_on_error=False)
    async def _test(self) -> None:
        try:
            result = await services(self.app).ask(self._question, self._hear)
            found = self._found = decode_result(RangeTest, result)
        except Problem as fault:
            self.words.update(str(fault))
            return
        self.chart.plot = plot(found, star="*" if self._ascii else "★")
        taken = [name for name in ("steepest", "tenth") if getattr(found, name) is not None]
        keys = {"steepest": "enter takes the first", "tenth": "t takes the last" if len(taken) > 1 else "t takes it"}
        told = ", ".join(keys[name] for name in taken)
        self.words.update(f"{sentence(found)} {told[:1].upper() + told[1:]}{'; q' if told else 'Q'} goes back.")

    def _hear(self, working: Working) -> None:
        if working.share - self._told >= _STEP:
            self._told = working.share
            self.words.update(f"{working.share:.0%}: {working.text}")

    def action_take(self, name: str) -> None:
        """Take one of the suggestions."""
        rate = getattr(self._found, name, None)
        if rate is not None:
            self.dismiss(rate)

    def action_close(self) -> None:
        """Back; what is being tested is given up."""
        self.dismiss(None)


def plot(found: RangeTest, *, star: str = "★") -> Plot:
    """The smoothed loss over the rate, the suggestions marked."""
    x, losses = np.array(found.rates, np.float64), found.losses
    marks = [
        Mark(rate, f"{words} {rate:g}", sign)
        for rate, words, sign in ((found.steepest, "steepest", star), (found.tenth, "a tenth of the lowest", "^"))
        if rate is not None
    ]
    highest = min(max(losses, default=1.0), 2 * losses[0]) if losses else None
    curve = Curve("loss", x, np.array(losses, np.float64), role="train", current="")
    return Plot("", "rate", "", (curve,), tuple(marks), y_min=0.0, y_max=highest, log_x=True)
