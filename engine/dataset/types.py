"""What a data set is: images, labels, and the three splits a training needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.events import DataIdentity

Images = NDArray[np.uint8]
"""Images, shape (N, 28, 28), one byte a pixel: 0 is background, 255 is full ink."""

Labels = NDArray[np.uint8]
"""Labels, shape (N,), each from 0 to 9."""

SIDE = 28
"""Rows and columns of every image."""

CLASSES = 10
"""Number of labels: 0 to 9."""


class Examples(NamedTuple):
    """Images with the label of each, as many labels as images."""

    images: Images
    labels: Labels


class Splits(NamedTuple):
    """The examples that train, validate and test; none of the three is empty."""

    train: Examples
    validation: Examples
    test: Examples


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A loaded and checked data set.

    Images are uint8 of shape (N, 28, 28), labels are uint8 of shape (N,) with values from 0 to 9.

    `name` is "mnist" when the contents are MNIST's, else the name of the folder (or file) they came from; `is_mnist` says
    which of the two. `source` is the folder or file, to be shown to people. `identity` tells it from other sets.
    """

    name: str
    source: str
    train_images: Images
    train_labels: Labels
    validation_images: Images
    validation_labels: Labels
    test_images: Images
    test_labels: Labels
    identity: DataIdentity
    is_mnist: bool = False
