"""An image becomes rows of terminal characters: half blocks in color, or the nearest glyphs of a ramp without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui.plotting.lazy_import import lazy

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Image = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]
else:
    np = lazy("numpy")

Row = list[Segment]
RGB = tuple[int, int, int]

CENTER_BOX = 24
"""MNIST scales each digit into 20 × 20 pixels and centers it by mass in 28 × 28; a box of 24 nearly always holds it."""

_FAINTEST_PEAK = 0.25
"""Contrast is stretched at most four times, so that an almost empty image does not turn into a picture of its noise."""


@dataclass(frozen=True, slots=True)
class RasterPalette:
    """Colors from no ink to full ink: `levels` steps between `paper` and `ink`.

    `paper` has to be the color behind the picture, since cells without ink are left uncolored. A `gamma` below 1
    lifts thin strokes, which averaging has made faint. Few levels make long runs of equal cells, hence fewer bytes.
    """

    paper: RGB
    ink: RGB
    levels: int = 14
    gamma: float = 0.85

    def color(self, level: int) -> Color:
        """The color of a level, 0 (paper) to `levels` - 1 (ink)."""
        part = level / (self.levels - 1)
        red, green, blue = (round(low + (high - low) * part) for low, high in zip(self.paper, self.ink, strict=True))
        return Color.from_rgb(red, green, blue)


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character and the ink (0 to 1) it shows in its quarters: top left, top right, bottom left, bottom right.

    `cost` is added to its squared error, so that of two glyphs almost as near the plainer one is taken.
    """

    character: str
    ink: tuple[float, float, float, float]
    cost: float = 0.0


Ramp = tuple[Glyph, ...]


def _even(character: str, ink: float, cost: float = 0.0) -> Glyph:
    return Glyph(character, (ink, ink, ink, ink), cost)


BLOCKS: Ramp = (
    _even(" ", 0.0),
    _even("░", 0.25, 0.12),
    _even("▒", 0.5, 0.2),
    _even("▓", 0.75, 0.3),
    _even("█", 1.0),
    Glyph("▀", (1, 1, 0, 0)),
    Glyph("▄", (0, 0, 1, 1)),
    Glyph("▌", (1, 0, 1, 0)),
    Glyph("▐", (0, 1, 0, 1)),
)
"""Shades and half blocks, the ones even the oldest terminal fonts have."""

ASCII: Ramp = (
    _even(" ", 0.0),
    _even(":", 0.3),
    _even("+", 0.5),
    _even("#", 0.75),
    _even("@", 1.0),
    Glyph("'", (0.4, 0.4, 0.0, 0.0)),
    Glyph('"', (0.8, 0.8, 0.0, 0.0)),
    Glyph(".", (0.0, 0.0, 0.4, 0.4)),
    Glyph("o", (0.0, 0.0, 0.9, 0.9)),
    Glyph("*", (0.9, 0.9, 0.4, 0.4)),
)
"""Seven-bit characters, with ones that sit high or low in their cell for the edges of strokes."""


@lru_cache(maxsize=256)
def _areas(source: int, target: int) -> Floats:
    """The (target, source) matrix that averages `source` pixels into `target` equal spans; rows sum to 1."""
    edges = np.linspace(0, source, target + 1)
    pixel = np.arange(source)
    shared = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    weights: Floats = (np.clip(shared, 0, None) * (target / source)).astype(np.float32)
    weights.setflags(write=False)
    return weights


def resample(image: npt.NDArray[np.generic], width: int, height: int) -> Floats:
    """The image (h, w) at (height, width), every new pixel the exact average of the area it covers.

    Works up and down, keeps the image's own units, and keeps its mean.
    """
    rows, columns = image.shape
    if 0 in (rows, columns, width, height):
        return np.zeros((height, width), np.float32)
    return _areas(rows, height) @ image.astype(np.float32) @ _areas(columns, width).T


def crop(image: Image, box: int = CENTER_BOX) -> Image:
    """The `box` × `box` window centered on the ink, or the whole image where that would cut any ink.

    The window starts an even number of pixels before the ink, so that at half size the ink's edges fall on pixels.
    """
    if box >= min(image.shape):
        return image
    starts = [_window(np.flatnonzero(image.any(axis=1 - axis)), image.shape[axis], box) for axis in (0, 1)]
    top, left = starts
    return image if top is None or left is None else image[top : top + box, left : left + box]


