"""McNemar's test against values worked out by hand and from the literature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.mcnemar import EXACT_BELOW, Comparison, chi_squared, compare, edwards_p, exact_p


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),  # one toss: either side is as lopsided as can be
        (5, 0, 2 / 32),
        (0, 6, 2 / 64),
        (3, 1, 2 * (1 + 4) / 16),
        (11, 1, 2 * (1 + 12) / 4096),
        (7, 2, 2 * (1 + 9 + 36) / 512),
        (6, 6, 1.0),
    ],
)
def test_the_exact_test_counts_the_tosses_of_a_coin(first: int, second: int, p: float) -> None:
    assert exact_p(first, second) == pytest.approx(p, rel=1e-12)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_exact_test_is_the_sum_of_binomials(first: int, second: int) -> None:
    n = first + second
    tail = sum(math.comb(n, k) for k in range(min(first, second) + 1)) * 2 / 2**n
    assert exact_p(first, second) == pytest.approx(min(tail, 1.0), rel=1e-10)


def test_thousands_neither_overflow_nor_vanish() -> None:
    assert exact_p(5000, 5000) == 1.0
    assert 0.9 < exact_p(5001, 5000) <= 1.0
    assert 0 <= exact_p(10_000, 0) < 1e-300
    assert exact_p(5100, 4900) == pytest.approx(edwards_p(5100, 4900), rel=0.01)


def test_the_statistic_of_the_literature() -> None:
    """Severe colds of 1319 children at 12 and at 14 (Bland, An Introduction to Medical Statistics): 144 and 256."""
    assert (256 - 144) ** 2 / 400 == 31.36  # as printed, without the correction
    assert chi_squared(256, 144) == pytest.approx(111**2 / 400)
    assert edwards_p(256, 144) < 0.0001


@pytest.mark.parametrize(
    ("first", "second", "statistic", "p"),
    [
        (25, 15, 2.025, 0.154729),  # 9² / 40
        (150, 86, 63**2 / 236, 4.115e-5),
        (112, 42, 69**2 / 154, 2.695e-8),
        (30, 30, 0.0, 1.0),
    ],
)
def test_the_correction_for_continuity(first: int, second: int, statistic: float, p: float) -> None:
    assert chi_squared(first, second) == pytest.approx(statistic)
    assert edwards_p(first, second) == pytest.approx(p, rel=1e-3)
    assert edwards_p(second, first) == edwards_p(first, second)


def test_few_images_are_counted_exactly() -> None:
    few = Comparison(9_900, EXACT_BELOW - 4, 3, 70)
    many = Comparison(9_900, EXACT_BELOW - 3, 3, 70)
    assert (few.method, many.method) == ("exact", "chi-squared")
    assert few.p == exact_p(21, 3)
    assert many.p == edwards_p(22, 3)


def test_readings_are_counted_by_who_is_right() -> None:
    labels = np.array([1, 2, 3, 4, 5, 6, 7], np.uint8)
    first = np.array([1, 2, 3, 4, 5, 0, 0], np.uint8)
    second = np.array([1, 2, 9, 9, 9, 6, 9], np.uint8)
    found = compare(labels, first, second)
    assert found == Comparison(both=2, only_first=3, only_second=1, neither=1)
    assert (found.images, found.rights, found.differ) == (7, (5, 3), 4)
    assert compare(labels, second, first) == Comparison(2, 1, 3, 1)


def test_a_difference_is_real_where_chance_hardly_brings_it() -> None:
    assert Comparison(9_700, 112, 42, 146).is_real
    assert not Comparison(9_700, 30, 25, 146).is_real
    assert not Comparison(9_700, 0, 0, 300).is_real
