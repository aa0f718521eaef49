"""Figures as people read them, each with its unit."""

from __future__ import annotations

import math


def count(number: float) -> str:
    """A whole number in groups of three: "10,000"."""
    return f"{round(number):,}"


def rough(number: float) -> str:
    """A whole number in at most three digits: "9,500", "415k", "1.25M"."""
    if number < 10_000:
        return count(number)
    if number < 999_500:
        return f"{number / 1e3:.0f}k"
    return f"{number / 1e6:.3g}M" if number < 999.5e6 else f"{number / 1e9:.3g}G"


def percent(share: float, digits: int = 2) -> str:
    """A share of 0 to 1 in percent: "97.81%". Only 0 and 1 themselves are written as 0 and 100."""
    scale = 10**digits
    scaled = round(share * 100 * scale)
    if 0 < share < 1:
        scaled = min(max(scaled, 1), 100 * scale - 1)
    return f"{scaled / scale:.{digits}f}%"


def interval(low: float, high: float, digits: int = 2) -> str:
    """The bounds of a share of 0 to 1, in percent: "97.36 to 98.10%"."""
    return f"{percent(low, digits).removesuffix('%')} to {percent(high, digits)}"


def probability(likely: float, digits: int = 1) -> str:
    """A probability in percent: "3.4%"; what would be rounded to none or all of it is "<0.1%" or ">99.9%"."""
    step = 10.0**-digits
    rounded = round(100 * likely / step) * step
    if 0 < likely < 1 and rounded <= 0:
        return f"<{step:.{digits}f}%"
    if 0 < likely < 1 and rounded >= 100:
        return f">{100 - step:.{digits}f}%"
    return f"{rounded:.{digits}f}%"


def loss(value: float | None) -> str:
    """A loss in four digits; "not finite" for None, which is how events write it."""
    if value is None or not math.isfinite(value):
        return "not finite"
    if value == 0 or 1e-4 <= abs(value) < 1e4:
        return f"{value:.4f}" if abs(value) < 10 else f"{value:.4g}"
    return f"{value:.2e}"


def number(value: float | None) -> str:
    """Any other number, in three digits."""
    return "not finite" if value is None or not math.isfinite(value) else f"{value:.3g}"


def duration(seconds: float) -> str:
    """A length of time in its two largest units: "42 s", "3 min 05 s", "1 h 12 min"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} days {whole % 86400 // 3600} h"


def plural(number_of: int, noun: str) -> str:
    """ "1 epoch", "3 epochs"."""
    return f"{count(number_of)} {noun}{'' if number_of == 1 else 's'}"
