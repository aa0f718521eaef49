"""Ink of any size becomes a picture as MNIST has them: what a network was trained on is what it is shown."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 28
BOX = 20
_MARGIN = (SIDE - BOX) // 2
CENTER = SIDE // 2
"""The pixel, counted from 0, that the center of mass falls into; so it is in all of MNIST's images."""

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_FITS = (BOX - 1, BOX)
"""Longest sides that are left as they are, since scaling blurs. Of MNIST's 10,000 test images three have 19, the others 20."""
_EDGE = 0.1
"""Share of the strongest ink above which a pixel counts for the size of a digit that is scaled: soft edges do not."""
_STRONG = 80
"""Per cent of the inked pixels that are fainter than what is taken for the strength of a stroke."""
_STRENGTH = 0.65
"""Strokes that are fainter are made as strong as ink can be; MNIST's are stronger."""
_PEAK = 0.95
"""The strongest ink is at least this strong; in every image of MNIST it is 254 or 255 of 255."""
_FAINT = 0.05
_THIN, _BROAD = 1.4, 1.5
"""Strokes thinner than the first, in pixels, are broadened to the second; 99% of MNIST's strokes are broader."""


def to_mnist(ink: NDArray[Any]) -> Pixels | None:
    """Ink (H, W), floats from 0 for paper to 1 for ink, as a picture (28, 28) of bytes; None where there is no ink.

    As MNIST was made: "The original black and white (bilevel) images from NIST were size normalized to fit in a 20x20
    pixel box while preserving their aspect ratio. The resulting images contain gray levels as a result of the
    anti-aliasing technique used by the normalization algorithm. The images were centered in a 28x28 image by
    computing the center of mass of the pixels, and translating the image so as to position this point at the center
    of the 28x28 field." (LeCun, Cortes, Burges: The MNIST database of handwritten digits; LeCun, Bottou, Bengio,
    Haffner: Gradient-based learning applied to document recognition, Proc. IEEE 86(11), 1998, section III.A.)

    The move is by whole pixels, as MNIST's was, and a digit whose longer side is 19 or 20 already is not scaled: an
    image of MNIST comes back byte for byte, wherever on the paper it stood. Strokes that scaling makes faint or thin
    are made as strong and as broad as MNIST's thinnest. Values that are not finite count as paper.
    """
    finite = np.nan_to_num(np.asarray(ink, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    sound = np.asarray(np.clip(finite, 0.0, 1.0), np.float32)
    whole = ink_box(sound)
    if whole is None:
        return None
    digit = sound[whole]
    if max(digit.shape) not in _FITS:
        digit = _broadened(_strengthened(_scaled(digit)))
    elif digit.max() < _PEAK:
        digit = _strengthened(digit)
    drawn = np.rint(digit * 255).astype(np.uint8)
    return _centered(drawn) if drawn.any() else None


def ink_box(ink: NDArray[Any], above: float = 0.0) -> tuple[slice, slice] | None:
    """Rows and columns of the smallest box around all pixels `above` a value; None where there are none."""
    inked = ink > above
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _scaled(digit: Floats) -> Floats:
    """The digit with its longer side 20 pixels; what is fainter than its edges may stand out by up to four."""
    box = ink_box(digit, _EDGE * float(digit.max()))
    assert box is not None  # noqa: S101 - the strongest ink is in it
    step = max(side.stop - side.start for side in box) / BOX
    rows, columns = (_weights(length, side, step) for length, side in zip(digit.shape, box, strict=True))
    return np.asarray(rows @ digit @ columns.T, np.float32)


def _weights(length: int, side: slice, step: float) -> Floats:
    """The matrix (new, `length`) that makes pixels `step` old ones wide, one of them beginning where `side` does.

    Scaled down every new pixel is the average of the area it covers, scaled up it is interpolated linearly.
    """
    before = min(math.ceil(side.start / step), _MARGIN)
    new = min(
        math.ceil(round((length - side.start) / step, 6)),
        math.ceil(round((side.stop - side.start) / step, 6)) + _MARGIN,
    )
    start = (side.start + np.arange(-before, new) * step)[:, None]
    pixel = np.arange(length)
    weights: NDArray[Any]
    if step >= 1:
        shared = np.minimum(start + step, pixel + 1) - np.maximum(start, pixel)
        weights = np.clip(shared, 0.0, None) / step
    else:
        middle = np.clip(start + step / 2 - 0.5, 0, length - 1)
        weights = np.clip(1 - np.abs(middle - pixel), 0.0, None)
    return np.asarray(weights, np.float32)


def _strengthened(digit: Floats) -> Floats:
    """The digit with strokes as strong as MNIST's, where they are fainter."""
    strength = float(np.percentile(digit[digit > _FAINT * digit.max()], _STRONG))
    enough = strength >= _STRENGTH and float(digit.max()) >= _PEAK
    return digit if enough else np.minimum(digit / np.float32(strength), 1.0)


def _broadened(digit: Floats) -> Floats:
    """The digit with strokes no thinner than MNIST's, as if a broader pen had drawn it."""
    if _stroke(digit) >= _THIN:
        return digit
    digit = np.pad(digit, 1) if max(digit.shape) <= SIDE - 2 else digit
    for _ in range(4):
        around = np.pad(digit, 1)
        sides = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
        digit = np.maximum(digit, np.maximum.reduce(sides) * np.float32(0.5))
        if _stroke(digit) >= _BROAD:
            break
    return digit


def _stroke(digit: Floats) -> float:
    """The mean breadth of strokes in pixels: twice the ink, by the length of its outline (the sum of all slopes)."""
    padded = np.pad(digit, 1)
    slopes = np.hypot(np.diff(padded, axis=0)[:, :-1], np.diff(padded, axis=1)[:-1])
    return 2 * float(digit.sum()) / max(float(slopes.sum()), 1e-6)


def _centered(digit: Pixels) -> Pixels:
    """The digit (at most 28 × 28) in a picture, its center of mass in pixel 14, but never beyond the picture's edge."""
    mass = digit.astype(np.int64)
    total = int(mass.sum())
    placed = np.zeros((SIDE, SIDE), np.uint8)
    corner = []
    for axis, length in enumerate(digit.shape):
        middle = int((mass.sum(axis=1 - axis) * np.arange(length)).sum()) / total
        corner.append(min(max(CENTER - math.floor(middle + 0.5), 0), SIDE - length))
    top, left = corner
    placed[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return placed
