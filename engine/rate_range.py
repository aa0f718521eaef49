"""Which learning rate to take, from a range test: a short training whose rate rises until the loss explodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LOWEST, HIGHEST = 1e-6, 10.0
STEPS = 150
SMOOTHING = 0.9
WARM = round(1 / (1 - SMOOTHING))
"""Steps whose mean rests on too few batches to be judged: it leaps with each of them (fastai's plot leaves out as many)."""
EXPLODED = 4.0
"""A loss so many times the lowest ends the test: what comes after says nothing (as in L. Smith's and fastai's)."""


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

    `steepest`: where the smoothed loss falls fastest with the logarithm of the rate (fastai's "steepest"). `tenth`: a tenth of
    the rate at which it is lowest, where training is close to its edge (S. Gugger 2018, "How do you find a good learning rate").
    """

    steepest: float | None
    tenth: float | None


def suggest(tried: Sequence[float], losses: Sequence[float]) -> Suggestion:
    """What the smoothed `losses` at the rates `tried` (rising) speak for.

    The first `WARM` losses are left out of it. Where the loss has not fallen by a fiftieth since there is nothing to suggest.
    """
    if len(losses) < WARM + 5:
        return Suggestion(None, None)
    lowest = min(range(WARM, len(losses)), key=losses.__getitem__)
    if not losses[lowest] < losses[WARM] * 0.98:
        return Suggestion(None, None)
    slopes = {
        place: (losses[place + 1] - losses[place - 1]) / (math.log(tried[place + 1]) - math.log(tried[place - 1]))
        for place in range(WARM + 1, lowest)
    }
    steepest = min(slopes, key=slopes.__getitem__) if slopes else None
    fell = steepest is not None and slopes[steepest] < 0
    return Suggestion(
        steepest=short(tried[steepest]) if steepest is not None and fell else None, tenth=short(tried[lowest] / 10)
    )


def short(rate: float) -> float:
    """The rate with two digits: more would say more than a test of a hundred steps knows."""
    return float(f"{rate:.2g}")
