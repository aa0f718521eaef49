"""What of a picture's gray values is ink: paper of one color, or unevenly lit, dark ink on it or light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.pictures.decoding import block_mean

Floats = NDArray[np.float32]

LEAST_CONTRAST = 25.0
"""Gray levels of 255 between paper and ink: a tenth. Of less, nobody could tell what is written."""
_FULL_CONTRAST = 0.95 * 255
"""From here on ink keeps its gray values; below they are stretched."""

_LOSSY_FLOOR = 0.08
_GRID = 96
"""Cells along the longer side in which the paper's own shade is found."""
_WIDEST_STROKE = 0.3
"""Share of the shorter side: what is narrower than that is ink on the paper, what is wider is shade."""
_NOISE = 4.5
"""Standard deviations of the paper's noise that ink has to stand out by."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Ink (H, W) from 0 to 1, and whether it is dark on light paper. `even`: the paper has one color all over."""

    ink: Floats
    dark: bool
    even: bool


def ink_layer(gray: Floats, *, lossy: bool) -> Layer | None:
    """The ink in gray values (H, W) from 0 to 255; None where nothing stands out from the paper."""
    paper = _even_paper(gray, lossy=lossy)
    return _on_uneven(gray) if paper is None else _on_even(gray, paper, lossy=lossy)


def border(values: NDArray[Any], width: int = 1) -> NDArray[Any]:
    """What lies along the four edges."""
    inner = values[width:-width]
    return np.concatenate(
        [values[:width].ravel(), values[-width:].ravel(), inner[:, :width].ravel(), inner[:, -width:].ravel()]
    )


def _even_paper(gray: Floats, *, lossy: bool) -> float | None:
    """The paper's gray where it is the same nearly everywhere, as in what a program has drawn."""
    width = max(min(gray.shape) // 50, 1)
    edge = border(gray, width)
    paper = float(np.median(edge))
    near = 8.0 if lossy else 1.5
    if (np.abs(edge - paper) <= near).mean() < 0.7 or (np.abs(gray - paper) <= near).mean() < 0.3:
        return None
    return paper


def _on_even(gray: Floats, paper: float, *, lossy: bool) -> Layer | None:
    off = gray - np.float32(paper)
    dark = -float(off.min()) >= float(off.max())
    ink = -off if dark else off
    contrast = float(ink.max())
    if contrast < LEAST_CONTRAST:
        return None
    near = np.abs(off) <= (8.0 if lossy else 1.5)
    if lossy:
        floor = _LOSSY_FLOOR * contrast
    elif (off[near] == 0).mean() >= 0.95:
        floor = 0.0
    else:
        floor = 2.5
    top = 255.0 if contrast >= _FULL_CONTRAST else contrast
    return Layer(_ramp(ink, floor, top), dark, even=True)


def _on_uneven(gray: Floats) -> Layer | None:
    """Ink on paper with shade and noise: what is off the paper by far more than the paper is off itself."""
    surface, dark = _surface(gray)
    flat = gray - surface
    light = flat if dark else -flat
    off = _shade(light) - light
    off -= np.median(off)
    noise = _noise(off)
    stands_out = off[off > max(_NOISE * noise, 6.0)]
    if stands_out.size < max(12, off.size // 10000):
        return None
    core = float(np.percentile(stands_out, 85))
    if core < max(LEAST_CONTRAST, 6 * noise):
        return None
    return Layer(_ramp(off, max(3.5 * noise, 0.35 * core), 0.75 * core), dark, even=False)


def _ramp(values: Floats, low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high` on, in proportion between."""
    ramp: Floats = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return ramp


def _surface(gray: Floats) -> tuple[Floats, bool]:
    """The light that falls on the paper, as a polynomial of second degree, and whether what is written is darker.

    It is fitted again and again to what is near it (least squares, trimmed), so that ink and the table beside the sheet
    do not count. Ink is what is off it through most of the picture.
    """
    small = block_mean(gray, max(max(gray.shape) // 64, 1))
    terms = _terms(small.shape)
    values = small.ravel()
    paper = np.ones(len(values), bool)
    weights, off = np.zeros(terms.shape[1], np.float32), values
    for _ in range(6):
        weights = np.linalg.lstsq(terms[paper], values[paper], rcond=None)[0]
        off = values - terms @ weights
        paper = np.abs(off) <= max(2.5 * 1.4826 * float(np.median(np.abs(off))), 3.0)
        if paper.sum() < 2 * terms.shape[1]:
            break
    inside = (np.abs(terms[:, 1]) < 0.92) & (np.abs(terms[:, 2]) < 0.92) & ~paper
    dark = -float(off[inside & (off < 0)].sum()) >= float(off[inside & (off > 0)].sum())
    surface = (_terms(gray.shape) @ weights).reshape(gray.shape)
    return np.asarray(surface, np.float32), dark


def _terms(shape: tuple[int, ...]) -> Floats:
    """1, y, x, yx, y² and x² of every pixel (pixels, 6), y and x from -1 to 1."""
    down, across = (np.linspace(-1, 1, length, dtype=np.float32) for length in shape)
    x, y = (each.ravel() for each in np.meshgrid(across, down))
    return np.stack([np.ones_like(y), y, x, y * x, y**2, x**2], axis=1)


def _shade(light: Floats) -> Floats:
    """The paper's own gray under dark strokes: a closing, which fills what is narrower than its window.

    A closing is the least of the greatest values around (Serra: Image Analysis and Mathematical Morphology, 1982).
    """
    factor = max(max(light.shape) // _GRID, 1)
    small = block_mean(light, factor)
    reach = max(round(min(small.shape) * _WIDEST_STROKE / 2), 1)
    closed = -_greatest(-_greatest(small, reach), reach)
    smooth = _mean(closed, max(reach // 2, 1))
    return _enlarged(smooth, factor, light.shape)


def _greatest(values: Floats, reach: int) -> Floats:
    """The greatest value up to `reach` cells away, along both axes."""
    for axis in (0, 1):
        padded = np.pad(values, [(reach, reach) if axis == each else (0, 0) for each in (0, 1)], mode="edge")
        values = sliding_window_view(padded, 2 * reach + 1, axis=axis).max(axis=-1)
    return values


def _mean(values: Floats, reach: int) -> Floats:
    for axis in (0, 1):
        padded = np.pad(values, [(reach, reach) if axis == each else (0, 0) for each in (0, 1)], mode="edge")
        values = sliding_window_view(padded, 2 * reach + 1, axis=axis).mean(axis=-1, dtype=np.float32)
    return values


def _enlarged(small: Floats, factor: int, shape: tuple[int, ...]) -> Floats:
    """Block means back at full size, interpolated linearly between the blocks' middles."""
    if factor == 1:
        return small
    for axis in (0, 1):
        middles = (np.arange(shape[axis]) + 0.5) / factor - 0.5
        at = np.clip(middles, 0, small.shape[axis] - 1)
        below = np.minimum(at.astype(int), max(small.shape[axis] - 2, 0))
        above = np.minimum(below + 1, small.shape[axis] - 1)
        part = (at - below).astype(np.float32)
        part = part[:, None] if axis == 0 else part
        small = np.take(small, below, axis) * (1 - part) + np.take(small, above, axis) * part
    return small


def _noise(off: Floats) -> float:
    """Standard deviation of the paper, from the half of the pixels that is lighter than its middle (ink is darker)."""
    lighter = -off[off < 0]
    return 1.4826 * float(np.median(lighter)) if lighter.size else 0.0
