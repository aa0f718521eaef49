"""Reliability, the expected calibration error, and answers above a threshold, against cases worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.calibration import Answers, Bin, Overall, answers, overall, reliability


def of(confidences: Sequence[float], right: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(confidences, np.float32), np.array(right, np.bool_)


def bins_of(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Bin, ...]:
    return reliability(*of(confidences, right))


def test_each_image_falls_into_the_bin_whose_upper_end_it_reaches() -> None:
    bins = bins_of([0.0, 0.1, 0.11, 0.9, 0.91, 1.0], [True] * 6)
    assert [each.images for each in bins] == [2, 1, 0, 0, 0, 0, 0, 0, 1, 2]
    assert (bins[8].low, bins[8].high) == (0.8, 0.9)
    assert bins[9].confidence == pytest.approx(0.955)


def test_an_empty_bin_has_neither_confidence_nor_accuracy_and_counts_nothing() -> None:
    empty = bins_of([0.95], [True])[3]
    assert (empty.images, empty.confidence, empty.accuracy, empty.gap) == (0, None, None, 0.0)


def test_perfectly_calibrated() -> None:
    bins = bins_of([0.75] * 4 + [0.5] * 2, [True, True, True, False, True, False])
    assert overall(bins) == Overall(6, 4, pytest.approx(4 / 6), pytest.approx(0.0, abs=1e-9))


def test_all_wrong_and_quite_sure() -> None:
    bins = bins_of([1.0] * 5, [False] * 5)
    assert overall(bins) == Overall(5, 0, 1.0, 1.0)
    assert bins[9].gap == 1.0


def test_gaps_do_not_cancel_between_bins() -> None:
    bins = bins_of([0.6, 0.6, 0.95, 0.95], [True, True, True, False])
    whole = overall(bins)
    assert whole.ece == pytest.approx((2 * 0.4 + 2 * 0.45) / 4)
    assert whole.confidence == pytest.approx(0.775)


def test_one_image_and_none() -> None:
    assert overall(bins_of([0.8], [True])) == Overall(1, 1, pytest.approx(0.8), pytest.approx(0.2))
    assert overall(bins_of([], [])) == Overall(0, 0, 0.0, 0.0)


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), max_size=40))
def test_no_image_is_lost_and_the_error_is_a_share(images: list[tuple[float, bool]]) -> None:
    bins = bins_of([c for c, _ in images], [r for _, r in images])
    whole = overall(bins)
    assert (whole.images, whole.right) == (len(images), sum(r for _, r in images))
    assert 0 <= whole.ece <= 1
    mean_gap = abs(whole.confidence - whole.right / whole.images) if images else 0
    assert whole.ece >= mean_gap - 1e-6


def test_answers_from_a_threshold_on() -> None:
    sure, right = of([0.5, 0.9, 0.95, 0.99], [False, True, False, True])
    always, ninety, ninety_five, certain = answers(sure, right, (0.0, 0.9, 0.95, 1.0))
    assert (always.coverage, always.accuracy) == (1.0, 0.5)
    assert ninety == Answers(0.9, 4, 3, 2), "a confidence of the threshold itself is answered, in float32 too"
    assert (ninety_five.coverage, ninety_five.accuracy) == (0.5, 0.5)
    assert (certain.answered, certain.coverage, certain.accuracy) == (0, 0.0, None)


def test_answers_of_nothing() -> None:
    (none,) = answers(*of([], []), (0.5,))
    assert (none.coverage, none.accuracy) == (None, None)


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), max_size=40), st.floats(0, 1))
def test_answers_are_those_of_counting_one_by_one(images: list[tuple[float, bool]], threshold: float) -> None:
    sure, right = of([c for c, _ in images], [r for _, r in images])
    (found,) = answers(sure, right, (threshold,))
    kept = [r for c, r in zip(sure.tolist(), right.tolist(), strict=True) if round(c, 6) >= threshold - 1e-9]
    assert (found.answered, found.right) == (len(kept), sum(kept))
