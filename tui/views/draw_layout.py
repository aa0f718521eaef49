"""How the drawing screen shares out its cells. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BARS = 12
"""Rows of the ten bars with their frame."""
_LEAST_RIGHT = 26
_SMALL_RIGHT = 38
"""Cells at the right of the pad, at the least and where the window is not narrow."""
_PICTURES = (28, 14, 7)
"""Rows of the picture that the network sees: half a pixel, one or two in a column, so that its edges stay sharp."""
_BESIDE = 20
"""Cells beside that picture for the epochs."""


@dataclass(frozen=True, slots=True)
class DrawLayout:
    """Rows of the pad, of the picture that the network sees (0: not shown), and of the notes; a picture has twice as many columns."""

    pad: int
    picture: int
    notes: int


def draw_layout(width: int, height: int, notes: int = 1) -> DrawLayout:
    """The layout of a body of `width` × `height` cells: a pad as large as it can be, with the bars beside it.

    `notes`: how many rows are needed for them; in a high window they have two in any case, so that nothing moves.
    """
    notes = min(max(notes, 2 if height >= 30 else 1), 4)
    upper = height - notes
    right = _SMALL_RIGHT if width >= 76 else _LEAST_RIGHT
    pad = max(min(upper - 2, (width - right - 2) // 2), 4)
    left_over = width - 2 * pad - 2
    pictures = (rows for rows in _PICTURES if rows + 2 + BARS <= upper and 2 * rows + 2 + _BESIDE <= left_over)
    return DrawLayout(pad, next(pictures, 0), notes)
