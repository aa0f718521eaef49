"""From a series of any length to what a canvas of a few hundred dots across can show: thinning, smoothing, dots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.plotting.axis import HUGE, labels
from tui.plotting.lazy_import import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
else:
    np = lazy("numpy")


_BLOCK = 200.0  # exp(±200) is far inside float64 (about 1e±308), with room for the values it is multiplied by
_FADED = -150.0  # a weight of exp(-150) is nothing: the past is forgotten


@dataclass(frozen=True, slots=True, eq=False)
class Clean:
    """A series as it can be drawn: values that cannot are NaN in `y`, and `lost` says in words which and where.

    `range`: the smallest and the largest value, envelope included; None without any.
    """

    x: Floats
    y: Floats
    low: Floats | None
    high: Floats | None
    range: tuple[float, float] | None
    lost: tuple[str, ...]

    def log_x(self) -> Clean:
        """The same with log10 of x; what is not above zero is left out."""
        seen = slice(int(np.searchsorted(self.x, 0.0, "right")), None)
        low, high = (None if values is None else values[seen] for values in (self.low, self.high))
        y = self.y[seen]
        return Clean(np.log10(self.x[seen]), y, low, high, _range(y, low, high), self.lost)

    def between(self, first: float, last: float, *, log: bool = False) -> Clean:
        """The same with each end that lies outside moved to where the line enters or leaves first … last.

        At most one point may lie outside on either side; it is left out where no line leads to it. `log`: lines are
        straight on a logarithmic y axis.
        """
        x, y = self.x.copy(), self.y.copy()
        low, high = (None if values is None else values.copy() for values in (self.low, self.high))
        keep = np.ones(len(x), dtype=bool)
        for end, near, limit, out in ((0, 1, first, self.x < first), (-1, -2, last, self.x > last)):
            if not len(x) or not out[end]:
                continue
            keep[end] = len(x) > 1
            if keep[end]:
                share = (limit - self.x[near]) / (self.x[end] - self.x[near])
                x[end] = limit
                for old, new in ((self.y, y), (self.low, low), (self.high, high)):
                    if old is not None and new is not None:
                        new[end] = _part(old[near], old[end], share, log)
        low, high = (None if values is None else values[keep] for values in (low, high))
        return Clean(x[keep], y[keep], low, high, _range(y[keep], low, high), self.lost)


def _part(start: float, end: float, share: float, log: bool) -> float:
    if log:
        return float(10 ** ((1 - share) * np.log10(start) + share * np.log10(end)))
    return (1 - share) * start + share * end


def _range(y: Floats, low: Floats | None, high: Floats | None) -> tuple[float, float] | None:
    """The smallest and the largest value, envelope included; None without any."""
    lowest = float(np.fmin.reduce(y if low is None else low, initial=np.inf))
    highest = float(np.fmax.reduce(y if high is None else high, initial=-np.inf))
    return (lowest, highest) if lowest <= highest else None


def clean(x: Floats, y: Floats, low: Floats | None, high: Floats | None, *, log: bool = False, unit: str = "") -> Clean:
    """Take out what has no place on the axis: nan and inf, and on a logarithmic axis everything not above zero.

    `unit` is the unit of x ("epoch", "s"), for the words. Points whose x is not finite are dropped. The arrays given
    are not changed, and not copied where nothing has to be taken out.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) and not (x.min() > -HUGE and x.max() < HUGE):
        known = np.abs(x) < HUGE
        x, y = x[known], y[known]
        low, high = (None, None) if low is None or high is None else (low[known], high[known])
    lost: list[str] = []
    lowest, highest = (float(y.min()), float(y.max())) if len(y) else (0.0, 0.0)
    if not (-HUGE < lowest <= highest < HUGE) or (log and lowest <= 0):
        y = _without(x, y, log, unit, lost)
    if low is not None and high is not None:
        usable = (low > (0.0 if log else -HUGE)) & (high < HUGE)
        low, high = np.where(usable, low, y), np.where(usable, high, y)
    return Clean(x, y, low, high, _range(y, low, high), tuple(lost))


def _without(x: Floats, y: Floats, log: bool, unit: str, lost: list[str]) -> Floats:
    """y with NaN for what cannot be shown; the words about it are added to `lost`."""
    out = ~(np.abs(y) < HUGE)
    if out.any():
        kinds = ", ".join(name for name, test in (("nan", np.isnan), ("inf", np.isinf)) if test(y[out]).any())
        lost.append(f"{_counted(out)} not shown ({kinds or 'too large'}) {_place(x, out, unit)}")
    below = (y <= 0) & ~out
    if log and below.any():
        lost.append(f"{_counted(below)} ≤ 0 not shown (log axis)")
        out |= below
    return np.where(out, np.nan, y)


