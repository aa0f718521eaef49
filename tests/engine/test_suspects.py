"""Images whose label several runs agree against."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.label_errors import Suspect, find_suspects

LABELS = np.array([4, 7, 1, 0, 5], np.uint8)


def found(*runs: list[int], sure: NDArray[np.float32] | None = None) -> list[Suspect]:
    predictions = np.array(runs, np.uint8)
    return find_suspects(LABELS, predictions, np.full(predictions.shape, 0.5, np.float32) if sure is None else sure)


def test_all_runs_against_the_label() -> None:
    assert found([9, 7, 1, 0, 5], [9, 7, 1, 0, 5]) == [Suspect(0, 4, 9, 2, 2, 0.5)]


def test_runs_that_are_right_or_wrong_in_different_ways_speak_against_nothing() -> None:
    assert found([4, 7, 1, 0, 5], [4, 7, 1, 0, 5]) == []
    assert found([9, 7, 1, 0, 5], [6, 7, 1, 0, 5]) == []
    assert found([9, 7, 1, 0, 5], [4, 7, 1, 0, 5]) == []


@pytest.mark.parametrize("runs", [[], [[9, 9, 9, 9, 9]]])
def test_one_run_is_no_witness(runs: list[list[int]]) -> None:
    assert find_suspects(LABELS, np.array(runs, np.uint8).reshape(-1, 5), np.ones((len(runs), 5), np.float32)) == []


def test_a_majority_is_more_than_half() -> None:
    right = [4, 7, 1, 0, 5]
    wrong = [9, 7, 1, 0, 5]
    assert found(wrong, wrong, right, right) == []
    assert found(wrong, wrong, right) == [Suspect(0, 4, 9, 2, 3, 0.5, others=(4,))]
    assert found(wrong, wrong, [6, 7, 1, 0, 5], right, wrong) == [Suspect(0, 4, 9, 3, 5, 0.5, others=(4, 6))]


def test_the_confidence_is_the_mean_of_those_who_agree() -> None:
    sure = np.array([[0.9] * 5, [0.7] * 5, [0.1] * 5], np.float32)
    [only] = found([9, 7, 1, 0, 5], [9, 7, 1, 0, 5], [4, 7, 1, 0, 5], sure=sure)
    assert only.confidence == pytest.approx(0.8)


def test_the_most_agreed_upon_come_first_then_the_surest_then_the_first() -> None:
    sure = np.full((3, 5), 0.5, np.float32)
    sure[:, 2] = 0.9
    order = [each.index for each in found([9, 1, 7, 6, 5], [9, 1, 7, 6, 5], [9, 1, 7, 0, 5], sure=sure)]
    assert order == [2, 0, 1, 3]
