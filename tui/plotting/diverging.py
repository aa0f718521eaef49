"""Values around zero as pictures: one color for what speaks for something, one for what speaks against it.

Blue and orange are told apart with every common color weakness; where there are no colors, signs stand for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tui.plotting.pixels import Codes, mixed
from tui.plotting.raster import RGB, resample

Floats = npt.NDArray[np.float32]
LEVELS = 8
"""Steps from zero to the largest value, to either side: few, so that neighbors are alike and take few bytes."""
INKS = 5
"""Steps of the ink of a digit that lies under the values."""
_GAMMA = 0.8
"""Below 1: lifts what is faint."""
_INK_SHARE = 0.42
"""How far full ink stands out from the paper: no further, or the color on it could not be told."""
_PLUS, _MINUS = ("+", "#"), ("-", "=")
_WEAK, _STRONG = 0.2, 0.55
_DOT = "."


@dataclass(frozen=True, slots=True)
class Colors:
    """What lies behind, what speaks for, what against, and the ink of a digit underneath."""

    paper: RGB
    plus: RGB
    minus: RGB
    ink: RGB


def codes(values: Floats, columns: int, rows: int, ink: Floats | None = None) -> Codes:
    """Values (h, w) from -1 to 1, and ink from 0 to 1 under them, as the pixels (2 × rows, columns) of a picture."""
    fine = resample(values, columns, 2 * rows)
    level = np.rint(np.sign(fine) * np.minimum(np.abs(fine), 1) ** _GAMMA * LEVELS).astype(int)
    under = np.zeros_like(level) if ink is None else np.rint(resample(ink, columns, 2 * rows) * INKS).astype(int)
    found: Codes = under * (2 * LEVELS + 1) + level + LEVELS
    return found


@lru_cache(maxsize=16)
def painter(colors: Colors) -> Callable[[int], RGB | None]:
    """The color of each code: None for bare paper."""

    @lru_cache(maxsize=1024)
    def color(code: int) -> RGB | None:
        ink, level = divmod(code, 2 * LEVELS + 1)
        level -= LEVELS
        if ink == 0 and level == 0:
            return None
        ground = mixed(colors.paper, colors.ink, _INK_SHARE * ink / INKS)
        return mixed(ground, colors.plus if level > 0 else colors.minus, abs(level) / LEVELS)

    return color


def signs(values: Floats, columns: int, rows: int, ink: Floats | None = None) -> list[str]:
    """The same without colors: + and # for values above zero, - and = for those below, a dot for ink alone."""
    cells = resample(values, columns, rows)
    under = np.zeros_like(cells) if ink is None else resample(ink, columns, rows)
    return ["".join(map(_sign, row, below)) for row, below in zip(cells.tolist(), under.tolist(), strict=True)]


def _sign(value: float, ink: float) -> str:
    size, (weak, strong) = abs(value), _PLUS if value > 0 else _MINUS
    if size >= _WEAK:
        return strong if size >= _STRONG else weak
    return _DOT if ink >= 0.4 else " "
