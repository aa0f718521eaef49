"""The learning-rate range test's arithmetic."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from engine.analysis.lr_range_test import HIGHEST, LOWEST, Suggestion, rates, smoothed, suggest


def test_rates_rise_by_one_factor_from_the_lowest_to_the_highest() -> None:
    tried = rates(7)
    assert tried[0] == LOWEST and tried[-1] == pytest.approx(HIGHEST)
    factors = [b / a for a, b in itertools.pairwise(tried)]
    assert factors == pytest.approx([factors[0]] * 6)


def test_the_mean_of_equal_losses_is_that_loss_from_the_first_on() -> None:
    assert smoothed([2.0] * 5) == pytest.approx([2.0] * 5)
    assert smoothed([1.0, 3.0], 0.5) == pytest.approx([1.0, (0.25 * 1 + 0.5 * 3) / 0.75])


def falling(bottom: float, steepest: float) -> tuple[list[float], list[float]]:
    """A loss that falls fastest at one rate and is lowest at another, then explodes."""
    tried = rates(141, 1e-6, 10.0)
    losses = []
    for rate in tried:
        fall = 2.3 / (1 + math.exp(3 * (math.log10(rate) - math.log10(steepest))))
        rise = 0.5 * max(0.0, math.log10(rate) - math.log10(bottom)) ** 2 * 8
        losses.append(fall + rise + 0.05)
    return tried, losses


def test_it_finds_the_steepest_place_and_a_tenth_of_the_lowest() -> None:
    found = suggest(*falling(bottom=0.3, steepest=0.01))
    assert found.steepest == pytest.approx(0.01, rel=0.15)
    assert found.tenth is not None and 0.02 < found.tenth < 0.05


@pytest.mark.parametrize(
    "losses",
    [
        [2.3] * 50,
        [2.3 + n for n in range(50)],
        [2.3, 2.2, 2.1],
        [2.3 - 0.0001 * n for n in range(50)],
        [],
    ],
    ids=["flat", "rising", "too short", "hardly falling", "empty"],
)
def test_where_the_loss_does_not_fall_nothing_is_suggested(losses: list[float]) -> None:
    assert suggest(rates(150)[: len(losses)], losses) == Suggestion(None, None)


def test_the_noise_of_a_trained_network_has_no_steepest_place() -> None:
    """A spike at the lowest rates, then a slow wandering, is what a few batches do; the edge is where it is all the same."""
    chance = random.Random(4)
    raw = [0.4 if n == 2 else 0.2 + chance.gauss(0, 0.05) - 0.0004 * n for n in range(110)]
    tried, losses = rates()[:130], smoothed([*raw, *(0.15 * 1.3**n for n in range(20))])
    found = suggest(tried, losses)
    assert found.steepest is None
    assert found.tenth is not None and 0.003 < found.tenth < 0.02