def _counted(which: NDArray[np.bool_]) -> str:
    count = int(which.sum())
    return f"{count} value{'s' if count > 1 else ''}"


def _place(x: Floats, out: NDArray[np.bool_], unit: str) -> str:
    """Where it was: "at epoch 3" for one value, "from epoch 3 on" where none came after, else "first at epoch 3"."""
    first = int(out.argmax())
    number = labels([float(f"{x[first]:.3g}")])[0]
    place = f"{number} {unit}".strip() if len(unit) < 3 else f"{unit} {number}"
    if out.sum() == 1:
        return f"at {place}"
    return f"from {place} on" if out[first:].all() else f"first at {place}"


@dataclass(frozen=True, slots=True, eq=False)
class Thinned:
    """A series reduced to `columns` columns.

    `column` and `y` (same length, column ascending): at most two points a column, its minimum and its maximum in the
    order they are reached; `y` is NaN where the line breaks. `low` and `high` (length `columns`): the envelope of
    each column, NaN where it has no finite value. `broken` (length `columns`): the column lost a value.
    """

    column: Ints
    y: Floats
    low: Floats
    high: Floats
    broken: NDArray[np.bool_]

    def log10(self) -> Thinned:
        """The same on a logarithmic axis; the extremes of a column stay its extremes."""
        return Thinned(self.column, np.log10(self.y), np.log10(self.low), np.log10(self.high), self.broken)

    def line(self) -> Thinned:
        """The same with the line itself as its envelope."""
        first, last = np.full(len(self.low), np.nan), np.full(len(self.low), np.nan)
        finite = np.isfinite(self.y)
        column, y = self.column[finite], self.y[finite]
        first[column[::-1]], last[column] = y[::-1], y
        return Thinned(self.column, self.y, np.fmin(first, last), np.fmax(first, last), self.broken)


def column_edges(first: float, last: float, columns: int) -> Floats:
    """The `columns + 1` limits of the columns from x = first to x = last; both lie in the middle of their column."""
    half = 0.5 * (last - first) / max(columns - 1, 1)
    edges = np.linspace(first - half, last + half, columns + 1) if columns > 1 else np.array([first, last + half])
    edges[-1] = np.nextafter(edges[-1], np.inf)
    return edges


def column_of(edges: Floats, x: Floats) -> Ints:
    """The column each x falls in, by the same limits `thin` uses; -1 and `columns` lie outside."""
    return np.searchsorted(edges, x, side="right").astype(np.int64) - 1


def thin(
    x: Floats,
    y: Floats,
    low: Floats | None,
    high: Floats | None,
    columns: int,
    *,
    limits: tuple[float, float] | None = None,
) -> Thinned:
    """Reduce a series to its minimum and maximum in each of `columns` columns, so that every spike stays visible.

    x must be finite and ascending. `low` and `high` are the envelope of each point where it stands for several values
    (else y itself). `limits` are the x of the first and the last column (else those of the series); points outside are
    left out. Values that are not finite break the line. O(n).

    After "M4: A Visualization-Oriented Time Series Data Aggregation" (Jugel et al., 2014), with two of its four points,
    since a column is one dot wide here.
    """
    empty = np.full(max(columns, 0), np.nan)
    broken = np.zeros(max(columns, 0), dtype=bool)
    if columns <= 0 or len(x) == 0:
        return Thinned(np.zeros(0, np.int64), np.zeros(0), empty, empty, broken)
    first, last = limits or (float(x[0]), float(x[-1]))
    bounds = np.maximum.accumulate(np.searchsorted(x, column_edges(first, last, columns)))
    begin, end = bounds[0], bounds[-1]
    filled = np.flatnonzero(bounds[1:] > bounds[:-1])
    if len(filled) == 0:
        return Thinned(np.zeros(0, np.int64), np.zeros(0), empty, empty, broken)
    starts = bounds[filled] - begin
    y = y[begin:end]
    smallest, largest = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    lost = np.zeros(len(filled), dtype=bool)
    if not (np.isfinite(smallest) & np.isfinite(largest)).all():
        bad = ~np.isfinite(y)
        y = np.where(bad, np.nan, y)
        lost = np.logical_or.reduceat(bad, starts)
        smallest, largest = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    lowest, highest = empty.copy(), empty.copy()
    lowest[filled], highest[filled] = smallest, largest
    if low is not None and high is not None:
        lowest[filled] = np.fmin.reduceat(np.fmin(low[begin:end], y), starts)
        highest[filled] = np.fmax.reduceat(np.fmax(high[begin:end], y), starts)
    broken[filled] = lost
    column, points = _in_order(filled, y[starts], smallest, largest, lost)
    return Thinned(column, points, lowest, highest, broken)


