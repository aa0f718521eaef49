"""What every format is checked for once its arrays are read: labels, counts, the split."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset.data_files import printable
from engine.dataset.types import CLASSES, SIDE, Examples, Images, Labels, Splits
from engine.errors import DataProblem


def checked_labels(labels: NDArray[Any], where: str) -> Labels:
    """Labels of any integer type, shape (N,), as bytes.

    `where` names the labels in the sentence, such as a path or "y_train in mnist.npz".
    Raises DataProblem for another shape or type, and for a value outside 0 to 9 (with the first such value and index).
    """
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataProblem(f"{where} holds {describe(labels)}; expected labels: integers of shape (N,)")
    outside = (labels < 0) | (labels >= CLASSES)
    if outside.any():
        index = int(outside.argmax())
        raise DataProblem(
            f"{where} has the label {labels[index]} at index {index}; expected digits from 0 to {CLASSES - 1}: "
            "a set with other classes (such as letters) cannot be used"
        )
    return labels.astype(np.uint8)


def checked_images(images: NDArray[Any], where: str) -> Images:
    """Images as they are. Raises DataProblem unless they are bytes of shape (N, 28, 28)."""
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        raise DataProblem(f"{where} holds {describe(images)}; expected images: uint8 of shape (N, {SIDE}, {SIDE})")
    return images


def paired(images: Images, labels: Labels, images_name: str, labels_name: str) -> Examples:
    """Images with their labels. Raises DataProblem, with both numbers, unless there are as many of each."""
    if len(images) != len(labels):
        raise DataProblem(
            f"{images_name} holds {len(images)} images but {labels_name} holds {len(labels)} labels; "
            "expected one label for each image: the two files do not belong together"
        )
    return Examples(images, labels)


def split(training: Examples, test: Examples, where: str) -> Splits:
    """The classic split: the last sixth of the training file (N // 6, at least 1) validates, the test file tests.

    MNIST's 60,000 training images become 50,000 that train and 10,000 that validate.
    Raises DataProblem when fewer than 2 training images or no test image are there.
    """
    count = len(training.images)
    if count < 2:
        raise DataProblem(
            f"{where} holds {count} training images; expected at least 2, one to train and one to validate"
        )
    if len(test.images) == 0:
        raise DataProblem(f"{where} holds no test images; expected at least 1")
    border = count - max(count // 6, 1)
    return Splits(
        train=Examples(training.images[:border], training.labels[:border]),
        validation=Examples(training.images[border:], training.labels[border:]),
        test=test,
    )


def describe(array: NDArray[Any]) -> str:
    """An array's type and shape, for a sentence."""
    return printable(f"{array.dtype} of shape {array.shape}", 200)
