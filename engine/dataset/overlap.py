"""Images that are in two splits at once: a test on images that were trained on says nothing about new ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.dataset.types import Dataset, Images
from engine.events import Overlap


def count_overlap(data: Dataset, used: int | None = None) -> Overlap:
    """How many images are in two splits, byte for byte, whatever their labels; of the training images the first `used` count.

    The published MNIST has none (`tests/engine/dataset/test_overlap.py` counts them), so there nothing is counted.
    """
    if data.is_mnist:
        return Overlap()
    train, validation, test = (
        _hashes(images) for images in (data.train_images[:used], data.validation_images, data.test_images)
    )
    return Overlap(
        test_in_training=_found(test, train),
        test_in_validation=_found(test, validation),
        validation_in_training=_found(validation, train),
    )


def _hashes(images: Images) -> NDArray[np.int64]:
    """(N,): a 64-bit hash of each image. That two images have the same one by chance is as good as excluded."""
    return np.fromiter((hash(image.tobytes()) for image in images), np.int64, len(images))


def _found(these: NDArray[np.int64], those: NDArray[np.int64]) -> int:
    return int(np.isin(these, those).sum())
