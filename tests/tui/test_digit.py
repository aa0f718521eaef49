"""Digits with their readings: captions that do not jump, and repaints of what changed alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.geometry import Region

from tui.plotting.digit_layout import LARGEST, SMALLEST, layout
from tui.plotting.raster import RasterPalette
from tui.views.digit_view import DigitView, percent
from tui.widgets.digit import DigitStrip, DigitStyle, Mode, caption, draw_digit, raster_palette

MODES: list[Mode] = ["color", "shade", "ascii"]
INK = np.zeros((28, 28), np.uint8)
INK[4:24, 11:17] = 255

views = st.builds(
    DigitView,
    pixels=st.just(INK),
    label=st.integers(0, 9),
    prediction=st.none() | st.integers(0, 9),
    probability=st.none() | st.floats(0, 1),
)


def view(label: int = 7, prediction: int | None = 7, probability: float | None = 0.98) -> DigitView:
    return DigitView(INK, label, prediction, probability)


def style(mode: Mode) -> DigitStyle:
    palettes = RasterPalette((0, 0, 0), (255, 255, 255)), RasterPalette((0, 0, 0), (255, 80, 80))
    return DigitStyle(mode, *palettes, right=Style(color="green"), wrong=Style(color="red"), muted=Style(dim=True))


def text(row: list[Segment]) -> str:
    return "".join(segment.text for segment in row)


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.0, "0"),
        (1e-9, "<1"),
        (0.0049, "<1"),
        (0.005, "1"),
        (0.5, "50"),
        (0.985, "99"),
        (0.9949, "99"),
        (0.995, ">99"),
        (0.999999, ">99"),
        (1.0, "100"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_percent_keeps_0_and_100_for_the_exact(probability: float | None, shown: str) -> None:
    assert percent(probability) == shown


class TestCaption:
    @pytest.mark.parametrize(
        ("one", "columns", "mode", "line"),
        [
            (view(), 14, "color", "   ✓ 7  98%   "),
            (view(prediction=1, probability=0.64), 14, "color", "✗ 7 as 1  64% "),
            (view(prediction=None), 14, "color", "   · 7        "),
            (view(), 10, "shade", " ✓ 7  98% "),
            (view(prediction=1, probability=0.64), 10, "shade", "✗ 7→1  64%"),
            (view(prediction=1, probability=0.999), 9, "shade", "✗7→1 >99%"),
            (view(), 10, "ascii", " + 7  98% "),
            (view(prediction=1, probability=1.0), 10, "ascii", "x 7>1 100%"),
            (view(prediction=1, probability=0.64), 20, "ascii", "   x 7 as 1  64%    "),
            (view(prediction=None), 10, "ascii", " . 7      "),
        ],
    )
    def test_reads(self, one: DigitView, columns: int, mode: Mode, line: str) -> None:
        assert "".join(caption(one, columns, mode)) == line

    @given(views, st.integers(SMALLEST, LARGEST), st.sampled_from(MODES))
    def test_is_as_wide_as_the_picture_and_whole(self, one: DigitView, columns: int, mode: Mode) -> None:
        line = "".join(caption(one, columns, mode))
        assert len(line) == columns
        assert str(one.label) in line
        if one.prediction is not None:
            assert percent(one.probability) in line
        assert mode != "ascii" or line.isascii()

    @pytest.mark.parametrize("columns", [9, 10, 13, 14, 28])
    @pytest.mark.parametrize("prediction", [1, 7])
    def test_nothing_moves_as_the_percent_changes(self, columns: int, prediction: int) -> None:
        lines = ["".join(caption(view(7, prediction, p), columns)) for p in (0.0, 0.001, 0.07, 0.5, 0.999, 1.0)]
        assert len({line.index("%") for line in lines}) == 1
        assert len({line.index("7") for line in lines}) == 1


class TestDrawing:
    @given(views, st.integers(SMALLEST, LARGEST), st.sampled_from(MODES))
    def test_rows_are_as_wide_as_asked(self, one: DigitView, columns: int, mode: Mode) -> None:
        rows = draw_digit(one, columns, style(mode))
        assert len(rows) == (columns + 1) // 2 + 1
        assert {len(text(row)) for row in rows} == {columns}

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("columns", [9, 10, 14, 28])
    def test_wrong_differs_from_right_without_color(self, mode: Mode, columns: int) -> None:
        right, wrong = (draw_digit(view(7, prediction), columns, style(mode)) for prediction in (7, 1))
        assert text(right[-1]) != text(wrong[-1])
        assert [text(row) for row in right[:-1]] == [text(row) for row in wrong[:-1]]

    @pytest.mark.parametrize("mode", ["shade", "ascii"])
    def test_wrong_caption_is_reversed_where_color_may_be_missing(self, mode: Mode) -> None:
        for prediction in (7, 1, None):
            row = draw_digit(view(7, prediction), 10, style(mode))[-1]
            reversed_cells = [bool(segment.style and segment.style.reverse) for segment in row]
            assert all(reversed_cells) if prediction == 1 else not any(reversed_cells)

    def test_wrong_picture_is_in_the_wrong_ink(self) -> None:
        for prediction, ink in ((7, (255, 255, 255)), (None, (255, 255, 255)), (1, (255, 80, 80))):
            rows = draw_digit(view(7, prediction), 10, style("color"))
            colors = {tuple(s.style.color.triplet) for row in rows[:-1] for s in row if s.style and s.style.color}
            assert ink in colors


class Recorder(DigitStrip):
    """A strip that remembers what it asked to be repainted."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Region, ...]] = []

    def refresh(self, *regions: Region, **options: Any) -> Recorder:
        self.asked.append(regions)
        return super().refresh(*regions, **options)


class StripApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Recorder()

    @property
    def strip(self) -> Recorder:
        return self.query_one(Recorder)

    def lines(self) -> list[str]:
        return [self.strip.render_line(y).text for y in range(self.strip.size.height)]


def ten(**changes: Any) -> tuple[DigitView, ...]:
    return tuple(replace(view(label, label), **changes) for label in range(10))


class TestStrip:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("size", [(120, 8), (40, 20), (45, 9), (30, 3), (20, 1), (5, 5), (1, 1)])
    async def test_lines_fill_any_size(self, mode: Mode, size: tuple[int, int]) -> None:
        app = StripApp()
        async with app.run_test(size=size):
            app.strip.mode = mode
            app.strip.views = ten()
            assert {len(line) for line in app.lines()} == {size[0]}

    async def test_a_strip_without_room_draws_nothing(self) -> None:
        app = StripApp()
        async with app.run_test(size=(40, 10)) as pilot:
            app.strip.styles.width = app.strip.styles.height = 0
            await pilot.pause()
            app.strip.views = ten()
            assert app.strip.render_line(0).cell_length == 0

    async def test_all_readings_are_shown_and_what_is_missing_is_said(self) -> None:
        app = StripApp()
        async with app.run_test(size=(120, 8)) as pilot:
            app.strip.views = ten()
            await pilot.pause()
            (line,) = [line for line in app.lines() if "%" in line]
            assert line.split() == [part for label in range(10) for part in ("✓", str(label), "98%")]
            await pilot.resize_terminal(45, 9)
            await pilot.pause()
            assert "+6 more" in "".join(app.lines())
            await pilot.resize_terminal(45, 2)
            await pilot.pause()
            assert "+3 more" in app.lines()[1]

    async def test_equal_drawings_repaint_nothing(self) -> None:
        app = StripApp()
        async with app.run_test(size=(120, 8)) as pilot:
            app.strip.views = ten()
            await pilot.pause()
            app.strip.asked.clear()
            app.strip.views = ten()
            await pilot.pause()
            assert app.strip.asked == []

    async def test_new_percents_repaint_the_caption_line_alone(self) -> None:
        app = StripApp()
        async with app.run_test(size=(120, 8)) as pilot:
            app.strip.views = ten()
            await pilot.pause()
            caption_line = next(y for y, line in enumerate(app.lines()) if "98%" in line)
            app.strip.asked.clear()
            app.strip.views = ten(probability=0.5)
            await pilot.pause()
            assert [(region.y, region.height) for regions in app.strip.asked for region in regions] == [
                (caption_line, 1)
            ]
            assert app.lines()[caption_line].count("50%") == 10

    async def test_one_changed_digit_repaints_up_to_its_end(self) -> None:
        app = StripApp()
        async with app.run_test(size=(120, 8)) as pilot:
            app.strip.views = ten()
            await pilot.pause()
            app.strip.asked.clear()
            app.strip.views = (app.strip.views[0], replace(app.strip.views[1], prediction=7), *app.strip.views[2:])
            await pilot.pause()
            grid = layout(10, 120, 8)
            (regions,) = app.strip.asked
            assert {region.right for region in regions} == {grid.place(1)[0] + grid.columns}

    async def test_mode_changes_at_once(self) -> None:
        app = StripApp()
        async with app.run_test(size=(120, 8)) as pilot:
            app.strip.views = ten()
            await pilot.pause()
            assert not "".join(app.lines()).isascii()
            app.strip.mode = "ascii"
            await pilot.pause()
            assert "".join(app.lines()).isascii()

    async def test_theme_changes_ink_and_paper(self) -> None:
        app = StripApp()
        async with app.run_test(size=(120, 8)) as pilot:
            app.strip.views = ten()
            for theme, ink in (("textual-dark", (255, 255, 255)), ("textual-light", (0, 0, 0))):
                app.theme = theme
                await pilot.pause()
                paper = Color.parse(app.theme_variables["background"]).rgb
                cells = [cell.style for y in range(8) for cell in app.strip.render_line(y) if cell.style]
                assert ink in {tuple(cell.color.triplet) for cell in cells if cell.color}
                assert tuple(cells[0].bgcolor.triplet) == paper

    async def test_wrong_color_follows_the_theme(self) -> None:
        app = StripApp()
        async with app.run_test(size=(120, 8)) as pilot:
            app.strip.views = ten(prediction=3)
            for theme in ("textual-dark", "textual-light", "nord"):
                app.theme = theme
                await pilot.pause()
                wanted = "error-lighten-2" if app.current_theme.dark else "error-darken-1"
                marks = [cell for y in range(8) for cell in app.strip.render_line(y) if "✗" in cell.text]
                assert len(marks) == 9
                assert {tuple(cell.style.color.triplet) for cell in marks} == {
                    Color.parse(app.theme_variables[wanted]).rgb
                }


class TestPalette:
    @pytest.mark.parametrize(
        ("theme", "paper", "ink"),
        [("ansi-dark", (0, 0, 0), (255, 255, 255)), ("ansi-light", (255, 255, 255), (0, 0, 0))],
    )
    async def test_terminal_colors_are_stood_in_for(self, theme: str, paper: Any, ink: Any) -> None:
        app = StripApp()
        async with app.run_test() as pilot:
            app.theme = theme
            await pilot.pause()
            assert raster_palette(app) == RasterPalette(paper, ink)

    async def test_paper_is_the_theme_background_or_what_is_given(self) -> None:
        app = StripApp()
        async with app.run_test():
            assert raster_palette(app).paper == Color.parse(app.theme_variables["background"]).rgb
            assert raster_palette(app, Color(1, 2, 3), Color(4, 5, 6)) == RasterPalette((1, 2, 3), (4, 5, 6))
