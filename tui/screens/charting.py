"""What the screens with charts have in common: one cursor, one window and one way of drawing for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from textual.binding import BindingType

from tui.keymap.bindings import bindings
from tui.screens.page import Page
from tui.views.places import place_of_step
from tui.views.plain import ascii_text
from tui.views.window import (
    ChartView,
    Options,
    followed,
    moved,
    moved_to,
    panned,
    recorded,
    zoomed,
)
from tui.widgets.chart import Chart

_ZOOM = 2.0


class ChartingPage(Page):
    """A page with charts. How they are looked at is the app's, so that all such pages agree."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("charts")

    _recorded: tuple[object, object, Sequence[int]] = (None, None, ())
    """Of which points and epochs the steps were taken last."""

    def on_mount(self) -> None:
        super().on_mount()
        self.watch(self.app, "chart_view", self._take_view, init=False)

    def _take_view(self) -> None:
        if self in self.app.screen_stack:
            self.draw_charts()

    def draw_charts(self) -> None:
        """Draw the charts where what they are drawn from has changed."""
        raise NotImplementedError

    @property
    def view(self) -> ChartView:
        """How the charts are looked at."""
        return self.program.chart_view

    def look(self, view: ChartView) -> None:
        """Look at all charts that way."""
        self.program.chart_view = view

    @property
    def steps(self) -> Sequence[int]:
        """The steps that the cursor can stand on."""
        state = self.program.snapshot.state
        points, epochs, _ = self._recorded
        if points is not state.losses.points or epochs is not state.epochs:
            self._recorded = (state.losses.points, state.epochs, recorded(state))
        return self._recorded[2]

    def _options(self, change: Callable[[Options], Options]) -> None:
        self.look(replace(self.view, options=change(self.view.options)))

    def action_log_axis(self) -> None:
        """Loss axis: linear or logarithmic."""
        self._options(Options.other_axis)

    def action_log_x(self) -> None:
        """x axis: linear or logarithmic."""
        self._options(Options.other_x_scale)

    def action_smoothing(self) -> None:
        """Smooth more, or not at all."""
        self._options(Options.next_smoothing)

    def action_x_axis(self) -> None:
        """Put something else on the x axis."""
        self._options(Options.next_x_axis)

    def action_cursor(self, by: int) -> None:
        """Move the cursor by recorded points."""
        self.look(moved(self.view, self.steps, by))

    def action_cursor_to(self, end: Literal["first", "last"]) -> None:
        """Move the cursor to the first point, or the last."""
        self.look(moved_to(self.view, self.steps, end))

    def action_zoom(self, way: Literal["in", "out"]) -> None:
        """Show half as much, or twice as much."""
        self.look(zoomed(self.view, self.steps, 1 / _ZOOM if way == "in" else _ZOOM))

    def on_chart_pointed(self, event: Chart.Pointed) -> None:
        """Put the cursor where the mouse was clicked."""
        state, axis = self.program.snapshot.state, self.view.options.x_axis
        at = event.chart.nearest([place_of_step(state, step, axis) for step in self.steps], event.column)
        if at is not None:
            self.look(replace(self.view, cursor=self.steps[at]))

    def on_chart_wheeled(self, event: Chart.Wheeled) -> None:
        """Zoom by the wheel."""
        self.action_zoom(event.way)

    def action_pan(self, share: float) -> None:
        """Move the window by a share of its width."""
        self.look(panned(self.view, self.steps, share))

    def action_whole(self) -> None:
        """Show all of the run."""
        self.look(self.view.whole())

    def action_follow(self) -> None:
        """Show the end of the run, and stay there."""
        if self.view.window is None:
            self.notify("All of the run is shown; + zooms in, and then the window follows the end.", markup=False)
        self.look(followed(self.view, self.steps))

    def words(self, text: str) -> str:
        """A text for a frame, in the characters there are."""
        return ascii_text(text) if self.program.ascii_only else text

    def leave_cursor(self) -> bool:
        """Take the cursor away; whether there was one."""
        there = self.view.cursor is not None
        self.look(self.view.without_cursor())
        return there