def _in_order(filled: Ints, head: Floats, low: Floats, high: Floats, lost: NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """The points of each column, in four slots: a break before, one extreme, the other, a break after."""
    finite = np.isfinite(low)
    downhill = high - head < head - low  # the column begins nearer to its maximum (never true where head is NaN)
    nan = np.full(len(filled), np.nan)
    slots = np.stack([nan, np.where(downhill, high, low), np.where(downhill, low, high), nan], axis=1)
    before = lost & np.isnan(head)
    keep = np.stack([before, finite, finite & (low != high), lost & ~before], axis=1)
    return np.repeat(filled, 4).reshape(-1, 4)[keep].astype(np.int64), slots[keep]


def bridge(thinned: Thinned) -> tuple[Floats, Floats]:
    """The envelope (low, high) of every column, with columns between two points filled in a straight line.

    A gap over a value that is not finite stays open.
    """
    low, high = thinned.low.copy(), thinned.high.copy()
    there = np.flatnonzero(np.isfinite(low))
    if len(there) < 2:
        return low, high
    inside = np.arange(there[0], there[-1] + 1)
    right = np.searchsorted(there, inside)
    left = np.where(there[right] == inside, right, right - 1)
    breaks = np.cumsum(thinned.broken)
    whole = breaks[there[left]] == breaks[there[right]]
    fill = inside[whole & ~np.isfinite(low[inside])]
    low[fill] = np.interp(fill, there, low[there])
    high[fill] = np.interp(fill, there, high[there])
    return low, high


def span_dots(low: Floats, high: Floats, rows: int) -> NDArray[np.bool_]:
    """Dots (rows × columns, row 0 at the top) of one upright bar a column, from low to high in rows from the bottom.

    Neighboring bars are made to meet, so that the whole reads as one line with a width. NaN leaves a column empty.
    """
    low, high = low.copy(), high.copy()
    with np.errstate(invalid="ignore"):
        rise = low[1:] > high[:-1] + 1
        fall = high[1:] < low[:-1] - 1
        low[1:][rise] = high[:-1][rise] + 1
        high[1:][fall] = low[:-1][fall] - 1
        row = np.arange(rows - 1, -1, -1)[:, np.newaxis]
        return (row >= low) & (row <= high)


def ema(y: Floats, weight: float, counts: Floats | None = None) -> Floats:
    """Exponential moving average with the bias correction of Adam (Kingma & Ba, 2015, section 3).

    m_t = weight · m_{t-1} + (1 - weight) · y_t, divided by 1 - weight^t so that the start is not pulled toward 0.
    `weight` in [0, 1) is the share the past keeps; 0 returns y. A point that stands for `counts` values is taken that
    many times.
    Values that are not finite are skipped and stay NaN in the answer. Raises ValueError for a weight outside [0, 1).
    """
    if not 0.0 <= weight < 1.0:
        raise ValueError(f"the smoothing weight is {weight}; it must be at least 0 and below 1")
    y = np.asarray(y, np.float64)
    finite = np.isfinite(y)
    out = np.full(len(y), np.nan)
    values = y[finite]
    if weight == 0.0 or len(values) == 0:
        out[finite] = values
        return out
    times = np.ones(len(values)) if counts is None else np.asarray(counts, np.float64)[finite]
    fade = np.maximum(times * math.log(weight), _FADED)
    # within a block numbers grow by up to exp(200): values near the largest there are would leave float64
    scale = max(float(np.abs(values).max()), 1.0)
    share = -np.expm1(fade) * (values / scale)
    total = np.cumsum(fade)
    # m_t / exp(total_t) is a plain sum; it is taken in blocks short enough for the exponential
    mean, start = 0.0, 0
    smooth = np.empty(len(values))
    while start < len(values):
        base = total[start - 1] if start else 0.0
        end = int(np.searchsorted(-total, _BLOCK - base, side="right"))
        decay = np.exp(total[start:end] - base)
        smooth[start:end] = decay * (mean + np.cumsum(share[start:end] / decay))
        mean, start = float(smooth[end - 1]), end
    out[finite] = np.clip(smooth / -np.expm1(total), -1.0, 1.0) * scale
    return out
