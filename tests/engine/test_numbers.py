"""Figures as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import numbers
from tui.views.big_number import big


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0.00%"),
        (1.0, "100.00%"),
        (0.9781, "97.81%"),
        (0.999999, "99.99%"),
        (0.0000001, "0.01%"),
        (0.1, "10.00%"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert numbers.percent(share) == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True), st.integers(0, 3))
def test_only_all_is_a_hundred_percent_and_only_none_is_zero(share: float, digits: int) -> None:
    text = numbers.percent(share, digits).removesuffix("%")
    assert 0 < float(text) < 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not finite"),
        (float("nan"), "not finite"),
        (float("inf"), "not finite"),
        (0.0, "0.0000"),
        (0.07312, "0.0731"),
        (2.302585, "2.3026"),
        (123.456, "123.5"),
        (2e6, "2.00e+06"),
        (3e-7, "3.00e-07"),
    ],
)
def test_loss(value: float | None, text: str) -> None:
    assert numbers.loss(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (42.4, "42 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (4320, "1 h 12 min"),
        (200_000, "2 days 7 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (10_000, "10,000"), (1_234_567.4, "1,234,567")])
def test_count(number: float, text: str) -> None:
    assert numbers.count(number) == text


@given(st.floats(0, 1))
def test_big_figures_are_three_rows_of_one_length(share: float) -> None:
    rows = big(numbers.percent(share))
    assert len(rows) == 3
    assert len({len(row) for row in rows}) == 1
    assert big(numbers.percent(share), ascii_only=True) == (numbers.percent(share),)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (640, "640"),
        (9999, "9,999"),
        (10000, "10k"),
        (415168, "415k"),
        (999499, "999k"),
        (999500, "1M"),
        (1250000, "1.25M"),
        (60000000, "60M"),
        (2500000000, "2.5G"),
    ],
)
def test_large_counts_are_short(number: int, text: str) -> None:
    assert numbers.rough(number) == text


def test_an_interval_has_one_percent_sign() -> None:
    assert numbers.interval(0.9736, 0.981) == "97.36 to 98.10%"
    assert numbers.interval(0.9736, 1.0, 1) == "97.4 to 100.0%"
