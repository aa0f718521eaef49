"""Images that are in two splits are counted, whatever their labels."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engine.dataset import count_overlap, load
from engine.dataset.types import Dataset
from engine.events import Overlap
from tests.kit import write_tiny_set


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """25 images train, 5 validate, 6 test."""
    return load(write_tiny_set(tmp_path / "tiny", train=30, test=6))


def test_a_set_of_different_images_has_none(data: Dataset) -> None:
    assert count_overlap(data) == Overlap()


def test_every_image_that_is_in_two_splits_counts_once(data: Dataset) -> None:
    test = np.stack(
        [
            data.train_images[0],
            data.train_images[0],
            data.train_images[20],
            data.validation_images[1],
            *data.test_images[:2],
        ]
    )
    labels = (data.test_labels + 1) % 10
    leaking = dataclasses.replace(data, test_images=test, test_labels=labels)
    assert count_overlap(leaking) == Overlap(test_in_training=3, test_in_validation=1)
    assert count_overlap(leaking, used=10) == Overlap(test_in_training=2, test_in_validation=1)
    validation = data.validation_images.copy()
    validation[2:4] = data.train_images[7:9]
    assert count_overlap(dataclasses.replace(data, validation_images=validation)) == Overlap(validation_in_training=2)


def test_one_pixel_makes_another_image(data: Dataset) -> None:
    test = data.train_images[:6].copy()
    test[:, 3, 3] ^= 1
    assert count_overlap(dataclasses.replace(data, test_images=test)) == Overlap()


def test_the_published_mnist_has_none() -> None:
    data = load()
    assert count_overlap(data) == Overlap()
    assert count_overlap(dataclasses.replace(data, is_mnist=False)) == Overlap()
