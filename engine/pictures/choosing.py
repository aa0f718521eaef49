"""Which of the inked parts is the digit; or why there is none, which is said rather than guessed at."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.pictures.parts import Cells, Part, label, pooled, widened

Floats = NDArray[np.float32]

_INKED = 0.25
_CELLS = 128
"""Cells along the longer side in which parts are looked for; what is nearer than a cell hangs together."""
_ALL_OVER = 0.6
"""Share of the picture that no digit covers."""
_NEAR = 0.2
"""Parts of a digit are nearer to each other than this share of the largest one's size."""
_PATCH = 0.57
"""Side of the largest square within a stroke, as a share of the digit's size; MNIST's broadest has 0.55."""
_WIDEST = 3
"""Width of a digit by its height; MNIST's widest has 2.5."""
_BESIDE = 0.2
"""Gap between digits side by side, as a share of their height, that none of MNIST's digits has within."""
_BESIDE_WIDE = 0.02
"""The same where they are wider than high together, which digits hardly ever are."""
_EDGE = 0.06
"""Share of the picture along its edges where a scan has shadows and a photo the end of the sheet."""

NOISE = "no strokes, only noise"
ALL_OVER = "ink over nearly everything"
NOTHING_BUT_LINES = "nothing but a line or a frame"
TINY = "what is there is too small to be read"
WIDE = "what is there is wider than any digit"
PATCH = "a solid patch, no strokes"


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The digit's `box` and the pixels that belong to it, `kept`; `dropped`: there was more, which is none of it.

    Where there is no digit, `missing` says why and the box is empty.
    """

    box: tuple[slice, slice] = (slice(0, 0), slice(0, 0))
    kept: Cells | None = None
    dropped: bool = False
    missing: str = ""


def choose(ink: Floats) -> Choice:
    """The digit in ink (H, W) from 0 to 1."""
    mask = ink > _INKED
    share = float(mask.mean())
    if share > _ALL_OVER:
        return Choice(missing=ALL_OVER)
    if share == 0 or is_noise(mask):
        return Choice(missing=NOISE)
    factor = max(-(-max(mask.shape) // _CELLS), 1)
    cells = pooled(mask, factor)
    labels, parts = label(cells)
    numbers = [n for n, part in enumerate(parts, 1) if not _is_line(part, labels == n, parts)]
    numbers = _without_edges(numbers, parts, cells.shape)
    if not numbers:
        return Choice(missing=NOTHING_BUT_LINES)
    groups = _groups(labels, numbers, parts)
    main = max(groups, key=lambda group: sum(parts[n - 1].cells for n in group))
    if missing := _several([parts[n - 1] for n in numbers], [_together(group, parts) for group in groups]):
        return Choice(missing=missing)
    others = (labels > 0) & ~np.isin(labels, main)
    return _chosen(mask, np.isin(labels, main), others, _together(main, parts), factor)


def _chosen(mask: Cells, cells: Cells, others: Cells, part: Part, factor: int) -> Choice:
    """The part that is the digit, with the soft edges around it, unless it is too small or has no strokes."""
    if part.size * factor < 5:
        return Choice(missing=TINY)
    rows = slice(part.top * factor, part.bottom * factor)
    columns = slice(part.left * factor, part.right * factor)
    if part.width > _WIDEST * part.height:
        return Choice(missing=WIDE)
    if _has_patch(mask[rows, columns], max(round(_PATCH * part.size * factor), 2)):
        return Choice(missing=PATCH)
    reach = max(round(0.08 * part.size), 2)
    around = widened(cells, reach) & ~others
    kept = np.repeat(np.repeat(around, factor, axis=0), factor, axis=1)[: mask.shape[0], : mask.shape[1]]
    edge = reach * factor
    box = tuple(slice(max(side.start - edge, 0), side.stop + edge) for side in (rows, columns))
    return Choice((box[0], box[1]), kept, dropped=bool(others.any()))


def _has_patch(mask: Cells, side: int) -> bool:
    """Whether a square of `side` pixels is inked all over."""
    if side > min(mask.shape):
        return False
    sums = np.pad(mask.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inked = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return bool(inked.max() == side * side)


def is_noise(mask: Cells) -> bool:
    """Whether inked pixels have hardly more neighbors than where they lie at random."""
    share = float(mask.mean())
    return _neighbors(mask) < 4 * share + 0.5 * (1 - share)


def _neighbors(mask: Cells) -> float:
    """How many of four neighbors, one of each opposite pair, an inked pixel has: 1 in the thinnest stroke.

    In noise it is four times the share that is inked.
    """
    pairs = (
        (mask[:, :-1] & mask[:, 1:]).sum()
        + (mask[:-1] & mask[1:]).sum()
        + (mask[:-1, :-1] & mask[1:, 1:]).sum()
        + (mask[:-1, 1:] & mask[1:, :-1]).sum()
    )
    return float(pairs) / max(int(mask.sum()), 1)


def _is_line(part: Part, own: Cells, parts: Sequence[Part]) -> bool:
    """Whether a part is a line across the picture, or a frame: of the picture, or around another part."""
    rows, columns = own.shape
    if part.width >= 0.97 * columns and part.height <= 0.04 * rows:
        return True
    if part.height >= 0.97 * rows and part.width <= 0.04 * columns:
        return True
    frames_picture = part.height >= 0.8 * rows and part.width >= 0.8 * columns
    frames_digit = any(other is not part and part.holds(other) and other.size >= 0.3 * part.size for other in parts)
    return (frames_picture or frames_digit) and _is_frame(own[part.top : part.bottom, part.left : part.right])


def _is_frame(own: Cells) -> bool:
    """Whether cells lie along the edges of their box, nearly all around, and hardly anywhere else."""
    band = max(round(0.04 * max(own.shape)), 1)
    edges = (own[:band].any(axis=0), own[-band:].any(axis=0), own[:, :band].any(axis=1), own[:, -band:].any(axis=1))
    inner = own[band:-band, band:-band]
    return bool(min(edge.mean() for edge in edges) > 0.75 and inner.size and inner.mean() < 0.1)


def _without_edges(numbers: list[int], parts: Sequence[Part], shape: tuple[int, ...]) -> list[int]:
    """Without what lies along the picture's edges, where there is anything else."""
    rows, columns = shape

    def at_edge(part: Part) -> bool:
        down, across = max(_EDGE * rows, 1), max(_EDGE * columns, 1)
        in_margin = (
            part.bottom <= down or part.right <= across or part.top >= rows - down or part.left >= columns - across
        )
        wide = part.width >= 0.9 * columns and (part.top == 0 or part.bottom == rows)
        high = part.height >= 0.9 * rows and (part.left == 0 or part.right == columns)
        return in_margin or wide or high

    inner = [n for n in numbers if not at_edge(parts[n - 1])]
    whole = sum(parts[n - 1].cells for n in numbers)
    enough = any(parts[n - 1].size >= 6 and parts[n - 1].cells >= 0.02 * whole for n in inner)
    return inner if enough else numbers


