"""A labeled image with its prediction, and how a probability is written in whole percent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.plotting.lazy_import import lazy

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    np = lazy("numpy")


@dataclass(frozen=True, slots=True, eq=False)
class DigitView:
    """A labeled image (28, 28) and what the model reads in it, None before the first reading.

    `probability` (0 to 1) is the one the model gives its reading; `index` is the image's place in its split.
    """

    pixels: npt.NDArray[np.uint8]
    label: int
    prediction: int | None
    probability: float | None
    index: int = -1

    @property
    def wrong(self) -> bool:
        """Whether there is a reading and it is not the label."""
        return self.prediction is not None and self.prediction != self.label


def percent(probability: float | None) -> str:
    """A probability in whole percent, without the sign: "0" and "100" are exact, else "<1" and ">99" stand there."""
    if probability is None or math.isnan(probability):
        return ""
    if probability <= 0 or probability >= 1:
        return "0" if probability <= 0 else "100"
    nearest = math.floor(100 * probability + 0.5)
    return "<1" if nearest == 0 else ">99" if nearest == 100 else str(nearest)
