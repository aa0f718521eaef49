"""What a chart shows: its curves and marks, and the ink that each curve is drawn with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.plotting import axis
from tui.plotting.downsample import Clean, clean
from tui.plotting.ink import Ink
from tui.plotting.lazy_import import lazy

if TYPE_CHECKING:
    import numpy as np

    from tui.plotting.downsample import Floats
else:
    np = lazy("numpy")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One series: x ascending, y as long (float64); `low` and `high` where a point stands for several values.

    `role` ("train", "validation", "between", "raw" or "other") decides color and shape; "raw" is drawn faint, behind the
    others, and those that are "between" have one ink. `sign` stands on its points, where it is not that of its ink.
    `points` marks each point. `current` is the value in the legend: None for the last finite y, "" for none. A curve
    without a label is not in the legend. `told` writes what the curve has at a step, for the legend while a cursor
    stands there.
    """

    label: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    role: str = "train"
    points: bool = False
    current: str | None = None
    reported: Callable[[int], str] | None = None
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a sign, such as the best epoch: `glyph` at x in the chart, glyph and label in the legend.

    One without a label is not in the legend. From one that is not `quiet` a dotted line leads to the x axis; a quiet
    one that belongs to no point is at the foot of the chart where it is `low`, else at the top.
    """

    x: float
    label: str
    glyph: str
    quiet: bool = False
    low: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """Everything one chart shows.

    `percent`: y is a share, written as a percentage. `x_max`: how far the x axis reaches at least (the planned end).
    `x_limits`: the part of the x axis that is shown (None: all). `log_x`: a logarithmic x axis; all x are given as they
    are. `cursor`: where an upright line stands, None for none. `stacked`: every curve keeps its name in the legend, which
    takes more rows for it, as it does with a cursor; neither title nor marks are in it.
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
    x_limits: tuple[float, float] | None = None
    log_x: bool = False
    cursor: float | None = None
    stacked: bool = False

    def at(self, step: int, x: float) -> Plot:
        """The same with the cursor at x, and in the legend what the curves have at that step."""
        reported = (replace(curve, current=curve.reported(step)) if curve.reported else curve for curve in self.curves)
        return replace(self, cursor=x, curves=tuple(reported))

    def place(self, x: float) -> float:
        """Where x lies on the axis; minus infinity for what has no place on a logarithmic one."""
        return x if not self.log_x else math.log10(x) if x > 0 else -math.inf


def glyph(mark: Mark) -> str:
    """The glyph of a mark, an asterisk where its own is not one character in one cell."""
    return mark.glyph if cell_len(mark.glyph) == len(mark.glyph) == 1 else "*"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A curve as it is drawn: its ink, what of it can be shown, and its value in the legend.

    `data` are its points in sight, `line` the same and, where only a part of the x axis is shown, where the line
    enters and leaves it.
    """

    curve: Curve
    ink: Ink
    data: Clean
    line: Clean
    current: str

    @property
    def has_points(self) -> bool:
        """Whether its points are marked, all or some."""
        return self.curve.points or self.curve.role == "other"


_PENS = {"train": Ink.TRAIN, "validation": Ink.VALIDATION, "between": Ink.OTHER, "raw": Ink.RAW}
OTHERS = (Ink.OTHER, Ink.MARK, Ink.VALIDATION, Ink.TRAIN)


def series_of(plot: Plot) -> list[Series]:
    """The curves of a plot; those of no role of their own take turns with the inks."""
    others = iter(OTHERS * len(plot.curves))
    return [_series(curve, plot, _PENS.get(curve.role) or next(others)) for curve in plot.curves]


def _series(curve: Curve, plot: Plot, ink: Ink) -> Series:
    data = line = _clean(curve, plot, slice(None))
    if plot.x_limits is not None:
        begin, end = (
            np.searchsorted(curve.x, plot.x_limits[0], "left"),
            np.searchsorted(curve.x, plot.x_limits[1], "right"),
        )
        data = _clean(curve, plot, slice(begin, end))
        line = _clean(curve, plot, slice(max(begin - 1, 0), end + 1))
        line = line.between(*map(plot.place, plot.x_limits), log=plot.log_y)
    return Series(curve, ink, data, line, _current(data.y, plot.percent) if curve.current is None else curve.current)


def _clean(curve: Curve, plot: Plot, part: slice) -> Clean:
    low, high = (None if values is None else values[part] for values in (curve.low, curve.high))
    data = clean(curve.x[part], curve.y[part], low, high, log=plot.log_y, unit=plot.x_label)
    return data.log_x() if plot.log_x else data


def _current(y: Floats, percent: bool) -> str:
    if len(y) == 0:
        return "–"
    last = float(y[-1])
    if math.isnan(last) and len(shown := y[np.isfinite(y)]):
        last = float(shown[-1])
    return axis.value_text(last, percent=percent)