def _groups(labels: NDArray[np.intp], numbers: Sequence[int], parts: Sequence[Part]) -> list[list[int]]:
    """Parts that are near each other, by their numbers."""
    if len(numbers) == 1:
        return [list(numbers)]
    largest = max(parts[n - 1].size for n in numbers)
    whole = _together(numbers, parts).size
    reach = max(round(max(_NEAR * largest, 0.04 * whole) / 2), 1)
    near, _ = label(widened(np.isin(labels, list(numbers)), reach))
    groups: dict[int, list[int]] = {}
    for number in numbers:
        row, column = np.argwhere(labels == number)[0]
        groups.setdefault(int(near[row, column]), []).append(number)
    return list(groups.values())


def _together(numbers: Sequence[int], parts: Sequence[Part]) -> Part:
    whole = parts[numbers[0] - 1]
    for number in numbers[1:]:
        whole = whole.joined(parts[number - 1])
    return whole


def _several(parts: Sequence[Part], groups: Sequence[Part]) -> str:
    """What to say where there is more than one digit, by parts side by side or groups far apart; else nothing."""
    main = max(groups, key=lambda group: group.cells)
    large = [group for group in groups if group.size >= 0.45 * main.size and group.cells >= 0.15 * main.cells]
    if len(groups) > 30 and main.cells < 0.5 * sum(group.cells for group in groups):
        return NOISE
    found = max(len(large), _side_by_side(parts))
    return f"it looks like {found} separate things: give each digit a picture of its own" if found > 1 else ""


def _side_by_side(parts: Sequence[Part]) -> int:
    """How many parts of about the same height stand beside each other with a gap between, as the digits of a number do."""
    tallest = max(part.height for part in parts)
    most = max(part.cells for part in parts)
    high = sorted(
        (part for part in parts if part.height >= 0.7 * tallest and part.cells >= 0.2 * most and part.height > 3),
        key=lambda part: part.left,
    )
    if len(high) < 2:
        return len(high)
    wide = high[-1].right - high[0].left > tallest
    gap = max((_BESIDE_WIDE if wide else _BESIDE) * tallest, 1)
    apart = sum(right.left - left.right >= gap for left, right in itertools.pairwise(high))
    return apart + 1
