"""Pure: what the keys that steer a run ask for."""

from __future__ import annotations

import math

_STEPS = (1.0, 2.0, 5.0, 10.0)
_LOWEST, _HIGHEST = 1e-8, 1e3


def next_rate(rate: float, by: int) -> float:
    """The next higher (`by` 1) or lower (-1) learning rate of the series 1, 2, 5, 10, about a third of a decade away."""
    if rate <= 0:
        return _LOWEST if by > 0 else 0.0
    decade = math.floor(math.log10(rate) + 1e-9)
    steps = sorted({float(f"{step}e{d}") for d in (decade - 1, decade, decade + 1) for step in _STEPS})
    near = 1e-6 * rate
    if by > 0:
        found = next(step for step in steps if step > rate + near)
    else:
        found = next(step for step in reversed(steps) if step < rate - near)
    return min(max(found, _LOWEST), _HIGHEST)
