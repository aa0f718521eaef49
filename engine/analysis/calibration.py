"""Whether a network is as sure as it is right: reliability, and what it gains by not answering where it is unsure.

All functions take `confidences` (N,), the probability of what is read in each image, 0 to 1, and `right` (N,), whether
that is what it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 10
"""As in Guo et al. 2017, figure 1."""

Confidences = npt.NDArray[np.float32]
Right = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """The images whose confidence is above `low` and at most `high` (of the first bin also 0).

    `confidence` is the mean of theirs, `accuracy` the share of them read rightly; None where there are no `images`.
    """

    low: float
    high: float
    images: int = 0
    right: int = 0
    confidence: float | None = None

    @property
    def accuracy(self) -> float | None:
        """The share read rightly."""
        return self.right / self.images if self.images else None

    @property
    def gap(self) -> float:
        """How much surer than right it is here, -1 to 1; 0 where there are no images."""
        return self.confidence - self.right / self.images if self.confidence is not None else 0.0


@dataclass(frozen=True, slots=True)
class Overall:
    """All images together: their mean `confidence`, and the expected calibration error `ece`, both 0 to 1."""

    images: int
    right: int
    confidence: float
    ece: float


@dataclass(frozen=True, slots=True)
class Answers:
    """What comes of answering only from a confidence of `threshold` on: `answered` of `images`, `right` of those."""

    threshold: float
    images: int
    answered: int
    right: int

    @property
    def coverage(self) -> float | None:
        """The share of images answered; None where there are none."""
        return self.answered / self.images if self.images else None

    @property
    def accuracy(self) -> float | None:
        """The share of answers that are right; None where nothing is answered."""
        return self.right / self.answered if self.answered else None


def reliability(confidences: Confidences, right: Right, bins: int = BINS) -> tuple[Bin, ...]:
    """The images by confidence in `bins` equal steps from 0 to 1, (0, 0.1], (0.1, 0.2] … as in Guo et al. 2017."""
    sure = _exact(confidences)
    place = np.clip(np.ceil(sure * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)
    images = np.bincount(place, minlength=bins)
    hits = np.bincount(place[np.asarray(right, np.bool_)], minlength=bins)
    sums = np.bincount(place, weights=sure, minlength=bins)
    return tuple(
        Bin(k / bins, (k + 1) / bins, n, int(hits[k]), float(sums[k]) / n if n else None)
        for k, n in enumerate(images.tolist())
    )


def overall(bins: Sequence[Bin]) -> Overall:
    """The bins together. The expected calibration error is the mean distance of a bin's confidence from its accuracy,
    each bin counting by its images (Naeini, Cooper and Hauskrecht 2015, "Obtaining Well Calibrated Probabilities Using
    Bayesian Binning"; Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks", equation 3).
    Both are 0 where there are no images.
    """
    images = sum(each.images for each in bins)
    if not images:
        return Overall(0, 0, 0.0, 0.0)
    sure = math.fsum(each.confidence * each.images for each in bins if each.confidence is not None)
    apart = math.fsum(abs(each.gap) * each.images for each in bins)
    return Overall(images, sum(each.right for each in bins), sure / images, apart / images)


def answers(confidences: Confidences, right: Right, thresholds: Iterable[float]) -> tuple[Answers, ...]:
    """What comes of saying "I don't know" below each threshold (Chow 1970, "On Optimum Recognition Error and Reject
    Tradeoff"; El-Yaniv and Wiener 2010, "On the Foundations of Noise-free Selective Classification").
    """
    order = np.argsort(confidences, kind="stable")
    sure = _exact(confidences)[order]
    hits_from = np.append(np.cumsum(np.asarray(right, np.int64)[order][::-1])[::-1], 0)
    found = []
    for threshold in thresholds:
        first = int(np.searchsorted(sure, threshold - 1e-9))
        found.append(Answers(threshold, len(sure), len(sure) - first, int(hits_from[first])))
    return tuple(found)


def _exact(confidences: Confidences) -> npt.NDArray[np.float64]:
    """As float64, with what float32 makes of a round number (0.9 is 0.89999998) put right."""
    exact: npt.NDArray[np.float64] = confidences.astype(np.float64).round(6)
    return exact
