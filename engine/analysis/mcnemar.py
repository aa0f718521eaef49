"""Two classifiers on the same labeled images: McNemar's test of whether one reads better, or chance will do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

EXACT_BELOW = 25
"""Images that only one reads rightly: with fewer, the normal curve behind the chi-squared test fits badly."""
LEVEL = 0.05
"""A difference that chance brings about less often than this is called real."""

Method = Literal["exact", "chi-squared"]
Digits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many of the same images both, only the first, only the second, or neither of two classifiers read rightly.

    Only the images on which they differ tell anything: were both equally good, each of those would fall to either
    with probability 1/2 (McNemar 1947, "Note on the sampling error of the difference between correlated proportions").
    """

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def images(self) -> int:
        """All of them."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def rights(self) -> tuple[int, int]:
        """How many the first and the second read rightly."""
        return self.both + self.only_first, self.both + self.only_second

    @property
    def differ(self) -> int:
        """How many only one of them reads rightly."""
        return self.only_first + self.only_second

    @property
    def method(self) -> Method:
        """How `p` is computed."""
        return "exact" if self.differ < EXACT_BELOW else "chi-squared"

    @property
    def p(self) -> float:
        """The probability of a split at least as lopsided, were both equally good."""
        compute = exact_p if self.method == "exact" else edwards_p
        return compute(self.only_first, self.only_second)

    @property
    def is_real(self) -> bool:
        """Whether chance alone is a poor explanation of the difference."""
        return self.p < LEVEL


def compare(labels: Digits, first: Digits, second: Digits) -> Comparison:
    """What two classifiers read, `first` and `second` (N,), held against the `labels` (N,)."""
    right, other = first == labels, second == labels
    counts = [int(part.sum()) for part in (right & other, right & ~other, ~right & other, ~right & ~other)]
    return Comparison(*counts)


def exact_p(first: int, second: int) -> float:
    """Two-sided p of the binomial test: `first` heads against `second` tails of a fair coin, or more lopsided.

    Summed from logarithms, so that thousands neither overflow nor vanish.
    """
    tosses, fewer = first + second, min(first, second)
    if first == second:
        return 1.0
    log_all = tosses * math.log(2)
    tail = math.fsum(math.exp(_log_choose(tosses, k) - log_all) for k in range(fewer + 1))
    return min(2 * tail, 1.0)


def edwards_p(first: int, second: int) -> float:
    """p of McNemar's chi-squared statistic with one degree of freedom, corrected for continuity (Edwards 1948)."""
    statistic = chi_squared(first, second)
    return math.erfc(math.sqrt(statistic / 2))


def chi_squared(first: int, second: int) -> float:
    """(|b - c| - 1)² / (b + c), never corrected beyond zero (Edwards 1948, "Note on the correction for continuity")."""
    if first == second:
        return 0.0
    return (abs(first - second) - 1) ** 2 / (first + second)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
