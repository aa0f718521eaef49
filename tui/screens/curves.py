"""All charts of a run in a grid, one cursor over all of them; and how the weights of its layers are spread."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Grid
from textual.reactive import var
from textual.widget import Widget

from tui.keymap.bindings import Key, Where, bindings
from tui.plotting.plot import Plot
from tui.screens.charting import ChartingPage
from tui.views.chart_frame import foot, title, what_is_shown
from tui.views.charts import with_cursor, x_end
from tui.views.curves import CHARTS, Kind, plot_of
from tui.views.snapshot import Snapshot
from tui.views.spread import layers_of, spread_of
from tui.views.window import moved
from tui.widgets.chart import Chart
from tui.widgets.line import frame
from tui.widgets.ridges import RidgeView
from tui.widgets.status_line import StatusLine

_KINDS: tuple[Kind, ...] = tuple(CHARTS)
_HIGH = 9
"""Rows that a chart in the grid has at least, its frame included."""


class CurvesScreen(ChartingPage):
    """As many charts as there is room for, one of them the current one, which can be made large."""

    CSS_PATH = "curves.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("curves")
    HERE = "curves"
    KEYS: ClassVar[tuple[Where, ...]] = ("curves", "charts", "everywhere")

    current: var[int] = var(0, init=False)
    large: var[bool] = var(False, init=False)
    spread: var[bool] = var(False, init=False)
    """Whether the histograms are seen instead of the charts."""
    of_layer: var[int] = var(0, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._plots: dict[Kind, tuple[tuple[object, ...], Plot]] = {}
        self._put: dict[Kind, tuple[Plot | None, float | None]] = {}
        self._spread_from: tuple[object, ...] = ()

    def content(self) -> Iterable[Widget]:
        """The charts, the histograms, and how the run stands."""
        symbols = "ascii" if self.program.ascii_only else "braille"
        self.charts: dict[Kind, Chart] = {kind: Chart(symbols=symbols, id=kind) for kind in CHARTS}  # type: ignore[arg-type]
        self.ridges = RidgeView(symbols=symbols, id="spread")  # type: ignore[arg-type]
        with Grid(id="grid") as self.grid:
            yield from self.charts.values()
        yield self.ridges
        yield StatusLine()

    @property
    def explains(self) -> str:
        """The help page on what is looked at."""
        return "distributions" if self.spread else CHARTS[_KINDS[self.current]].page

    # what is seen

    def on_resize(self) -> None:
        """Another size has room for more charts, or fewer."""
        self._arrange()

    def watch_current(self) -> None:
        """Another chart is the current one."""
        self._arrange()

    def watch_large(self) -> None:
        """One chart, or many."""
        self._arrange()

    def watch_spread(self) -> None:
        """Charts, or histograms."""
        self._arrange()

    def watch_of_layer(self) -> None:
        """Another layer."""
        self.draw_charts()

    def _arrange(self) -> None:
        """Show the charts that there is room for, the current one among them."""
        width, height = self.size
        across = 1 if self.large or width < 100 else 2 if width < 160 else 3
        room = max(height - (4 if self.has_class("-high") else 2), _HIGH)
        down = 1 if self.large else min(math.ceil(len(_KINDS) / across), max(room // _HIGH, 1))
        first = self.current if self.large else self.current // (across * down) * (across * down)
        self.grid.styles.grid_size_columns, self.grid.styles.grid_size_rows = across, down
        for number, (_, chart) in enumerate(self.charts.items()):
            chart.display = first <= number < first + across * down
            chart.set_class(number == self.current, "-current")
        self.grid.display, self.ridges.display = not self.spread, self.spread
        self.call_after_refresh(self.draw_charts)

    # from the snapshot to the charts

    def show(self, snapshot: Snapshot) -> None:
        """Draw what is new."""
        super().show(snapshot)
        self.draw_charts()

    def draw_charts(self) -> None:
        """Draw the charts that are seen, where what they are drawn from has changed."""
        if self.spread:
            self._draw_spread()
            return
        state, view = self.program.snapshot.state, self.view
        star = "*" if self.program.ascii_only else "★"
        steps = self.steps if view.window or view.cursor is not None else ()
        for number, (kind, chart) in enumerate(self.charts.items()):
            if not chart.display:
                continue
            plot = self._plot(kind, star) if state.started else None
            drawn = with_cursor(plot, state, view, steps) if plot else None
            put = (plot, drawn.cursor if drawn else None)
            if self._put.get(kind) != put:
                self._put[kind] = put
                chart.plot = drawn
            name = CHARTS[kind].title
            if number == self.current:
                sign = ">" if self.program.ascii_only else "▸"
                head = f"{sign} {title(name, state, view, steps)}"
                below = foot(state, view, steps, star, chart.size.width - 4, drawn=kind == "loss")
            else:
                head, below = name, what_is_shown(state, view, steps)
            frame(chart, head, self.words(below))

    def _plot(self, kind: Kind, star: str) -> Plot:
        """The plot without the cursor, made anew only where it is another."""
        snapshot, view = self.program.snapshot, replace(self.view, cursor=None)
        state = snapshot.state
        inputs: tuple[object, ...] = (state.losses, state.epochs, state.started, state.finished, state.marks)
        inputs = (*inputs, state.layers, snapshot.parent)
        key = (*map(id, inputs), x_end(state, view.options.x_axis), view)
        known = self._plots.get(kind)
        if known is None or known[0] != (key, inputs):
            known = ((key, inputs), plot_of(kind, state, view, parent=snapshot.parent, star=star))
            self._plots[kind] = known
        return known[1]

    def _draw_spread(self) -> None:
        state, view = self.program.snapshot.state, self.view
        layer = min(self.of_layer, max(layers_of(state) - 1, 0))
        shown = spread_of(state, layer, view.cursor)
        key = (id(state.distributions), state.distributions, layer, shown.chosen if shown else None)
        if key[0] != (self._spread_from or (None,))[0] or key[2:] != self._spread_from[2:]:
            self._spread_from = key
            self.ridges.spread = shown
        if shown is None:
            frame(self.ridges, "How the weights are spread", "d shows the charts")
        else:
            place = f"layer {layer + 1} of {len(shown.layers)}: {shown.layers[layer]}"
            frame(self.ridges, self.words(f"How the weights are spread, {place}"), shown.note)

    # keys

    def has_effect(self, key: Key) -> bool:
        """Only what changes the charts that are seen; over the histograms the cursor alone."""
        if key.where not in ("curves", "charts") or key.action == "spread":
            return True
        if self.program.snapshot.state.started is None:
            return False
        seen = [kind for kind, chart in self.charts.items() if chart.display]
        match key.action:
            case _ if self.spread:
                return key.action.startswith("cursor") and bool(self.program.snapshot.state.distributions)
            case "large":
                return self.large or len(seen) > 1
            case "log_axis":
                return "loss" in seen
        return True

    def action_choose(self, by: int) -> None:
        """The next chart, or the one before; of the histograms the next layer."""
        if self.spread:
            count = layers_of(self.program.snapshot.state)
            self.of_layer = (min(self.of_layer, count - 1) + by) % count if count else 0
        else:
            self.current = (self.current + by) % len(_KINDS)

    def action_cursor(self, by: int) -> None:
        """Move the cursor by recorded points; over the histograms by epochs."""
        if not self.spread:
            super().action_cursor(by)
            return
        ends = [each.step for each in self.program.snapshot.state.distributions]
        view = replace(self.view, window=None)
        if view.cursor is None and by < 0:
            view = moved(view, ends, 0)
        self.look(replace(self.view, cursor=moved(view, ends, by).cursor))

    def action_large(self) -> None:
        """The current chart alone, or all again."""
        if not self.spread:
            self.large = not self.large

    def action_spread(self) -> None:
        """The histograms, or the charts again."""
        self.spread = not self.spread

    def action_back(self) -> None:
        """From one chart to all, from the histograms to the charts; else take the cursor away, or leave the tour."""
        if self.spread:
            self.spread = False
        elif self.large:
            self.large = False
        elif not self.leave_cursor():
            self.program.action_tour_leave()
