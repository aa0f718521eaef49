"""The chart on a screen: it draws when something changed and only then, sends what differs, follows the theme."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color
from textual.geometry import Region
from textual.theme import BUILTIN_THEMES

from tui.plotting.colors import contrast, readable
from tui.plotting.plot import Curve, Palette, Plot, draw
from tui.widgets import chart as module
from tui.widgets.chart import Chart, palette_from

Y = np.array([2.0, 1.0, 0.5, 0.4, 0.3])
PLOT = Plot("Loss", "epoch", "loss", (Curve("training", np.arange(1.0, 6.0), Y),), x_max=10.0)
PALETTE = Palette(*["#123456"] * 8)


def longer(plot: Plot, y: float) -> Plot:
    (curve,) = plot.curves
    x = np.append(curve.x, curve.x[-1] + 1)
    return replace(plot, curves=(replace(curve, x=x, y=np.append(curve.y, y)),))


class Screen(App[None]):
    CSS = "Chart { width: 60; height: 14; }"

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.chart = chart

    def compose(self) -> ComposeResult:
        yield self.chart


def shown(chart: Chart) -> list[str]:
    return [chart.render_line(y).text for y in range(chart.size.height)]


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of all charts drawn, in order."""
    sizes: list[tuple[int, int]] = []

    def counted(plot: Plot, width: int, height: int, *args: Any, **more: Any) -> list[list[Segment]]:
        sizes.append((width, height))
        return draw(plot, width, height, *args, **more)

    monkeypatch.setattr(module, "draw", counted)
    return sizes


async def test_it_shows_its_plot_and_before_that_says_there_is_none() -> None:
    async with Screen(Chart()).run_test() as pilot:
        chart = pilot.app.query_one(Chart)
        assert any("no data yet" in row for row in shown(chart))
        chart.plot = PLOT
        await pilot.pause()
        assert shown(chart)[0].startswith("Loss   ⠤⠤ training 0.300")
        chart.plot = None
        await pilot.pause()
        assert any("no data yet" in row for row in shown(chart))
        assert not chart.can_focus


async def test_it_draws_once_until_plot_size_palette_or_symbols_change(drawings: list[tuple[int, int]]) -> None:
    async with Screen(Chart(PLOT)).run_test() as pilot:
        chart = pilot.app.query_one(Chart)
        await pilot.pause()
        assert drawings == [(60, 14)]
        chart.refresh()
        chart.plot = PLOT
        await pilot.pause()
        assert len(drawings) == 1
        for expected, (name, value) in enumerate(
            [("plot", longer(PLOT, 0.2)), ("symbols", "ascii"), ("palette", PALETTE)], start=2
        ):
            setattr(chart, name, value)
            await pilot.pause()
            assert len(drawings) == expected
        chart.styles.width = 40
        await pilot.pause()
        assert drawings[4:] == [(40, 14)]


async def test_only_the_cells_that_differ_are_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Screen(Chart(PLOT)).run_test() as pilot:
        chart = pilot.app.query_one(Chart)
        await pilot.pause()
        painted: list[tuple[Region, ...]] = []
        refresh = chart.refresh
        monkeypatch.setattr(chart, "refresh", lambda *regions, **more: (painted.append(regions), refresh(*regions))[1])
        before = shown(chart)
        chart.plot = longer(PLOT, 0.2)
        await pilot.pause()
        ((*regions,),) = painted
        after = shown(chart)
        differ = {(x, y) for y in range(14) for x in range(60) if before[y][x] != after[y][x]}
        inside = {
            (x, y) for region in regions for y in range(region.y, region.bottom) for x in range(region.x, region.right)
        }
        assert differ <= inside
        assert len(inside) <= len(differ) + 20
        chart.plot = replace(chart.plot)
        await pilot.pause()
        assert len(painted) == 1


async def test_the_screen_shows_what_the_chart_shows_after_a_partial_repaint() -> None:
    async with Screen(Chart(PLOT)).run_test() as pilot:
        chart = pilot.app.query_one(Chart)
        for y in (0.2, 3.0, np.nan, 0.1):
            chart.plot = longer(chart.plot or PLOT, y)
            await pilot.pause()
            screen = [strip.text[:60] for strip in pilot.app.screen._compositor.render_strips()[:14]]
            assert screen == shown(chart)


async def test_a_hidden_chart_is_not_drawn_until_it_is_seen(drawings: list[tuple[int, int]]) -> None:
    chart = Chart(PLOT)
    async with Screen(chart).run_test() as pilot:
        chart.display = False
        await pilot.pause()
        drawn = len(drawings)
        chart.plot = longer(PLOT, 0.25)
        await pilot.pause()
        assert len(drawings) == drawn
        chart.display = True
        await pilot.pause()
        assert "0.250" in shown(chart)[0]


async def test_its_colors_follow_the_theme() -> None:
    async with Screen(Chart(PLOT)).run_test() as pilot:
        app, chart = pilot.app, pilot.app.query_one(Chart)

        def colors() -> set[str]:
            segments = [segment for y in range(14) for segment in chart.render_line(y)]
            return {s.style.color.name for s in segments if s.text.strip() and s.style and s.style.color}

        for theme in ("textual-light", "nord", "ansi-dark"):
            app.theme = theme
            await pilot.pause()
            palette = palette_from(app)
            assert colors() == {n.lower() for n in (palette.text, palette.train, palette.axis, palette.grid)}


@pytest.mark.parametrize("theme", [name for name in BUILTIN_THEMES if not name.startswith("ansi")])
async def test_every_color_stands_out_from_the_background_of_every_theme(theme: str) -> None:
    async with App[None]().run_test() as pilot:
        pilot.app.theme = theme
        await pilot.pause()
        background = Color.parse(pilot.app.theme_variables["background"])
        palette = palette_from(pilot.app)
        for color, ratio in ((palette.train, 3), (palette.validation, 3), (palette.mark, 4.5), (palette.bad, 4.5)):
            assert contrast(Color.parse(color), background) >= ratio - 0.05
        faint = [contrast(Color.parse(c), background) for c in (palette.grid, palette.axis, palette.text)]
        assert faint == sorted(faint)
        assert faint[0] > 1.05


async def test_a_theme_that_lacks_a_color_or_names_none_gets_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with App[None]().run_test() as pilot:
        monkeypatch.setattr(pilot.app, "theme_variables", {"primary": "no color at all"})
        assert palette_from(pilot.app).train.lower() == "#4aa3e8"


@pytest.mark.parametrize(
    ("color", "background", "changed"),
    [("#000000", "#ffffff", False), ("#fea62b", "#e0e0e0", True), ("#222222", "#111111", True)],
)
def test_a_color_is_moved_only_where_it_could_not_be_seen(color: str, background: str, changed: bool) -> None:
    result = readable(Color.parse(color), Color.parse(background), 3.0)
    assert (result.hex.lower() != color) is changed
    assert contrast(result, Color.parse(background)) >= 3.0


def test_contrast_is_that_of_the_standard() -> None:
    white, black, gray = (Color.parse(c) for c in ("#ffffff", "#000000", "#767676"))
    assert contrast(white, black) == pytest.approx(21.0)
    assert contrast(gray, white) == pytest.approx(4.54, abs=0.01)
