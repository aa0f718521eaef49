"""Figures of a test set's counts, against published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.intervals import only_prediction, wilson_interval, worst_pairs
from tests.engine.strategies import examples

Confusion = tuple[tuple[int, ...], ...]


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (9500, 10_000, 0.94555, 0.95410),
        (9800, 10_000, 0.97707, 0.98257),
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_is_the_published_one(right: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=6e-5)


def test_no_image_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


counts = st.integers(1, 10**6).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@examples(60)
@given(count=counts)
def test_the_interval_holds_the_share_and_stays_a_share(count: tuple[int, int]) -> None:
    right, total = count
    low, high = wilson_interval(right, total)
    assert 0 <= low <= right / total + 1e-12
    assert right / total - 1e-12 <= high <= 1
    assert low < high


@examples(60)
@given(count=counts)
def test_one_more_right_moves_both_bounds_up(count: tuple[int, int]) -> None:
    right, total = count
    if right < total:
        low, high = wilson_interval(right, total)
        next_low, next_high = wilson_interval(right + 1, total)
        assert next_low > low
        assert next_high >= high


@examples(50)
@given(count=counts)
def test_right_and_wrong_are_two_sides_of_one_interval(count: tuple[int, int]) -> None:
    right, total = count
    low, high = wilson_interval(right, total)
    assert wilson_interval(total - right, total) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@examples(50)
@given(count=counts, times=st.integers(2, 50))
def test_more_images_of_the_same_share_narrow_it(count: tuple[int, int], times: int) -> None:
    right, total = count
    low, high = wilson_interval(right, total)
    many_low, many_high = wilson_interval(right * times, total * times)
    assert many_high - many_low < high - low


CONFUSED: Confusion = ((5, 2, 0), (2, 9, 1), (0, 7, 3))


def test_the_commonest_confusions_come_first() -> None:
    assert worst_pairs(CONFUSED) == [(2, 1, 7), (0, 1, 2), (1, 0, 2)]
    assert worst_pairs(CONFUSED, 1) == [(2, 1, 7)]
    assert worst_pairs(CONFUSED, 99) == [(2, 1, 7), (0, 1, 2), (1, 0, 2), (1, 2, 1)]


def test_a_digit_read_rightly_is_no_confusion() -> None:
    assert worst_pairs(((5, 0), (0, 9))) == []
    assert worst_pairs(()) == []


@pytest.mark.parametrize(
    ("confusion", "only"),
    [
        (((0, 5, 0), (0, 9, 0), (0, 2, 0)), 1),
        (((5, 0, 0), (9, 0, 0), (2, 0, 0)), 0),
        (((0, 5, 0), (0, 9, 0), (0, 2, 1)), None),
        (((5, 0, 0), (0, 9, 0), (0, 0, 2)), None),
        (((0, 0), (0, 0)), None),
        (((0, 5), (0, 0)), 1),
        (((5,),), None),
        ((), None),
    ],
)
def test_a_network_that_says_one_thing_only_is_found_out(confusion: Confusion, only: int | None) -> None:
    assert only_prediction(confusion) == only
