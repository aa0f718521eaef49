"""Axes: limits, ticks at round numbers (1, 2 or 5 times a power of ten), and numbers written short."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

HUGE = 1e300  # the span between two values beyond this is no float64 any more
_TINY = 1e-290  # below this a span cannot be divided any more: it is a constant


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high` with its ticks and their labels; on a logarithmic one all positions are log10."""

    low: float
    high: float
    ticks: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    log: bool = False


def upright(
    lower: float,
    upper: float,
    rows: float,
    *,
    log: bool = False,
    percent: bool = False,
    asked: tuple[float | None, float | None] = (None, None),
) -> Axis:
    """The axis for values lower … upper (above 0 if `log`) over `rows` of height; `asked` limits win where they can."""
    floor, ceiling = (v if v is not None and abs(v) < HUGE else None for v in asked)
    step = None
    if log:
        low, high = log_limits(lower, upper)
        floor, ceiling = (math.log10(v) if v is not None and v > 0 else None for v in (floor, ceiling))
    else:
        low, high, step = limits(lower, upper, rows)
    wanted = (low if floor is None else floor, high if ceiling is None else ceiling)
    if wanted != (low, high) and wanted[0] < wanted[1] and span(*wanted) == wanted:
        (low, high), step = wanted, None
    most = max(int(rows // 2) + 1, 2)
    if log:
        ticks = log_ticks(low, high, most)
        return Axis(low, high, tuple(ticks), tuple(labels([10.0**t], percent=percent)[0] for t in ticks), log=True)
    ticks = linear_ticks(low, high, most) if step is None else multiples(low, high, step)
    ticks = [t for t in ticks if not percent or 0 <= t <= 1]
    return Axis(low, high, tuple(ticks), tuple(labels(ticks, percent=percent)))


def span(low: float, high: float) -> tuple[float, float]:
    """The interval itself, or one around it when it is a single value, so that a flat line lies in the middle."""
    if high - low > max(_TINY, 1e-9 * max(abs(low), abs(high))):
        return low, high
    middle = (low + high) / 2
    half = abs(middle) / 2 if abs(middle) > _TINY else 1.0
    return middle - half, middle + half


def limits(low: float, high: float, rows: float) -> tuple[float, float, float | None]:
    """Limits and step of a linear axis for values low … high over `rows` of height; from zero where zero is near.

    The span is stretched until a round step is a whole number of rows: ticks are then evenly spaced, and the axis stays
    as it is while the values change a little. Where that would waste a quarter of the height, it ends at the next half
    step instead. A single value lies in the middle. Without room for ticks there is no step.
    """
    low, high, flat = *span(low, high), span(low, high) != (low, high)
    if 0 < low <= 0.3 * high:
        low = 0.0
    elif 0.3 * low <= high < 0:
        high = 0.0
    apart = max(2, round(rows / 7)) if rows >= 4 else 1
    enough = 3 if rows >= 4 else 2
    best: tuple[tuple[bool, bool, float], float, float, float | None] = ((True, True, math.inf), low, high, None)
    for times in (1.0, 1.5, 2.0, 3.0, 4.0) if rows > 0 else ():
        step = nice_step((high - low) / rows * apart * times)
        start = math.floor(low / step * 2 + 1e-9) * step / 2
        tall = math.floor(rows / ((high - start) / step) + 1e-9)
        if tall < apart:
            continue
        size = rows / tall * step
        if flat:
            start = (low + high - size) / 2
        elif size > 1.35 * (high - start):
            size = math.ceil((high - start) / step * 2 - 1e-9) * step / 2
        ticks = len(multiples(start, start + size, step))
        best = min(best, ((ticks < enough, tall > 2 * apart + 1, size), start, start + size, step), key=lambda b: b[0])
    return best[1:]


def log_limits(low: float, high: float) -> tuple[float, float]:
    """Limits (log10) of a logarithmic axis for 0 < low ≤ high: rounded outwards to 1, 2 or 5 times a power of ten."""
    below, above = math.log10(low), math.log10(high)
    if above - below < 1e-9:
        return below - 0.5, below + 0.5
    marks = [math.log10(m) for m in (1, 2, 5, 10)]
    floor, ceiling = math.floor(below + 1e-9), math.floor(above)
    return (
        floor + max(m for m in marks if floor + m <= below + 1e-9),
        ceiling + min(m for m in marks if ceiling + m >= above - 1e-9),
    )


def nice_step(rough: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is at least `rough` (> 0)."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * (1 - 1e-9))


def linear_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """At most `most` round numbers in [low, high], evenly spaced; whole numbers only if asked."""
    if most < 1 or not high - low > _TINY:
        return []
    step = nice_step((high - low) / most)
    if whole:
        step = max(step, 1.0)
    while len(ticks := multiples(low, high, step)) > most:
        step = nice_step(step * 1.5)
    return ticks


def multiples(low: float, high: float, step: float) -> list[float]:
    """The multiples of a nice `step` in [low, high]."""
    counts = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    # dividing is exact where multiplying by a fraction is not: 3 / 10, not 3 * 0.1
    return [k / round(1 / step) if 1e-15 < step < 1 else k * step for k in counts]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` ticks in [low, high], all as log10: 1-2-5 or 1-3 in each decade, decades, or every nth decade."""
    if most < 1 or not high > low:
        return []
    decades = range(math.floor(low), math.ceil(high) + 1)
    for mantissas in ((1, 2, 5), (1, 3), (1,)):
        ticks = [t for d in decades for m in mantissas if low - 1e-9 <= (t := d + math.log10(m)) <= high + 1e-9]
        if 2 <= len(ticks) <= most:
            return ticks
    if len(ticks) > most:
        every = math.ceil(len(ticks) / most)
        return [t for t in ticks if round(t) % every == 0]
    between = [math.log10(t) for t in linear_ticks(10**low, 10**high, most) if t > 0] if high - low < 3 else []
    return max(ticks, between, key=len)


def labels(ticks: Sequence[float], *, percent: bool = False) -> list[str]:
    """The ticks in as few digits as tell them apart: 0.5, 12.5k, 3M, 2e-9; shares as percentages if asked."""
    values = [t * 100 for t in ticks] if percent else list(ticks)
    sign = "%" if percent else ""
    top = max((abs(v) for v in values), default=0.0)
    step = min((abs(b - a) for a, b in pairwise(values)), default=top) or top
    if top >= 1e9 * (1 - 1e-9) or 0 < top < 1e-3 * (1 - 1e-9):
        digits = min(max(math.floor(math.log10(top)) - math.floor(math.log10(step)), 0), 6)
        return ["0" + sign if v == 0 else _power(v, digits) + sign for v in values]
    unit, suffix = (1e6, "M") if top >= 1e6 else (1e3, "k") if top >= 1e4 else (1.0, "")
    digits = _digits([v / unit for v in values], step / unit)
    return ["0" + sign if v == 0 else f"{v / unit:.{digits}f}{suffix}{sign}" for v in values]


def _digits(values: Sequence[float], step: float) -> int:
    return next((d for d in range(7) if all(abs(round(v, d) - v) < 1e-3 * step for v in values)), 7)


def _power(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def value_text(value: float, *, percent: bool = False) -> str:
    """One value for a legend or a table, in three or four digits: 0.231, 97.84%, 12.5k, 9.1e-5, nan."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if percent:
        return f"{value * 100:.2f}%"
    size = abs(value)
    if size >= 1e9 or 0 < size < 1e-3:
        return _power(value, 2 if size >= 1e9 else 1)
    if size >= 1e4:
        return f"{value / 1e6:.2f}M" if size >= 1e6 else f"{value / 1e3:.1f}k"
    digits = 0 if size == 0 else 1 if size >= 100 else 2 if size >= 10 else 3 if size >= 0.1 else 4
    return f"{value:.{digits}f}"


def level(
    low: float, high: float, width: int, *, whole: bool, overhang: int, reserved: int, log: bool = False
) -> list[tuple[int, int, str]]:
    """Ticks of a horizontal axis, as many as read well: (cell of the tick, first cell of its label, label).

    `width`: its cells; `overhang`: cells left of it that the first label may use; `reserved`: cells at its right end
    that labels leave free. `log`: a logarithmic axis, on which low and high are log10.
    """
    for most in range(width // 7 + 1, 0, -1):
        ticks = log_ticks(low, high, most) if log else linear_ticks(low, high, most, whole=whole)
        texts = [labels([10.0**tick])[0] for tick in ticks] if log else labels(ticks)
        placed = []
        for tick, text in zip(ticks, texts, strict=True):
            cell = math.floor(0.5 + (width - 1) * (tick - low) / (high - low))
            start = min(max(cell - (len(text) - 1) // 2, -overhang), width - reserved - len(text))
            touches = start + len(text) >= cell  # where the end of the axis has moved it aside
            if 0 <= cell < width and start >= -overhang and touches:
                placed.append((cell, start, text))
        if all(a[1] + len(a[2]) + 2 <= b[1] for a, b in pairwise(placed)):
            return placed
    return []
