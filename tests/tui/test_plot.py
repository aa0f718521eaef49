"""A chart drawn to cells: it always fits, says what it cannot show, and never shows anything of another chart."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.segment import Segment

from tui.plotting import canvas
from tui.plotting.plot import Curve, Mark, Palette, Plot, Symbols, draw

Floats = NDArray[np.float64]

PALETTE = Palette("#0000ff", "#ff8800", "#000088", "#888888", "#222222", "#ffffff", "#00ff00", "#ff0000")
SYMBOLS: tuple[Symbols, ...] = get_args(Symbols)
NAN, INF = np.nan, np.inf


def floats(*numbers: float) -> Floats:
    return np.array(numbers, np.float64)


def epochs(*y: float, **more: object) -> Curve:
    return replace(Curve("training", np.arange(1.0, len(y) + 1), floats(*y)), **more)  # type: ignore[arg-type]


def loss(*curves: Curve, **more: object) -> Plot:
    return replace(Plot("Loss", "epoch", "loss", curves), **more)  # type: ignore[arg-type]


TRAINING = epochs(2.0, 1.0, 0.5, 0.3, 0.2)
VALIDATION = epochs(1.8, 1.1, 0.6, 0.5, 0.55, label="validation", role="validation", points=True)
BEST = Mark(4.0, "best 0.500 at epoch 4", "★")
TYPICAL = loss(TRAINING, VALIDATION, marks=(BEST,), x_max=10.0)


def text(rows: list[list[Segment]]) -> list[str]:
    return ["".join(segment.text for segment in row) for row in rows]


def lines(plot: Plot, width: int = 58, height: int = 14, symbols: Symbols = "braille") -> list[str]:
    return text(draw(plot, width, height, PALETTE, symbols=symbols))


def colored(
    plot: Plot, color: str, width: int = 58, height: int = 14, symbols: Symbols = "braille"
) -> set[tuple[int, int]]:
    """(row, column) of the canvas cells drawn in a color: those right of the axis and below the legend."""
    cells = set()
    for row, segments in enumerate(draw(plot, width, height, PALETTE, symbols=symbols)[2:-2], 2):
        column = 0
        for segment in segments:
            if segment.style and segment.style.color and segment.style.color.name == color:
                cells |= {(row, column + i) for i, c in enumerate(segment.text) if c != " "}
            column += segment.cell_length
    return cells


wild = st.sampled_from([0.0, 1.0, -1.0, 1e-9, 1e12, 1e300, -1e300, 1e308, 5e-324, NAN, INF, -INF]) | st.floats(-3, 3)
words = st.sampled_from(["", "training", "損失", "two\nlines", "a very long name of a run that fits nowhere"])


@st.composite
def any_curve(draw_: st.DrawFn) -> Curve:
    y = draw_(st.lists(wild, max_size=60))
    x = sorted(draw_(st.lists(st.floats(0, 1e6), min_size=len(y), max_size=len(y))))
    role = draw_(st.sampled_from(["train", "validation", "raw", "other"]))
    envelope = draw_(st.booleans())
    array = floats(*y)
    bounds = (array - 1, array + 1) if envelope else (None, None)
    return Curve(draw_(words), floats(*x), array, *bounds, role=role, points=draw_(st.booleans()))


any_plot = st.builds(
    Plot,
    title=words,
    x_label=st.sampled_from(["epoch", "step", "s", ""]),
    y_label=words,
    curves=st.lists(any_curve(), max_size=4).map(tuple),
    marks=st.lists(st.builds(Mark, wild, words, st.sampled_from(["★", "", "ab", "界"])), max_size=2).map(tuple),
    log_y=st.booleans(),
    y_min=st.none() | wild,
    y_max=st.none() | wild,
    percent=st.booleans(),
    x_max=st.none() | wild,
    note=words,
)


@settings(max_examples=150)
@given(any_plot, st.integers(0, 130), st.integers(0, 32), st.sampled_from(SYMBOLS))
def test_any_plot_fills_any_size_exactly(plot: Plot, width: int, height: int, symbols: Symbols) -> None:
    rows = draw(plot, width, height, PALETTE, symbols=symbols)
    assert len(rows) == height
    assert {cell_len(row) for row in text(rows)} <= {width}
    assert symbols != "ascii" or all(row.isascii() for row in text(rows))


@pytest.mark.parametrize(("width", "height"), [(0, 0), (1, 1), (1, 5), (5, 1), (15, 4), (16, 5), (24, 8)])
def test_a_small_chart_shows_what_fits(width: int, height: int) -> None:
    assert [len(row) for row in lines(TYPICAL, width, height)] == [width] * height


@pytest.mark.parametrize("plot", [loss(), loss(epochs()), Plot("", "", "", ())])
def test_before_the_first_point_it_says_so(plot: Plot) -> None:
    assert any("no data yet" in row for row in lines(plot))


@pytest.mark.parametrize("symbols", SYMBOLS)
@pytest.mark.parametrize("role", ["train", "validation", "raw", "other"])
def test_one_point_is_a_mark_that_can_be_seen(role: str, symbols: Symbols) -> None:
    plot = loss(epochs(0.7, role=role, label=""))
    colors = {"train": PALETTE.train, "validation": PALETTE.validation, "raw": PALETTE.raw, "other": PALETTE.text}
    ((row, column),) = colored(plot, colors[role], symbols=symbols)
    assert lines(plot, symbols=symbols)[row][column] in ("■●•◆" if symbols != "ascii" else "#o.%")


@pytest.mark.parametrize("value", [0.0, 2.3026, -1.0, 1e-9, 1e12])
def test_a_constant_is_a_flat_line_in_the_middle(value: float) -> None:
    rows = {row for row, _ in colored(loss(epochs(*[value] * 8, label="")), PALETTE.train)}
    assert rows <= {5, 6, 7}
    assert len(rows) == 1


@pytest.mark.parametrize("symbols", SYMBOLS)
@pytest.mark.parametrize("size", [(58, 14), (120, 40)], ids=["by plotext", "as bars"])
def test_a_line_is_not_bridged_over_a_value_that_is_not_a_number(size: tuple[int, int], symbols: Symbols) -> None:
    plot = loss(epochs(1.0, 1.0, NAN, 1.0, 1.0, label="", points=True), y_min=0.0, y_max=2.0)
    width, height = size
    columns = sorted({column for _, column in colored(plot, PALETTE.train, width, height, symbols)})
    gaps = np.diff(columns)
    assert sorted(gaps)[-2:] == [1, gaps.max()]
    assert gaps.max() > width / 4


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([1.0, INF, 2.0], "1 value not shown (inf) at epoch 2"),
        ([2.3, 1.0, NAN, NAN, NAN], "3 values not shown (nan) from epoch 3 on"),
        ([NAN, NAN], "2 values not shown (nan) from epoch 1 on"),
    ],
)
def test_what_is_not_shown_is_told(y: list[float], words: str) -> None:
    assert any(words in row for row in lines(loss(epochs(*y))))


def test_a_series_without_any_value_says_so_instead_of_looking_flat() -> None:
    rows = lines(loss(epochs(NAN, INF)))
    assert any("none of 2 values can be shown" in row for row in rows)
    assert "training nan" in rows[0] or "training inf" in rows[0]


def test_the_same_loss_in_two_curves_is_told_once() -> None:
    plot = loss(epochs(1.0, NAN), epochs(1.0, NAN, label="raw", role="raw"), epochs(1.0, 2.0, label="validation"))
    (row,) = [row for row in lines(plot, 80) if "not shown" in row]
    assert row.rstrip() == "training, raw: 1 value not shown (nan) at epoch 2"


def test_a_note_comes_before_the_rest() -> None:
    rows = lines(loss(epochs(1.0, INF), note="diverged at epoch 2 (inf)"), 80)
    assert rows[1].rstrip() == "diverged at epoch 2 (inf) · 1 value not shown (inf) at epoch 2"


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show_and_comes_back() -> None:
    curve = epochs(1.0, 0.0, 0.1, -2.0, 0.01)
    linear, log = loss(curve), loss(curve, log_y=True)
    before = lines(linear)
    assert any("2 values ≤ 0 not shown (log axis)" in row for row in lines(log))
    assert "log scale" in lines(log)[0]
    assert [label for label in ("1 ┤", "0.1 ┤", "0.01 ┤") if not any(label in row for row in lines(log))] == []
    assert lines(linear) == before
    assert any("none of 2 values" in row for row in lines(loss(epochs(0.0, -1.0), log_y=True)))


@pytest.mark.parametrize("points", [True, False], ids=["by plotext", "as bars"])
def test_a_spike_among_many_points_is_seen(*, points: bool) -> None:
    y = np.ones(100_000)
    y[31_416] = 9.0
    cells = colored(loss(Curve("", np.arange(100_000.0), y, points=points)), PALETTE.train)
    assert min(row for row, _ in cells) <= 4
    assert len({column for row, column in cells if row <= 4}) == 1


def test_bars_show_the_same_line_as_plotext(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(0.1, 10, 200)
    plot = loss(Curve("", x, 2 * np.exp(-x) + 0.1 * np.sin(3 * x), points=True))
    by_plotext = colored(plot, PALETTE.train)
    monkeypatch.setattr(canvas, "_MANY_CELLS", 0)
    as_bars = colored(plot, PALETTE.train)
    for cells, others in ((by_plotext, as_bars), (as_bars, by_plotext)):
        assert all({(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & others for row, column in cells)


def test_values_beyond_the_limits_asked_for_leave_the_canvas() -> None:
    plot = loss(epochs(1e30, 0.5, 0.5, 1e30, label=""), y_min=0.0, y_max=1.0)
    assert {row for row, _ in colored(plot, PALETTE.train)} == set(range(2, 7))


@pytest.mark.parametrize(
    ("width", "legend"),
    [
        (78, "Loss   ⠤⠤ training 0.200   ⠤●⠤ validation 0.550        ★ best 0.500 at epoch 4"),
        (58, "⠤⠤ training 0.200   ⠤●⠤ validation 0.550"),
        (42, "⠤⠤ training 0.200   ⠤●⠤ validation 0.550"),
        (32, "⠤⠤ train 0.200   ⠤●⠤ valid 0.550"),
        (24, "⠤⠤ training 0.200"),
    ],
)
def test_the_legend_names_each_curve_with_its_mark_and_value(width: int, legend: str) -> None:
    rows = [row.rstrip() for row in lines(TYPICAL, width)]
    assert legend in rows[:2]
    assert any("★ best 0.500" in row for row in rows[:2])


def test_a_value_of_its_own_replaces_the_last_and_no_label_means_no_legend() -> None:
    plot = loss(epochs(1.0, current="0.9 now"), epochs(2.0, label="", role="raw"), epochs(3.0, label="b", current=""))
    assert lines(plot)[0].split()[1:] == ["⠤⠤", "training", "0.9", "now", "⠤⠤", "b"]


@pytest.mark.parametrize("symbols", SYMBOLS)
@pytest.mark.parametrize("roles", [("train", "validation", "raw"), ("other",) * 4], ids=["a training", "four runs"])
def test_curves_differ_without_color(roles: tuple[str, ...], symbols: Symbols) -> None:
    curves = [epochs(1.0, 2.0, label="run", current="", role=role, points=role == "validation") for role in roles]
    signs = [word for word in lines(loss(*curves), 120, symbols=symbols)[0].split()[1:] if word != "run"]
    assert len(signs) == len(set(signs)) == len(roles)


@pytest.mark.parametrize(("count", "marked"), [(6, range(6, 7)), (25, range(8, 16)), (2000, range(8, 16))])
def test_every_point_is_marked_while_there_is_room_and_then_some(count: int, marked: range) -> None:
    x = np.linspace(0.0, 20.0, count)
    rows = lines(loss(Curve("", x, x, role="validation", points=True)))[1:]
    assert sum(row.count("●") for row in rows) in marked
    assert rows[-3].split("┤")[1].startswith("●")


def test_a_mark_stands_on_the_point_it_belongs_to() -> None:
    rows = lines(TYPICAL)
    (row,) = [i for i, line in enumerate(rows[2:], 2) if "★" in line]
    column = rows[row].index("★")
    points = {column for _, column in colored(loss(VALIDATION, x_max=10.0), PALETTE.validation)}
    assert column in points
    assert colored(TYPICAL, PALETTE.mark) == {(row, column)}


def test_a_mark_without_a_point_stands_at_the_top_and_one_out_of_sight_nowhere() -> None:
    assert "★" in lines(loss(TRAINING, marks=(replace(BEST, x=3.0),)))[1]
    for x in (-5.0, 99.0, NAN, INF):
        assert not colored(loss(TRAINING, marks=(replace(BEST, x=x),)), PALETTE.mark)


@pytest.mark.parametrize("symbols", SYMBOLS)
def test_tick_labels_stand_under_their_ticks(symbols: Symbols) -> None:
    rows = lines(loss(epochs(*range(26)), x_max=25.0), 60, symbols=symbols)
    tick = "┬" if symbols != "ascii" else "+"
    for label in ("5", "10", "15", "20", "25"):
        start = rows[-1].index(f" {label}") + 1
        assert tick in rows[-2][start : start + len(label)]
    assert rows[-1].startswith("epoch  0")


def test_the_unit_stands_at_the_end_of_a_narrow_axis() -> None:
    assert lines(TYPICAL, 30)[-1].endswith("  epoch")


def test_large_steps_and_shares_are_written_short() -> None:
    x = np.arange(0.0, 25_001.0, 100.0)
    rows = lines(Plot("Accuracy", "step", "", (Curve("training", x, 0.9 + x / 300_000),), percent=True), 80)
    assert rows[-1].split() == ["step", "0", "5k", "10k", "15k", "20k", "25k"]
    assert "98.33%" in rows[0]
    assert any("95% ┤" in row or "96% ┤" in row for row in rows)


def test_no_curve_title_or_scale_of_one_chart_reaches_another() -> None:
    accuracy = Plot("Accuracy", "step", "", (epochs(0.1, 0.9, label="other"),), percent=True)
    log = loss(TRAINING, log_y=True)
    alone = [lines(p) for p in (TYPICAL, accuracy, log)]
    canvas._plotext.cache_clear()
    for _ in range(5):
        assert [lines(p) for p in (TYPICAL, accuracy, log)] == alone


def test_charts_can_be_drawn_from_several_threads() -> None:
    plots = [loss(epochs(*np.linspace(start, 9 - start, 40))) for start in range(10)]
    alone = [lines(plot) for plot in plots]
    canvas._plotext.cache_clear()
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lines, plots)) == alone
    finally:
        sys.setswitchinterval(usual)


def test_a_chart_may_be_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", "4")
    canvas._plotext.cache_clear()
    columns = {column for _, column in colored(loss(epochs(1.0, 2.0, 1.0, 2.0, points=True)), PALETTE.train, 100, 8)}
    assert max(columns) == 99


def test_the_arrays_given_are_not_changed() -> None:
    y = floats(1.0, NAN, 0.0, INF)
    draw(loss(Curve("training", np.arange(4.0), y), log_y=True), 58, 14, PALETTE)
    np.testing.assert_array_equal(y, [1.0, NAN, 0.0, INF])


# a cursor, a window, a logarithmic x axis


def window(first: float, last: float, **more: object) -> Plot:
    return replace(TYPICAL, x_limits=(first, last), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("symbols", SYMBOLS)
def test_a_cursor_is_an_upright_line_from_top_to_bottom_where_it_stands(symbols: Symbols) -> None:
    plain, marked = lines(TYPICAL, symbols=symbols), lines(TYPICAL.at(0, 8.0), symbols=symbols)
    upright, foot = ("|", "^") if symbols == "ascii" else ("│", "┷")
    column = marked[-2].index(foot)
    assert plain[-2].index("┬" if symbols != "ascii" else "+", column - 2) in range(column - 2, column + 3)
    rows = [row for row in marked[:-2] if row[column] == upright]
    assert len(rows) >= len(marked) - 4


def test_the_cursor_hides_no_curve() -> None:
    bare = colored(TYPICAL, PALETTE.validation)
    assert colored(replace(TYPICAL, cursor=3.0), PALETTE.validation) >= bare


def test_a_cursor_out_of_sight_is_not_drawn() -> None:
    assert lines(window(1.0, 3.0))[2:] == lines(window(1.0, 3.0, cursor=4.5))[2:]


def test_with_a_cursor_the_legend_tells_what_is_there() -> None:
    told = replace(TRAINING, reported=lambda step: f"{step / 10} (0.1–0.9)")
    plot = loss(told, VALIDATION)
    row = lines(plot.at(12, 2.0), width=120)[0]
    assert "training 1.2 (0.1–0.9)" in row
    assert "validation 0.550" in row
    narrow = lines(plot.at(12, 2.0), width=38)
    assert "training 1.2 (0.1–0.9)" in narrow[0]
    assert "validation" in narrow[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(10, 120), st.integers(4, 30), st.text("0123456789.", max_size=30), st.sampled_from(SYMBOLS))
def test_the_picture_stays_in_its_place_whatever_the_values_at_the_cursor_are(
    width: int, height: int, value: str, symbols: Symbols
) -> None:
    def drawn(words: str) -> list[str]:
        return lines(loss(replace(TRAINING, reported=lambda _: words), VALIDATION).at(1, 2.0), width, height, symbols)

    assert drawn(value)[max(height // 4, 1) :] == drawn("0.5")[max(height // 4, 1) :]


def test_y_shows_what_is_in_the_window() -> None:
    plot = loss(epochs(100.0, 2.0, 1.0, 1.5, 1.2))
    assert "100" in "".join(lines(plot))
    assert "100" not in "".join(lines(replace(plot, x_limits=(2.0, 5.0))))


def test_a_line_leads_into_the_window_and_out_of_it() -> None:
    plot = loss(epochs(1.0, 0.5, role="validation", points=True), x_limits=(1.4, 1.6))
    drawn = lines(plot)
    assert "nothing here" not in "".join(drawn)
    assert "●" not in "".join(drawn[2:])
    columns = {column for _, column in colored(plot, PALETTE.validation)}
    assert len(columns) > 45


def test_a_window_without_any_value_says_so() -> None:
    assert "nothing here" in "".join(lines(loss(TRAINING, x_limits=(7.0, 9.0))))


def test_on_a_logarithmic_x_axis_a_power_law_is_straight() -> None:
    x = np.geomspace(1, 1000, 200)
    plot = Plot("", "step", "", (Curve("loss", x, 1 / x),), log_x=True, log_y=True)
    cells = colored(plot, PALETTE.train, width=60, height=24)
    columns = np.array(sorted({c for _, c in cells}))
    rows = [np.mean([row for row, c in cells if c == column]) for column in columns]
    slope, start = np.polyfit(columns, rows, 1)
    assert np.abs(np.array(rows) - (slope * columns + start)).max() < 1.0
    ruler = lines(plot, width=60, height=24)[-1].split()
    assert {"1", "10", "100", "1000"} <= set(ruler)


def test_what_is_not_above_zero_has_no_place_on_a_logarithmic_x_axis() -> None:
    x = np.arange(0.0, 5.0)
    curve = Curve("loss", x, x + 1)
    for limits in (None, (0.0, 4.0), (1.0, 3.0)):
        drawn = lines(Plot("", "epoch", "", (curve,), log_x=True, x_limits=limits, marks=(Mark(0.0, "", "▲"),)))
        assert "nothing" not in "".join(drawn)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 90),
    st.integers(0, 30),
    st.tuples(st.floats(-5, 20), st.floats(-5, 20)).map(sorted),
    st.floats(-5, 20),
    st.booleans(),
    st.booleans(),
    st.sampled_from(SYMBOLS),
)
def test_any_window_and_cursor_at_any_size(
    width: int, height: int, limits: list[float], cursor: float, log_x: bool, log_y: bool, symbols: Symbols
) -> None:
    plot = replace(TYPICAL, x_limits=(limits[0], limits[1]), cursor=cursor, log_x=log_x, log_y=log_y)
    rows = draw(plot, width, height, PALETTE, symbols=symbols)
    assert [sum(cell_len(segment.text) for segment in row) for row in rows] == [width if width > 0 else 0] * height


def test_quiet_marks_have_no_line_and_low_ones_are_at_the_foot() -> None:
    quiet = Mark(5.0, "", "‖", quiet=True)
    low = replace(quiet, glyph="▾", low=True)
    drawn = lines(loss(TRAINING, x_max=10.0, marks=(quiet, low)))
    assert "‖" in drawn[1]
    assert "▾" in drawn[-3]
    assert "┊" not in "".join(drawn)


def test_three_curves_keep_their_names_in_two_rows_where_one_is_too_narrow() -> None:
    curves = [
        epochs(0.02, 0.01, label=label, role=role)
        for label, role in (("training", "train"), ("validation", "validation"), ("parent", "other"))
    ]
    rows = lines(loss(*curves, title=""), 40, 14)
    assert all(name in f"{rows[0]} {rows[1]}" for name in ("training 0.0100", "validation 0.0100", "parent 0.0100"))
    assert "parent" not in " ".join(lines(loss(*curves, title=""), 40, 8))  # too low for two


def test_a_curve_may_have_a_sign_of_its_own() -> None:
    plot = loss(
        epochs(1.0, 0.5, label="second", role="between", points=True, sign="2"),
        epochs(2.0, 0.7, label="third", role="between", points=True, sign="3"),
    )
    text = "\n".join(lines(plot, 60, 12))
    assert "⠤2⠤ second" in text and "⠤3⠤ third" in text
    assert text.count("2") > 2
