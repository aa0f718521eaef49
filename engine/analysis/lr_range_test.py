"""Which learning rate to take, from a range test: a short training whose rate rises until the loss explodes."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LOWEST, HIGHEST = 1e-6, 10.0
STEPS = 150
SMOOTHING = 0.9
EXPLODED = 4.0
"""A loss so many times the lowest ends the test: what comes after says nothing (as in L. Smith's and fastai's)."""

SETTLED = 10
"""Steps after which the exponential mean stands for more than a few batches, 1 / (1 - `SMOOTHING`)."""
REACH = 7
"""Steps to either side that a slope is taken over: a third of a decade, as far as one batch is felt in the mean."""
QUIET = 1 / 3
"""Share of the test, at its low end, that its noise is taken from."""
CLEAR = 4.0
"""How many standard deviations of a slope's noise the steepest place has to fall."""


def rates(steps: int = STEPS, low: float = LOWEST, high: float = HIGHEST) -> list[float]:
    """The rates of the steps, each the same factor above the one before (L. Smith 2017, "Cyclical learning rates")."""
    return [low * (high / low) ** (step / (steps - 1)) for step in range(steps)]


def smoothed(losses: Sequence[float], weight: float = SMOOTHING) -> list[float]:
    """The exponential mean of the losses so far, corrected for its beginning (as Adam's means, Kingma and Ba 2015)."""
    mean, found = 0.0, []
    for number, loss in enumerate(losses, 1):
        mean = weight * mean + (1 - weight) * loss
        found.append(mean / (1 - weight**number))
    return found


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two rates that a range test speaks for; None where it does not.

    `steepest`: where the smoothed loss falls fastest with the logarithm of the rate (fastai's "steepest"), if it falls there by
    more than its own noise. `tenth`: a tenth of the rate at which it is lowest, where training is close to its edge (S. Gugger
    2018, "How do you find a good learning rate").
    """

    steepest: float | None
    tenth: float | None


def suggest(tried: Sequence[float], losses: Sequence[float]) -> Suggestion:
    """What the smoothed `losses` at the rates `tried` (rising) speak for.

    The lowest place is the last that is as low as the lowest but for the noise: in a network that is trained already, a flat
    valley's far end. Where the loss has not fallen by a fiftieth there is nothing to suggest.
    """
    quiet = losses[SETTLED : SETTLED + round(len(losses) * QUIET)]
    if len(losses) < 3 * SETTLED or len(quiet) <= 2 * REACH:
        return Suggestion(None, None)
    bottom = min(losses[SETTLED:])
    if not bottom < losses[SETTLED - 1] * 0.98:
        return Suggestion(None, None)
    noise = _noise(quiet)
    lowest = max(place for place, loss in enumerate(losses) if place >= SETTLED and loss <= bottom + noise)
    slopes = [_slope(tried, losses, place) for place in range(SETTLED + REACH, lowest)]
    steepest = min(range(len(slopes)), key=slopes.__getitem__, default=0)
    far_apart = math.sqrt(2 * (1 - SMOOTHING ** (2 * REACH))) * noise / math.log10(tried[2 * REACH] / tried[0])
    clear = bool(slopes) and slopes[steepest] < -CLEAR * far_apart
    return Suggestion(short(tried[SETTLED + REACH + steepest]) if clear else None, short(tried[lowest] / 10))


def _noise(losses: Sequence[float]) -> float:
    """The standard deviation of smoothed losses about their course, from the steps between them.

    A mean of weight w over independent losses has 1/√(2 (1 − w)) times the deviation of its steps; that is told by their median
    absolute deviation, which a slow course does not touch (Rousseeuw and Croux 1993: 1.4826 times it).
    """
    steps = [after - before for before, after in itertools.pairwise(losses)]
    middle = statistics.median(steps)
    spread = 1.4826 * statistics.median(abs(step - middle) for step in steps)
    return spread / math.sqrt(2 * (1 - SMOOTHING))


def _slope(tried: Sequence[float], losses: Sequence[float], place: int) -> float:
    """How much the loss rises a decade of the rate, around a place; near the end over what there is."""
    before, after = place - REACH, min(place + REACH, len(losses) - 1)
    return (losses[after] - losses[before]) / (math.log10(tried[after]) - math.log10(tried[before]))


def short(rate: float) -> float:
    """The rate with two digits: more would say more than a test of a hundred steps knows."""
    return float(f"{rate:.2g}")
