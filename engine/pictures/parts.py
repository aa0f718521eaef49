"""The separate parts of what is inked: which are the digit, and which dust, the edge of a scan, or another digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """Cells that hang together: their box (ends excluded) and how many they are."""

    top: int
    bottom: int
    left: int
    right: int
    cells: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def size(self) -> int:
        """The longer side."""
        return max(self.height, self.width)

    def joined(self, other: Part) -> Part:
        """Both as one."""
        return Part(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
            self.cells + other.cells,
        )

    def holds(self, other: Part) -> bool:
        """Whether the other's box lies within this one's."""
        return (
            self.top <= other.top
            and self.bottom >= other.bottom
            and self.left <= other.left
            and self.right >= other.right
        )


def label(cells: Cells) -> tuple[NDArray[np.intp], list[Part]]:
    """Cells that touch, also by a corner, have the same number, from 1; the parts are in that order.

    Runs of cells in a row are joined with those they touch in the row above (union-find over runs).
    """
    parents: list[int] = []
    runs: list[tuple[int, int, int]] = []
    above: list[int] = []
    last_row = -1
    here: list[int] = []
    for row, start, end in _runs(cells):
        if row != last_row:
            above, here = here if row == last_row + 1 else [], []
            last_row = row
        number = len(runs)
        runs.append((row, start, end))
        parents.append(number)
        here.append(number)
        for other in above:
            if runs[other][1] <= end and runs[other][2] >= start:
                parents[_root(parents, other)] = _root(parents, number)
    numbers: dict[int, int] = {}
    labels = np.zeros(cells.shape, np.intp)
    parts: list[Part] = []
    for number, (row, start, end) in enumerate(runs):
        root = _root(parents, number)
        part = Part(row, row + 1, start, end, end - start)
        if root in numbers:
            parts[numbers[root] - 1] = parts[numbers[root] - 1].joined(part)
        else:
            parts.append(part)
            numbers[root] = len(parts)
        labels[row, start:end] = numbers[root]
    return labels, parts


def _runs(cells: Cells) -> Iterator[tuple[int, int, int]]:
    """Row, start and end of every run of cells, in reading order."""
    padded = np.pad(cells, ((0, 0), (1, 1)))
    rows, edges = np.nonzero(padded[:, 1:] != padded[:, :-1])
    return zip(rows[::2].tolist(), edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def widened(cells: Cells, reach: int) -> Cells:
    """Cells up to `reach` away from one, along both axes."""
    for axis in (0, 1):
        sums = np.cumsum(np.pad(cells, [(1 + reach, reach) if axis == each else (0, 0) for each in (0, 1)]), axis=axis)
        span = 2 * reach + 1
        cells = np.take(sums, range(span, sums.shape[axis]), axis) > np.take(sums, range(sums.shape[axis] - span), axis)
    return cells


def pooled(mask: Cells, factor: int) -> Cells:
    """Blocks of `factor` × `factor` in which anything is."""
    if factor == 1:
        return mask
    rows, columns = (np.arange(0, length, factor) for length in mask.shape)
    found: Cells = np.logical_or.reduceat(np.logical_or.reduceat(mask, rows, axis=0), columns, axis=1)
    return found
