"""Which digits are taken for which: the confusion matrix of a split, and the figures of each digit that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DIGITS = 10

Matrix = tuple[tuple[int, ...], ...]
"""Counts [true digit][digit read], 10 × 10, as in `events.TestResult.confusion`."""


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """How well one digit is read, as shares from 0 to 1; None where there is nothing to measure it by.

    `images` of it are there, `read` were read as it, `right` are both.
    """

    images: int
    read: int
    right: int

    @property
    def precision(self) -> float | None:
        """Of the images read as this digit, the share that are one; None where no image was read as it."""
        return self.right / self.read if self.read else None

    @property
    def recall(self) -> float | None:
        """Of the images of this digit, the share read as one; None where there is no image of it."""
        return self.right / self.images if self.images else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall (van Rijsbergen 1979, "Information Retrieval", chapter 7).

        Written as 2·right / (images + read), it is 0 where only one of the two can be measured, and None where neither.
        """
        return 2 * self.right / (self.images + self.read) if self.images + self.read else None


@dataclass(frozen=True, slots=True)
class Means:
    """Macro averages: each digit counts alike, however many images there are of it. None where no digit has a figure.

    A digit that has no such figure is left out; `digits` counts those that have one, for precision, recall and F1.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    digits: tuple[int, int, int]


def confusion_matrix(labels: npt.NDArray[np.uint8], predictions: npt.NDArray[np.uint8]) -> Matrix:
    """How often each digit is read as which, from (N,) labels and (N,) readings, both 0 to 9."""
    cells = np.bincount(labels.astype(np.int64) * DIGITS + predictions, minlength=DIGITS * DIGITS)
    return tuple(tuple(row) for row in cells.reshape(DIGITS, DIGITS).tolist())


def by_digit(matrix: Matrix) -> tuple[ClassMetrics, ...]:
    """The figures of the ten digits."""
    read = [sum(column) for column in zip(*matrix, strict=True)]
    return tuple(ClassMetrics(sum(row), read[digit], row[digit]) for digit, row in enumerate(matrix))


def macro_means(figures: tuple[ClassMetrics, ...]) -> Means:
    """The plain means of the digits' figures."""
    kinds = [
        [value for value in values if value is not None]
        for values in (
            [each.precision for each in figures],
            [each.recall for each in figures],
            [each.f1 for each in figures],
        )
    ]
    precision, recall, f1 = (sum(values) / len(values) if values else None for values in kinds)
    return Means(precision, recall, f1, (len(kinds[0]), len(kinds[1]), len(kinds[2])))


def difference(now: Matrix, before: Matrix) -> Matrix:
    """How many more images are in each cell now than before."""
    return tuple(tuple(a - b for a, b in zip(*rows, strict=True)) for rows in zip(now, before, strict=True))


def turned(labels: npt.NDArray[np.uint8], before: npt.NDArray[np.uint8], now: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """How many of N images have come to be read rightly, and how many wrongly, between two epochs; all (N,)."""
    was, is_ = before == labels, now == labels
    return int(np.count_nonzero(~was & is_)), int(np.count_nonzero(was & ~is_))


def cell_examples(
    labels: npt.NDArray[np.uint8],
    predictions: npt.NDArray[np.uint8],
    confidences: npt.NDArray[np.float32],
    cell: tuple[int, int],
    most: int,
) -> list[int]:
    """Places of at most `most` images of a cell (digit, read as): of errors the surest first, else the least sure."""
    label, prediction = cell
    (places,) = np.nonzero((labels == label) & (predictions == prediction))
    sure = confidences[places]
    order = np.argsort(-sure if label != prediction else sure, kind="stable")
    found: list[int] = places[order[:most]].tolist()
    return found
