"""The charts' keys, on the training screen and on the screen with all charts; and how the weights are spread."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.widget import Widget

from engine import events as ev
from engine.state.run_state import RunState
from tests import events_kit as kit
from tests.tui.app_kit import Stage, stage
from tests.tui.test_spread import told
from tests.tui.test_views_charts import layers
from tui.plotting.plot import Plot
from tui.screens.curves import CurvesScreen
from tui.views.places import place_of_step
from tui.widgets.chart import Chart

SIZES = [(80, 24), (120, 40)]
CURSOR_FOOT = "┷"


def training(epochs: int = 3) -> list[ev.Event]:
    """A run after some epochs, with all that is told of its layers."""
    events: list[ev.Event] = [*kit.opening()]
    for epoch in range(1, epochs + 1):
        *most, last = kit.epoch_events(kit.BLOG, epoch, 40)
        events += [*most, layers(epoch * 782, 1e-3 / epoch, 2e-3 / epoch), told(epoch, 0.1 * epoch), last]
    return kit.numbered(events)


def screen(on: Stage) -> CurvesScreen:
    assert isinstance(on.app.screen, CurvesScreen)
    return on.app.screen


def charts(on: Stage) -> list[Chart]:
    """The charts that are seen."""
    return [
        chart for chart in on.app.screen.query(Chart) if chart.display and chart.id != "spread" and chart.size.height
    ]


def titles(on: Stage) -> list[str]:
    return [str(chart.border_title) for chart in charts(on)]


def state(on: Stage) -> RunState:
    return on.app.snapshot.state


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("where", ["1", "9"])
async def test_the_cursor_is_in_every_chart_at_one_step_with_its_values(size: tuple[int, int], where: str) -> None:
    async with stage(training(), size=size) as on:
        await on.press(where)
        assert CURSOR_FOOT not in on.text()
        await on.press("comma")
        assert on.app.chart_view.cursor == 3 * 782
        assert on.text().count(CURSOR_FOOT) == len(charts(on))
        assert "Loss at step 2,346, epoch 3.00" in on.text()
        assert "(epoch 3)" in on.text()
        await on.press("comma", "less_than_sign", "full_stop")
        assert on.app.chart_view.cursor == state(on).losses.points[-11].step
        assert len({chart.plot.cursor for chart in charts(on) if chart.plot}) == 1
        await on.press("home")
        assert on.app.chart_view.cursor == state(on).losses.points[0].step
        assert "validation –" in on.text()
        await on.press("end", "escape")
        assert on.app.chart_view.cursor is None
        assert CURSOR_FOOT not in on.text()


@pytest.mark.parametrize("where", ["1", "9"])
async def test_arrows_move_the_cursor_where_they_turn_no_panes(where: str) -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press(where, "left", "left", "right")
        assert on.app.chart_view.cursor == 3 * 782


async def test_in_a_small_window_arrows_still_turn_the_panes() -> None:
    async with stage(training(), size=(80, 24)) as on:
        await on.press("right")
        assert on.train.pane == "digits"
        assert on.app.chart_view.cursor is None


@pytest.mark.parametrize("size", SIZES)
async def test_zoom_pan_follow_and_whole(size: tuple[int, int]) -> None:
    async with stage(training(), size=size) as on:
        await on.press("plus")
        assert "epochs 1.5–3.0 of 25, follows" in on.text()
        await on.press("equals_sign")
        assert "epochs 2.25–3.00 of 25, follows" in on.text()
        await on.press("left_curly_bracket")
        assert "epochs 1.88–2.62 of 25" in on.text()
        assert "follows" not in on.text()
        await on.press("right_curly_bracket", "pageup", "g")
        assert "epochs 2.25–3.00 of 25, follows" in on.text()
        await on.press("minus")
        assert "epochs 1.5–3.0 of 25, follows" in on.text()
        await on.press("w")
        assert on.app.chart_view.window is None
        assert "follows" not in on.text()


async def test_a_window_follows_the_run_and_a_cursor_stays() -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("plus", "comma", "less_than_sign")
        cursor = on.app.chart_view.cursor
        events = kit.epoch_events(kit.BLOG, 4, 40)
        await on.tell(*kit.numbered(events, first=10_000))
        assert on.app.chart_view.cursor == cursor
        assert "epochs 2.6–4.1 of 25, follows" in on.text()
        assert f"Loss at step {cursor:,}" in on.text()


async def test_without_a_run_the_keys_do_nothing() -> None:
    async with stage() as on:
        for where in ("1", "9"):
            await on.press(where, "comma", "plus", "g", "home", "left_curly_bracket", "minus", "w", "escape", "j", "a")
            assert "no data yet" in on.text()
        await on.press("d", "down", "comma")
        assert "no histograms yet" in on.text()


async def test_how_charts_are_looked_at_is_the_same_on_both_screens() -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("plus", "comma", "less_than_sign", "a", "j", "m", "l")
        view = on.app.chart_view
        before = on.train.loss.plot
        await on.press("9")
        assert on.app.chart_view is view
        (loss, *_) = charts(on)
        assert before is not None
        assert loss.plot is not None
        assert (loss.plot.cursor, loss.plot.x_limits, loss.plot.log_x) == (
            before.cursor,
            before.x_limits,
            before.log_x,
        )
        await on.press("comma", "1")
        assert on.train.loss.plot is not before
        assert on.text().count(CURSOR_FOOT) == 2


async def test_images_and_a_logarithmic_x_axis() -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("a")
        await on.press("a")
        assert "by images" in on.text()
        await on.press("j")
        assert "by log images" in on.text()
        assert "100k" in on.text()


async def test_what_happened_is_said_where_the_cursor_stands() -> None:
    changed = ev.Changed(step=2000, position=2.56, name="learning_rate", old="0.001", new="0.002", seq=9000)
    async with stage([*training(), changed], size=(120, 40)) as on:
        while on.app.chart_view.cursor is None or on.app.chart_view.cursor > 2010:
            await on.press("comma")
        assert "▲ learning rate 0.001 → 0.002" in on.text()


async def test_a_new_run_begins_without_cursor_and_window() -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("plus", "comma")
        await on.tell(*kit.numbered(kit.opening(run="2026-03-15-1000-calm-hare"), time=1_773_600_000.0))
        assert (on.app.chart_view.window, on.app.chart_view.cursor) == (None, None)


# the screen with all charts

ALL = ["Loss", "Accuracy", "Learning rate", "Gradient norm, log", "Update/weight, log", "Throughput (images/s)"]


@pytest.mark.parametrize(
    ("size", "seen", "columns"),
    [((80, 24), 2, 1), ((60, 20), 2, 1), ((120, 40), 6, 2), ((100, 24), 4, 2), ((200, 50), 6, 3)],
)
async def test_as_many_charts_are_seen_as_there_is_room_for(size: tuple[int, int], seen: int, columns: int) -> None:
    async with stage(training(), size=size) as on:
        await on.press("9")
        assert titles(on) == [f"▸ {ALL[0]}", *ALL[1:seen]]
        assert len({chart.region.x for chart in charts(on)}) == columns
        assert all(chart.size.height >= 6 for chart in charts(on))
        shown = []
        for _ in ALL:
            assert sum(chart.has_class("-current") for chart in charts(on)) == 1
            shown.append(next(name for name in titles(on) if name.startswith("▸")))
            await on.press("down")
        assert shown == [f"▸ {name}" for name in ALL]
        await on.press("up")
        assert f"▸ {ALL[-1]}" in titles(on)


async def test_a_chart_can_be_made_large() -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("9", "down", "down", "enter")
        assert titles(on) == ["▸ Learning rate"]
        assert charts(on)[0].size.height > 30
        await on.press("comma", "down")
        assert titles(on) == ["▸ Gradient norm, log at step 2,346, epoch 3.00"]
        await on.press("escape")
        assert len(titles(on)) == 6
        assert on.app.chart_view.cursor is not None
        await on.press("escape")
        assert on.app.chart_view.cursor is None


async def test_every_chart_has_its_curve_and_its_values() -> None:
    async with stage(training(), size=(200, 50)) as on:
        await on.press("9", "comma")
        for words in ("rate 0.001", "gradient 1.", "l0 0.000333", "l1 0.000667", "images/s 40k"):
            assert words in on.text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_weights_spread_by_layer_and_epoch(size: tuple[int, int]) -> None:
    async with stage(training(), size=size) as on:
        await on.press("9", "d")
        assert "layer 1 of 2: 784→128" in on.text()
        assert "weights, epoch 3" in on.text()
        assert "128 relu units, 6.2% never fire" in on.text()
        await on.press("comma")
        assert "weights, epoch 2" in on.text()
        await on.press("left", "left")
        assert "weights, epoch 1" in on.text()
        assert on.app.chart_view.cursor == 782
        await on.press("right", "down")
        assert "weights, epoch 2" in on.text()
        assert "layer 2 of 2: 128→10" in on.text()
        await on.press("tab")
        assert "layer 1 of 2" in on.text()
        await on.press("escape")
        assert "Loss at step 1,564" in on.text()
        await on.press("d", "d")
        assert "Loss at step 1,564" in on.text()


async def test_a_click_or_a_key_explains_what_is_looked_at() -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("9", "down", "down", "down", "down", "h")
        assert "Update/weight ratio" in on.text()
        await on.press("escape", "d", "h")
        assert "istograms of the weights and" in on.text()


@pytest.mark.parametrize("size", SIZES)
async def test_plain_characters_suffice(size: tuple[int, int]) -> None:
    async with stage(training(), size=size, ascii=True) as on:
        for keys in (("comma", "plus"), ("9",), ("down", "enter"), ("escape", "d")):
            await on.press(*keys)
            assert on.text().isascii()


@pytest.mark.parametrize("size", [(40, 12), (5, 2), (1, 1), (200, 3), (60, 20)])
async def test_it_can_have_any_size(size: tuple[int, int]) -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("9", "comma")
        await on.pilot.resize_terminal(*size)
        await on.settle()
        await on.press("down", "enter", "d", "down", "d", "plus")
        await on.pilot.resize_terminal(120, 40)
        await on.settle()
        await on.press("enter")
        assert len(titles(on)) == 6


@pytest.mark.parametrize("where", [("1",), ("9",), ("9", "d")])
async def test_a_paused_run_with_a_cursor_paints_nothing(
    where: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = ev.Paused(seq=9000, step=2346, position=3.0)
    async with stage([*training(), paused], size=(120, 40)) as on:
        await on.press(*where, "comma", "plus")
        painted: list[Widget] = []
        refresh = Widget.refresh

        def noted(self: Widget, *args: Any, **options: Any) -> Any:
            painted.append(self)
            return refresh(self, *args, **options)

        monkeypatch.setattr(Widget, "refresh", noted)
        for _ in range(3):
            on.app._paint()
            await on.settle()
        assert painted == []
        await on.press("comma")
        assert painted


async def test_moving_the_cursor_paints_its_old_and_new_place_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("9", "home", "greater_than_sign")
        cells = 0
        refresh = Chart.refresh

        def noted(self: Chart, *regions: Any, **options: Any) -> Any:
            nonlocal cells
            cells += sum(region.area for region in regions)
            return refresh(self, *regions, **options)

        monkeypatch.setattr(Chart, "refresh", noted)
        await on.press("greater_than_sign")
        assert 0 < cells < 120 * 40 / 4


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("where", ["1", "9"])
async def test_a_click_puts_the_cursor_where_it_was(size: tuple[int, int], where: str) -> None:
    async with stage(training(), size=size) as on:
        await on.press(where)
        for chart in charts(on):
            steps = [point.step for point in state(on).losses.points]
            room = chart.content_region
            assert isinstance(chart.plot, Plot)
            column = room.width * 2 // 3
            await on.pilot.click(chart, offset=(room.x - chart.region.x + column, room.y - chart.region.y + 6))
            await on.settle()
            step = on.app.chart_view.cursor
            assert step in steps
            cells = [chart.nearest([place_of_step(state(on), one, "epoch") for one in steps], column)]
            assert steps[cells[0] or 0] == step
            foot = next(row for row in reversed(rows(chart)) if CURSOR_FOOT in row)
            assert abs(foot.index(CURSOR_FOOT) - column) <= 1
            await on.press("escape")


async def test_the_wheel_zooms_over_a_chart() -> None:
    async with stage(training(), size=(120, 40)) as on:
        await on.press("9")
        chart = charts(on)[0]
        turned: tuple[Any, ...] = (chart, 5, 5, 0, 0, 0, False, False, False)
        chart.post_message(events.MouseScrollUp(*turned))
        await on.settle()
        window = on.app.chart_view.window
        assert window is not None and window.end - window.start < 3 * 782 * 0.6
        chart.post_message(events.MouseScrollDown(*turned))
        await on.settle()
        assert on.app.chart_view.window is None


def rows(chart: Chart) -> list[str]:
    """A chart as text."""
    return [chart.render_line(y).text for y in range(chart.size.height)]
