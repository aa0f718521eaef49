"""Figures of a test, from counts alone."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""The 97.5% point of the standard normal distribution: two-sided 95%."""


def wilson_interval(right: int, total: int, z: float = Z95) -> tuple[float, float]:
    """Bounds of a share measured as `right` of `total` (Wilson 1927, "Probable inference"), 0 to 1.

    Unlike the plain ± interval it stays inside 0 to 1 and is sane at 0% and 100%. (0, 1) where `total` is 0.
    """
    if total <= 0:
        return 0.0, 1.0
    share = right / total
    center = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)


def worst_pairs(confusion: tuple[tuple[int, ...], ...], most: int = 3) -> list[tuple[int, int, int]]:
    """The commonest confusions as (digit, read as, how often), most frequent first."""
    pairs = [
        (label, read, n) for label, row in enumerate(confusion) for read, n in enumerate(row) if label != read and n
    ]
    return sorted(pairs, key=lambda p: (-p[2], p[0], p[1]))[:most]


def only_prediction(confusion: tuple[tuple[int, ...], ...]) -> int | None:
    """The digit that every image was read as, where there is just one: a network that has learned nothing."""
    read = [j for j in range(len(confusion)) if any(row[j] for row in confusion)]
    return read[0] if len(read) == 1 and len(confusion) > 1 else None
