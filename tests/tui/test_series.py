"""Thinning keeps what a person must see, smoothing is the average it says, and what cannot be shown is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui.plotting.downsample import bridge, clean, column_edges, column_of, ema, span_dots, thin

Floats = NDArray[np.float64]

NAN, INF = np.nan, np.inf
values = st.floats(-1e6, 1e6)
gappy = st.lists(st.one_of(values, st.just(NAN)), min_size=1, max_size=300)


def floats(*numbers: float) -> Floats:
    return np.array(numbers, np.float64)


def ramp(count: int) -> Floats:
    return np.arange(count, dtype=np.float64)


@given(st.lists(values, min_size=1, max_size=400), st.integers(1, 60))
def test_each_column_keeps_its_minimum_and_maximum_in_at_most_two_points(numbers: list[float], columns: int) -> None:
    y = floats(*numbers)
    x = ramp(len(y))
    few = thin(x, y, None, None, columns)
    home = column_of(column_edges(x[0], x[-1], columns), x)
    assert sorted(set(home)) == sorted(set(few.column))
    for column in set(home):
        inside = y[home == column]
        kept = few.y[few.column == column]
        assert len(kept) <= 2
        assert (kept.min(), kept.max()) == (inside.min(), inside.max())
        assert (few.low[column], few.high[column]) == (inside.min(), inside.max())


def test_one_spike_in_a_million_points_is_kept() -> None:
    y = np.ones(1_000_000)
    y[123_456] = 50.0
    few = thin(ramp(len(y)), y, None, None, 100)
    assert few.y.max() == 50.0
    assert len(few.y) == 101


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["rising", "falling"])
def test_the_two_points_of_a_column_come_in_the_order_of_the_series(sign: float) -> None:
    few = thin(ramp(100), sign * ramp(100), None, None, 10)
    assert (np.diff(sign * few.y) > 0).all()


def test_a_short_series_keeps_every_point_and_its_place() -> None:
    few = thin(floats(0, 1, 3), floats(5, 6, 7), None, None, 31)
    assert few.column.tolist() == [0, 10, 30]
    assert few.y.tolist() == [5, 6, 7]


def test_points_outside_the_limits_are_left_out() -> None:
    few = thin(ramp(11), ramp(11), None, None, 5, limits=(2.0, 6.0))
    assert few.y.tolist() == [2, 3, 4, 5, 6]


def test_the_envelope_of_the_points_is_kept_beside_their_values() -> None:
    few = thin(ramp(4), floats(5, 6, 7, 8), floats(1, 2, 3, 4), floats(9, 10, 11, 12), 2)
    assert (few.low.tolist(), few.high.tolist()) == ([1, 3], [10, 12])
    assert (few.line().low.tolist(), few.line().high.tolist()) == ([5, 7], [6, 8])


@given(gappy, st.integers(1, 40))
def test_a_value_that_is_not_a_number_breaks_the_line_where_it_was(numbers: list[float], columns: int) -> None:
    y = floats(*numbers)
    x = ramp(len(y))
    few = thin(x, y, None, None, columns)
    finite = y[np.isfinite(y)]
    shown = few.y[np.isfinite(few.y)]
    assert bool(np.isnan(few.y).any()) == bool(np.isnan(y).any())
    assert len(shown) == 0 or (shown.min(), shown.max()) == (finite.min(), finite.max())
    home = column_of(column_edges(x[0], x[-1], columns), x)
    assert set(np.flatnonzero(few.broken)) == set(home[np.isnan(y)])


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_a_gap_is_not_bridged_and_a_stretch_without_points_is(bad: float) -> None:
    low, high = bridge(thin(floats(0, 2, 4, 6), floats(1, 3, bad, 5), None, None, 7))
    np.testing.assert_array_equal(low, [1, 2, 3, NAN, NAN, NAN, 5])
    np.testing.assert_array_equal(high, low)


@pytest.mark.parametrize(("x", "columns"), [([], 10), ([1.0], 0), ([1.0, 2.0], -3)])
def test_nothing_to_thin_and_nowhere_to_put_it_are_empty(x: list[float], columns: int) -> None:
    few = thin(floats(*x), floats(*x), None, None, columns)
    assert len(few.column) == len(few.y) == 0
    assert len(few.low) == max(columns, 0)


def test_bars_beside_each_other_meet() -> None:
    dots = span_dots(floats(0, 3, NAN, 1), floats(0, 3, NAN, 1), rows=4)
    assert ["".join("#" if dot else "." for dot in row) for row in dots] == [".#..", ".#..", ".#.#", "#..."]


@given(gappy, st.floats(0, 0.999), st.data())
def test_the_average_is_that_of_its_formula(numbers: list[float], weight: float, data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(1, 500), min_size=len(numbers), max_size=len(numbers)))
    mean, seen, expected = 0.0, 0.0, []
    for value, count in zip(numbers, counts, strict=True):
        if np.isfinite(value):
            mean = weight**count * mean + (1 - weight**count) * value
            seen += count
        expected.append(mean / (1 - weight**seen) if np.isfinite(value) else NAN)
    scale = max((abs(v) for v in numbers if np.isfinite(v)), default=1.0)
    np.testing.assert_allclose(
        ema(floats(*numbers), weight, floats(*counts)), expected, rtol=1e-6, atol=1e-9 * scale + 1e-12
    )


def test_a_point_that_stands_for_several_values_weighs_as_much_as_they_do() -> None:
    y, counts = floats(3, 1, 2), floats(4, 1, 7)
    each = ema(np.repeat(y, counts.astype(int)), 0.9)
    np.testing.assert_allclose(ema(y, 0.9, counts), each[[3, 4, 11]])


@pytest.mark.parametrize("weight", [0.0, 0.001, 0.9, 0.999999])
def test_a_constant_is_its_own_average_from_the_first_point_on_however_long(weight: float) -> None:
    np.testing.assert_allclose(ema(np.full(30_000, 2.3), weight), 2.3, rtol=1e-9)


@pytest.mark.parametrize("weight", [-0.1, 1.0, 1.5, NAN])
def test_a_weight_that_is_no_share_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        ema(floats(1, 2), weight)


@pytest.mark.parametrize(
    ("y", "log", "unit", "words"),
    [
        ([1, 2, 3], False, "epoch", ()),
        ([1, NAN, 3], False, "epoch", ("1 value not shown (nan) at epoch 2",)),
        ([1, INF, NAN], False, "epoch", ("2 values not shown (nan, inf) from epoch 2 on",)),
        ([NAN, 1, -INF], False, "step", ("2 values not shown (nan, inf) first at step 1",)),
        ([1, 2, 1e305], False, "s", ("1 value not shown (too large) at 3 s",)),
        ([0, -1, 3], True, "epoch", ("2 values ≤ 0 not shown (log axis)",)),
        ([0, NAN, 3], True, "", ("1 value not shown (nan) at 2", "1 value ≤ 0 not shown (log axis)")),
        ([0, -1, 3], False, "epoch", ()),
    ],
)
def test_what_cannot_be_shown_is_told_in_words(y: list[float], log: bool, unit: str, words: tuple[str, ...]) -> None:
    given_y = floats(*y)
    data = clean(floats(1, 2, 3), given_y, None, None, log=log, unit=unit)
    assert data.lost == words
    np.testing.assert_array_equal(given_y, y)


def test_the_range_counts_the_envelope_and_only_what_can_be_shown() -> None:
    x, y = floats(1, 2, 3), floats(1, NAN, 3)
    assert clean(x, y, None, None).range == (1, 3)
    assert clean(x, y, floats(0.5, 1, 1), floats(2, 2, INF)).range == (0.5, 3)
    assert clean(x, floats(-1, 0.5, 2), floats(-2, -3, 1), floats(3, 3, 3), log=True).range == (0.5, 3)
    assert clean(x, floats(NAN, NAN, INF), None, None).range is None


def test_points_without_a_place_on_the_x_axis_are_dropped() -> None:
    data = clean(floats(1, INF, NAN), floats(4, 5, 6), floats(4, 5, 6), floats(4, 5, 6))
    assert (data.x.tolist(), data.y.tolist()) == ([1], [4])
