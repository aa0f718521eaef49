"""Pictures cropped to their ink: it touches all edges, so that the edges do not tell what is paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.pictures.choosing import is_noise
from engine.pictures.paper import LEAST_CONTRAST, border
from engine.pictures.parts import Cells, label, pooled

Floats = NDArray[np.float32]

_NEAR = 0.25
"""What is nearer to a tone than this share of the contrast has that tone."""
_TWO_TONES = 0.58
"""Least share of the pixels that has one of the two tones. Of MNIST's digits 0.6 and more have; of even noise half."""
_MARGIN = 0.98
"""A tone that so much of the border has is a margin: it says what is paper."""
_CELLS = 128
_SMALL = 0.03
_OFF = 2.5
"""Gray levels; what is off the paper by more may be the soft edge of a stroke."""
_FLAT = 0.6
"""Share of the paper that has its very color where it is drawn; the rest are soft edges."""
_CLEAR = 0.3
"""What ink and paper differ by at least; where they look alike, as in a checkered picture, neither is a digit."""
_NARROW = 8
"""In fewer pixels, a 1 cropped, most neighbors lie beyond the edges: whether it is noise cannot be told by them."""


def with_margin(gray: Floats) -> tuple[Floats, bool] | None:
    """Gray values (H, W) with paper around them; None for a picture that has a margin, or is none of two tones.

    The second tells whether the paper has one color all over, as in what a program has drawn.

    Paper is the tone that has more of the corners and of the border, and that leaves the other in fewer pieces: what
    lies between the strokes of a digit is in several. So it is told of each of MNIST's test digits.
    """
    dark, light = (float(each) for each in np.percentile(gray, (1, 99)))
    contrast = light - dark
    if contrast < LEAST_CONTRAST or min(gray.shape) < 3:
        return None
    tones = gray <= dark + _NEAR * contrast, gray >= light - _NEAR * contrast
    if (tones[0] | tones[1]).mean() < _TWO_TONES or max(border(tone).mean() for tone in tones) >= _MARGIN:
        return None
    is_dark = gray < (dark + light) / 2
    on_dark, on_light = _like_a_digit(~is_dark), _like_a_digit(is_dark)
    if abs(on_dark - on_light) < _CLEAR:
        return None
    ink, tone = (~is_dark, tones[0]) if on_dark > on_light else (is_dark, tones[1])
    paper = float(np.median(gray[tone]))
    if not _is_cropped_to(np.abs(gray - paper) > _OFF) or (min(gray.shape) >= _NARROW and is_noise(ink)):
        return None  # paper around noise would hide that it is some
    flat = bool((np.abs(gray[tone] - paper) <= _OFF).mean() >= _FLAT)
    return np.pad(gray, max(gray.shape) // 2, constant_values=paper), flat


def _is_cropped_to(ink: Cells) -> bool:
    """Whether ink touches all edges; or three, in a picture as narrow as a 1 two, and fills none, as half a picture does."""
    edges = [float(edge.mean()) for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1])]
    touched, narrow = sum(edge > 0 for edge in edges), max(ink.shape) >= 3 * min(ink.shape)
    return touched == 4 or (touched >= (2 if narrow else 3) and max(edges) < _MARGIN)


def _like_a_digit(ink: Cells) -> float:
    """How much ink looks like one: with few pieces, and little in the corners and along the border."""
    cells = pooled(ink, max(-(-max(ink.shape) // _CELLS), 1))
    _, parts = label(cells)
    pieces = sum(part.cells >= max(_SMALL * cells.sum(), 2) for part in parts)
    side = max(min(ink.shape) // 5, 1)
    corners: float = sum(float(ink[rows, columns].mean()) for rows in _ends(side) for columns in _ends(side))
    return float(-0.5 * pieces - corners - 2 * border(ink).mean())


def _ends(side: int) -> tuple[slice, slice]:
    return slice(None, side), slice(-side, None)