def _window(inked: npt.NDArray[np.intp], size: int, box: int) -> int | None:
    """Where a window of `box` starts along an axis of `size` to show all inked lines; None where it cannot."""
    if not len(inked):
        return (size - box) // 2
    first, extent = int(inked[0]), int(inked[-1] - inked[0]) + 1
    if extent > box:
        return None
    margin = (box - extent) // 2
    return min(max(first - margin // 2 * 2, 0), size - box)


def picture_rows(image: Image, columns: int) -> int:
    """How many rows a picture of the image takes at so many columns; a cell is twice as high as wide."""
    height, width = image.shape
    return -(-round(columns * height / width) // 2) if width and columns > 0 else 0


def _quarters(image: Image, columns: int) -> Floats:
    """Ink from 0 to 1 in the four quarters of every cell: (rows, columns, 4)."""
    rows, columns = picture_rows(image, columns), max(columns, 0)
    lines = round(columns * image.shape[0] / image.shape[1]) if rows else 0
    quarters = np.zeros((2 * rows, 2 * columns), np.float32)
    quarters[:lines] = resample(image, 2 * columns, lines) / 255
    return quarters.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)


def _stretch(ink: Floats, gamma: float) -> Floats:
    peak = max(float(ink.max(initial=0.0)), _FAINTEST_PEAK)
    stretched: Floats = np.clip(ink / peak, 0, 1) ** np.float32(gamma)
    return stretched


def half_blocks(image: Image, columns: int, *, palette: RasterPalette) -> list[Row]:
    """The image in color: each cell is halved the way that fits it better, across (▀) or upright (▌).

    At least `columns` × `columns` square pixels are seen; upright halves double that across where strokes are steep.
    Cells without ink are spaces without a style, equal neighbors share a segment, every row is `columns` wide.
    """
    cells = _quarters(image, columns)
    top_left, top_right, bottom_left, bottom_right = np.moveaxis(cells, -1, 0)
    across = (top_left - top_right) ** 2 + (bottom_left - bottom_right) ** 2
    upright = (top_left - bottom_left) ** 2 + (top_right - bottom_right) ** 2 < across
    halves = np.stack(
        [
            (top_left + np.where(upright, bottom_left, top_right)) / 2,
            (bottom_right + np.where(upright, top_right, bottom_left)) / 2,
        ]
    )
    levels = np.rint(_stretch(halves, palette.gamma) * (palette.levels - 1)).astype(int)
    upright &= levels[0] != levels[1]
    return [
        [_block(cell, sum(1 for _ in run), palette) for cell, run in groupby(zip(*row, strict=True))]
        for row in zip(upright.tolist(), *levels.tolist(), strict=True)
    ]


def _block(cell: tuple[bool, int, int], count: int, palette: RasterPalette) -> Segment:
    upright, first, second = cell
    if first == second == 0:
        return Segment(" " * count)
    character, style = _half(upright, first, second, palette)
    return Segment(character * count, style)


@lru_cache(maxsize=4096)
def _half(upright: bool, first: int, second: int, palette: RasterPalette) -> tuple[str, Style]:
    """The character and style of two halves; a half without ink is left uncolored."""
    if first == second:
        return "█", Style(color=palette.color(first))
    if first == 0:
        return "▐" if upright else "▄", Style(color=palette.color(second))
    paper = None if second == 0 else palette.color(second)
    return "▌" if upright else "▀", Style(color=palette.color(first), bgcolor=paper)


def shades(image: Image, columns: int, ramp: Ramp = BLOCKS, gamma: float = 0.85) -> list[str]:
    """The image without colors: each cell the glyph of the ramp whose ink is nearest, every row `columns` wide."""
    quarters = _stretch(_quarters(image, columns), gamma)
    ink, cost = _ramp_arrays(ramp)
    errors = ((quarters[:, :, None, :] - ink) ** 2).sum(axis=-1) + cost
    return ["".join(ramp[glyph].character for glyph in row) for row in errors.argmin(axis=-1)]


@lru_cache(maxsize=8)
def _ramp_arrays(ramp: Ramp) -> tuple[Floats, Floats]:
    ink = np.array([glyph.ink for glyph in ramp], np.float32)
    return ink, np.array([glyph.cost for glyph in ramp], np.float32)
