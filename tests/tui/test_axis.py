"""Axes: limits that hold the values, round ticks that do not overlap, and numbers written short."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plotting.axis import HUGE, labels, level, limits, linear_ticks, log_ticks, nice_step, span, upright, value_text

numbers = st.floats(-1e290, 1e290)
sizes = st.floats(0.5, 60)


@pytest.mark.parametrize(
    ("rough", "step"),
    [(1, 1), (1.01, 2), (2.3, 5), (6, 10), (0.3, 0.5), (0.00011, 0.0002), (7e11, 1e12), (3e-10, 5e-10)],
)
def test_a_step_is_the_next_1_2_or_5(rough: float, step: float) -> None:
    assert nice_step(rough) == pytest.approx(step)


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0, 10, 5, [0, 5, 10]),
        (0, 10, 6, [0, 2, 4, 6, 8, 10]),
        (0.05, 0.35, 3, [0.1, 0.2, 0.3]),
        (-1, 1, 5, [-1, -0.5, 0, 0.5, 1]),
        (0, 25_000, 6, [0, 5000, 10_000, 15_000, 20_000, 25_000]),
        (3, 3, 5, []),
        (0, 1, 0, []),
    ],
)
def test_ticks_are_evenly_spaced_round_numbers(low: float, high: float, most: int, ticks: list[float]) -> None:
    assert linear_ticks(low, high, most) == ticks


def test_an_axis_of_counts_has_whole_ticks_only() -> None:
    assert linear_ticks(0, 2, 10, whole=True) == [0, 1, 2]


@pytest.mark.parametrize(
    ("low", "high", "most", "values"),
    [
        (-2, 0, 9, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]),
        (-2, 0, 6, [0.01, 0.03, 0.1, 0.3, 1]),
        (-2, 0, 3, [0.01, 0.1, 1]),
        (-9, 1, 4, [1e-9, 1e-6, 1e-3, 1]),
        (math.log10(0.31), math.log10(0.48), 5, [0.35, 0.4, 0.45]),
    ],
)
def test_logarithmic_ticks_are_decades_and_round_numbers_between(
    low: float, high: float, most: int, values: list[float]
) -> None:
    assert [10**t for t in log_ticks(low, high, most)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([0, 0.5, 1.0], ["0", "0.5", "1.0"]),
        ([0, 1, 2], ["0", "1", "2"]),
        ([12_000, 12_500, 13_000], ["12.0k", "12.5k", "13.0k"]),
        ([0, 5000, 10_000], ["0", "5k", "10k"]),
        ([0, 2e6, 4e6], ["0", "2M", "4M"]),
        ([1e12, 2e12], ["1e12", "2e12"]),
        ([0, 5e-10, 1e-9], ["0", "5e-10", "1e-9"]),
        ([-0.02, 0, 0.02], ["-0.02", "0", "0.02"]),
        ([12_500], ["12.5k"]),
        ([], []),
    ],
)
def test_tick_labels_have_the_digits_that_tell_them_apart(ticks: list[float], texts: list[str]) -> None:
    assert labels(ticks) == texts


def test_shares_are_labeled_as_percentages() -> None:
    assert labels([0, 0.5, 1], percent=True) == ["0%", "50%", "100%"]
    assert labels([0.975, 0.98], percent=True) == ["97.5%", "98.0%"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.2314, "0.231"),
        (0.09123, "0.0912"),
        (2.3026, "2.303"),
        (0, "0"),
        (-0.5, "-0.500"),
        (12.345, "12.35"),
        (432.1, "432.1"),
        (12_500, "12.5k"),
        (3_200_000, "3.20M"),
        (1e12, "1e12"),
        (9.1e-5, "9.1e-5"),
        (1e-9, "1e-9"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_a_value_is_written_in_a_few_digits(value: float, text: str) -> None:
    assert value_text(value) == text


def test_a_share_is_written_to_the_hundredth_of_a_percent() -> None:
    assert value_text(0.97842, percent=True) == "97.84%"


@given(numbers, numbers, sizes, st.booleans())
def test_an_axis_holds_its_values_and_its_ticks(a: float, b: float, rows: float, percent: bool) -> None:
    lower, upper = sorted((a, b))
    axis = upright(lower, upper, rows, percent=percent)
    slack = 1e-6 * (axis.high - axis.low)
    assert axis.low <= lower + slack
    assert axis.high >= upper - slack
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in axis.ticks)
    assert len(axis.ticks) == len(axis.labels) <= rows + 2


@given(st.floats(1e-290, 1e290), st.floats(1e-290, 1e290), sizes)
def test_a_logarithmic_axis_holds_its_values_and_its_ticks(a: float, b: float, rows: float) -> None:
    lower, upper = sorted((a, b))
    axis = upright(lower, upper, rows, log=True)
    assert axis.low <= math.log10(lower) + 1e-6
    assert axis.high >= math.log10(upper) - 1e-6
    assert all(axis.low - 1e-6 <= tick <= axis.high + 1e-6 for tick in axis.ticks)


@pytest.mark.parametrize("value", [0.0, 1.0, 2.3026, -4.0, 1e-9, 1e12, 1e299])
@pytest.mark.parametrize("rows", [3.75, 10.75, 26.75])
def test_a_single_value_lies_in_the_middle_between_ticks(value: float, rows: float) -> None:
    axis = upright(value, value, rows)
    assert (value - axis.low) / (axis.high - axis.low) == pytest.approx(0.5, abs=0.01)
    assert len(axis.ticks) >= 2


@pytest.mark.parametrize(("lower", "upper"), [(0.05, 2.31), (0.9, 0.986), (-3.0, 8.0), (0.0, 1.0), (1e-9, 4e-9)])
def test_ticks_are_a_whole_number_of_rows_apart(lower: float, upper: float) -> None:
    rows = 10.75
    axis = upright(lower, upper, rows)
    apart = {round(rows * (b - a) / (axis.high - axis.low), 6) for a, b in pairwise(axis.ticks)}
    assert len(apart) == 1
    assert apart.pop().is_integer()


def test_an_axis_stays_as_it_is_while_values_change_a_little() -> None:
    assert {limits(0.05, top, 10.75) for top in (2.2, 2.3, 2.6)} == {(0.0, 2.6875, 0.5)}


def test_zero_is_shown_where_it_is_near() -> None:
    assert upright(0.1, 2.0, 10).low == 0
    assert upright(-2.0, -0.1, 10).high == pytest.approx(0)
    assert upright(1.9, 2.0, 10).low > 1.5


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((0.0, 5.0), (0.0, 5.0)),
        ((None, 5.0), (0.0, 5.0)),
        ((5.0, 0.0), None),
        ((math.nan, math.inf), None),
        ((0.0, HUGE * 10), None),
        ((1.0, 1.0), None),
    ],
)
def test_limits_that_were_asked_for_win_where_they_can(
    asked: tuple[float | None, float | None], expected: tuple[float, float] | None
) -> None:
    axis, usual = upright(0.1, 2.0, 10, asked=asked), upright(0.1, 2.0, 10)
    assert (axis.low, axis.high) == (expected or (usual.low, usual.high))


def test_a_logarithmic_axis_cannot_begin_at_zero() -> None:
    assert upright(0.1, 2.0, 10, log=True, asked=(0.0, 100.0)).low == upright(0.1, 2.0, 10, log=True).low
    assert upright(0.1, 2.0, 10, log=True, asked=(0.0, 100.0)).high == 2.0


def test_a_share_has_no_tick_above_the_whole() -> None:
    assert upright(1.0, 1.0, 10, percent=True).labels[-1] == "100%"


@given(numbers, numbers, st.integers(1, 200), st.booleans(), st.integers(0, 8), st.integers(0, 8))
def test_labels_along_an_axis_do_not_touch_and_stay_in_their_room(
    a: float, b: float, width: int, whole: bool, overhang: int, reserved: int
) -> None:
    low, high = span(*sorted((a, b)))
    placed = level(low, high, width, whole=whole, overhang=overhang, reserved=reserved)
    for cell, start, text in placed:
        assert 0 <= cell < width
        assert -overhang <= start <= cell + 1
        assert start + len(text) <= width - reserved
    assert all(start + len(text) + 2 <= after for (_, start, text), (_, after, _) in pairwise(placed))


def test_an_axis_of_epochs_is_labeled_from_zero_to_the_end() -> None:
    assert level(0, 25, 51, whole=True, overhang=3, reserved=0) == [
        (0, 0, "0"),
        (10, 10, "5"),
        (20, 20, "10"),
        (30, 30, "15"),
        (40, 40, "20"),
        (50, 49, "25"),
    ]
