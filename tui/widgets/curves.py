"""What a chart shows: its curves and marks, and the ink that each curve is drawn with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.lazy import lazy
from tui.widgets import axis
from tui.widgets.ink import Ink
from tui.widgets.series import Clean, clean

if TYPE_CHECKING:
    import numpy as np

    from tui.widgets.series import Floats
else:
    np = lazy("numpy")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One series: x ascending, y as long (float64); `low` and `high` where a point stands for several values.

    `role` ("train", "validation", "raw" or "other") decides colour and shape; "raw" is drawn faint, behind the others.
    `points` marks each point. `current` is the value in the legend: None for the last finite y, "" for none. A curve
    without a label is not in the legend.
    """

    label: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    role: str = "train"
    points: bool = False
    current: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a sign, such as the best epoch: `glyph` at x in the chart, glyph and label in the legend.

    One without a label is not in the legend.
    """

    x: float
    label: str
    glyph: str


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """Everything one chart shows.

    `percent`: y is a share, written as a percentage. `x_max`: how far the x axis reaches at least (the planned end).
    `note`: a sentence the chart must carry, such as "diverged at epoch 3 (inf)".
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...] = ()
    log_y: bool = False
    y_min: float | None = None
    y_max: float | None = None
    percent: bool = False
    x_max: float | None = None
    note: str = ""


def glyph(mark: Mark) -> str:
    """The glyph of a mark, an asterisk where its own is not one character in one cell."""
    return mark.glyph if cell_len(mark.glyph) == len(mark.glyph) == 1 else "*"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A curve as it is drawn: its ink, what of it can be shown, and its value in the legend."""

    curve: Curve
    ink: Ink
    data: Clean
    current: str

    @property
    def has_points(self) -> bool:
        """Whether its points are marked, all or some."""
        return self.curve.points or self.curve.role == "other"


_PENS = {"train": Ink.TRAIN, "validation": Ink.VALIDATION, "raw": Ink.RAW}
OTHERS = (Ink.OTHER, Ink.MARK, Ink.VALIDATION, Ink.TRAIN)


def series_of(plot: Plot) -> list[Series]:
    """The curves of a plot; those of no role of their own take turns with the inks."""
    others = iter(OTHERS * len(plot.curves))
    return [_series(curve, plot, _PENS.get(curve.role) or next(others)) for curve in plot.curves]


def _series(curve: Curve, plot: Plot, ink: Ink) -> Series:
    data = clean(curve.x, curve.y, curve.low, curve.high, log=plot.log_y, unit=plot.x_label)
    return Series(curve, ink, data, _current(data.y, plot.percent) if curve.current is None else curve.current)


def _current(y: Floats, percent: bool) -> str:
    if len(y) == 0:
        return "–"
    last = float(y[-1])
    if math.isnan(last) and len(shown := y[np.isfinite(y)]):
        last = float(shown[-1])
    return axis.value_text(last, percent=percent)
