"""The confusion matrix, and what follows from it for each digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.confusion import (
    ClassMetrics,
    by_digit,
    cell_examples,
    confusion_matrix,
    difference,
    macro_means,
    turned,
)

LABELS = np.array([4, 4, 4, 9, 9, 0], np.uint8)
READINGS = np.array([4, 9, 9, 9, 4, 0], np.uint8)


def bytes_of(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint8)


def test_rows_are_what_it_is_and_columns_what_is_read() -> None:
    matrix = confusion_matrix(LABELS, READINGS)
    assert [len(matrix), *map(len, matrix)] == [10] * 11
    assert (matrix[4][4], matrix[4][9], matrix[9][4], matrix[9][9], matrix[0][0]) == (1, 2, 1, 1, 1)
    assert sum(map(sum, matrix)) == len(LABELS)


def test_no_images_make_an_empty_matrix() -> None:
    assert confusion_matrix(bytes_of([]), bytes_of([])) == ((0,) * 10,) * 10


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_every_image_is_counted_in_its_own_cell(pairs: list[tuple[int, int]]) -> None:
    matrix = confusion_matrix(bytes_of([p[0] for p in pairs]), bytes_of([p[1] for p in pairs]))
    assert all(matrix[i][j] == pairs.count((i, j)) for i in range(10) for j in range(10))


def test_precision_recall_and_f1_of_a_digit() -> None:
    four = by_digit(confusion_matrix(LABELS, READINGS))[4]
    assert four == ClassMetrics(images=3, read=2, right=1)
    assert four.precision == 1 / 2
    assert four.recall == 1 / 3
    assert four.f1 == pytest.approx(2 / (2 + 3))


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50))
def test_f1_is_the_harmonic_mean(right: int, missed: int, mistaken: int) -> None:
    each = ClassMetrics(images=right + missed, read=right + mistaken, right=right)
    assert each.precision is not None and each.recall is not None
    assert each.f1 == pytest.approx(2 / (1 / each.precision + 1 / each.recall))


def test_a_digit_that_is_never_read_has_no_precision() -> None:
    seven, two, three = (by_digit(confusion_matrix(bytes_of([7, 7]), bytes_of([2, 2])))[d] for d in (7, 2, 3))
    assert (seven.precision, seven.recall, seven.f1) == (None, 0.0, 0.0)
    assert (two.precision, two.recall, two.f1) == (0.0, None, 0.0)
    assert (three.precision, three.recall, three.f1) == (None, None, None)


def test_macro_means_let_each_digit_count_alike_and_leave_out_what_has_no_figure() -> None:
    labels, predictions = [1] * 98 + [2, 2], [1] * 98 + [2, 1]
    means = macro_means(by_digit(confusion_matrix(bytes_of(labels), bytes_of(predictions))))
    assert means.recall == pytest.approx((1 + 0.5) / 2)
    assert means.precision == pytest.approx((98 / 99 + 1) / 2)
    assert means.digits == (2, 2, 2)
    assert macro_means(by_digit(((0,) * 10,) * 10)).f1 is None


def test_the_difference_and_what_has_turned() -> None:
    later = bytes_of([4, 4, 9, 4, 4, 0])
    change = difference(confusion_matrix(LABELS, later), confusion_matrix(LABELS, READINGS))
    assert (change[4][4], change[4][9], change[9][9], change[9][4]) == (1, -1, -1, 1)
    assert all(sum(row) == 0 for row in change)
    assert turned(LABELS, READINGS, later) == (1, 1)


def test_examples_of_an_error_are_the_surest_and_of_right_readings_the_least_sure() -> None:
    labels, predictions = bytes_of([4, 4, 4, 4, 4]), bytes_of([9, 9, 9, 4, 4])
    sure = np.array([0.5, 0.9, 0.7, 0.99, 0.6], np.float32)
    assert cell_examples(labels, predictions, sure, (4, 9), 2) == [1, 2]
    assert cell_examples(labels, predictions, sure, (4, 4), 5) == [4, 3]
    assert cell_examples(labels, predictions, sure, (4, 0), 5) == []
