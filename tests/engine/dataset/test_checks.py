"""The split, and the checks all formats share."""

from __future__ import annotations

import numpy as np
import pytest

from engine.dataset.checks import checked_labels, split
from engine.dataset.types import Examples
from engine.errors import DataProblem


def examples(count: int) -> Examples:
    """Images that carry their own number in every pixel, so that their order can be told."""
    numbers = np.arange(count).astype(np.uint8)
    return Examples(np.broadcast_to(numbers[:, None, None], (count, 28, 28)), numbers % 10)


@pytest.mark.parametrize(
    ("count", "train", "validation"),
    [(2, 1, 1), (5, 4, 1), (6, 5, 1), (12, 10, 2), (256, 214, 42), (60_000, 50_000, 10_000)],
)
def test_the_last_sixth_validates(count: int, train: int, validation: int) -> None:
    whole = examples(count)
    splits = split(whole, examples(3), "somewhere")
    assert (len(splits.train.images), len(splits.validation.images)) == (train, validation)
    assert np.array_equal(splits.train.images, whole.images[:train])
    assert np.array_equal(splits.validation.images, whole.images[train:])
    assert np.array_equal(splits.validation.labels, whole.labels[train:])
    assert len(splits.test.images) == 3


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_train_and_validate_are_refused(count: int) -> None:
    with pytest.raises(DataProblem, match=f"somewhere holds {count} training images; expected at least 2"):
        split(examples(count), examples(3), "somewhere")


def test_an_empty_test_file_is_refused() -> None:
    with pytest.raises(DataProblem, match="somewhere holds no test images"):
        split(examples(6), examples(0), "somewhere")


@pytest.mark.parametrize("kind", ["i1", "i2", "<i4", ">i4", "i8", "u1", "u2", "u4", "u8"])
def test_labels_of_any_integer_type_become_bytes(kind: str) -> None:
    read = checked_labels(np.arange(10).astype(kind), "labels")
    assert read.dtype == np.uint8
    assert read.tolist() == list(range(10))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.array([0, -1]), "the label -1 at index 1"),
        (np.array([2**40]), "the label 1099511627776 at index 0"),
        (np.array([256]), "the label 256 at index 0"),
        (np.array([1.0]), "float64 of shape"),
        (np.array([[1, 0]]), r"int64 of shape \(1, 2\)"),
        (np.array([True]), "bool of shape"),
        (np.array(3), r"int64 of shape \(\)"),
    ],
)
def test_labels_that_are_no_digits_are_refused(labels: np.ndarray, said: str) -> None:
    with pytest.raises(DataProblem, match=f"these .*{said}"):
        checked_labels(labels, "these")
