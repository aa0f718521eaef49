"""What the steps came to, whoever asks and when."""

from __future__ import annotations

import math
import random

import pytest
import torch

from engine.worker.training.metrics import WINDOW, Meter

CHANCE = random.Random(5)
STEPS = [(CHANCE.random() * 3, CHANCE.randrange(65), CHANCE.random(), CHANCE.choice((64, 16))) for _ in range(300)]


def meter_read_every(every: int, *, on_device: bool = False) -> Meter:
    """A meter that is read every so many steps."""
    meter = Meter()
    for number, (loss, correct, norm, images) in enumerate(STEPS):
        if on_device:
            meter.add(torch.tensor(loss, dtype=torch.float64), torch.tensor(correct), torch.tensor(norm), images)
        else:
            meter.add(loss, correct, norm, images)
        if number % every == 0:
            meter.read()
    meter.read()
    return meter


def test_when_it_is_read_changes_no_sum() -> None:
    assert meter_read_every(1).epoch_sums() == meter_read_every(7).epoch_sums() == meter_read_every(1000).epoch_sums()


def test_scalars_of_a_device_come_to_the_same() -> None:
    assert meter_read_every(9, on_device=True).epoch_means() == pytest.approx(
        meter_read_every(9).epoch_means(), rel=1e-6
    )


def test_means_are_weighted_by_images() -> None:
    meter = Meter()
    meter.add(1.0, 64, 2.0, 64)
    meter.add(3.0, 0, 4.0, 16)
    assert meter.epoch_means() == ((64 + 48) / 80, 64 / 80, 3.0)
    window = meter.read()
    assert (window.steps, window.images, window.loss, window.low, window.high) == (2, 80, 2.0, 1.0, 3.0)
    assert meter.read().steps == 0


def test_what_is_not_finite_is_found_and_kept_apart() -> None:
    meter = Meter()
    for loss in (1.0, math.inf, 2.0, math.nan):
        meter.add(loss, 0, 1.0, 8)
    window = meter.read()
    assert (window.loss, window.non_finite, window.first_non_finite, window.value) == (1.5, 2, 1, "inf")
    assert math.isnan(meter.epoch_means()[0])


def test_it_is_full_after_as_many_steps_as_it_keeps() -> None:
    meter = Meter()
    for _ in range(WINDOW):
        assert not meter.full
        meter.add(1.0, 1, 1.0, 1)
    assert meter.full
    meter.read()
    assert not meter.full
