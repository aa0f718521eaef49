"""What the arms of an experiment are told by: a figure of a run, each with the words above its column."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from engine.state.loss_series import Point
from engine.state.run_state import RunState

Kind = Literal["share", "loss", "count", "seconds", "spread", "ratio"]
"""How a figure is written: in percent, as a loss, whole, as a length of time, with a ± before it, in three digits."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a run: its name, its heading, how it is written, and how it is found (None: not known)."""

    name: str
    heading: str
    kind: Kind
    of: Callable[[RunState], float | None]


def test_accuracy(state: RunState) -> float | None:
    """Share of the test images that the best weights read rightly at the run's end; None where it was not tested."""
    test = state.tested
    return test.accuracy if test else None


test_accuracy.__test__ = False  # type: ignore[attr-defined]  # no test for pytest


def validation_accuracy(state: RunState) -> float | None:
    """Share of the validation images that are read rightly after the last epoch."""
    return state.epochs[-1].validation_accuracy if state.epochs else None


def validation_loss(state: RunState) -> float | None:
    """After the last epoch; None where it is not finite."""
    return state.epochs[-1].validation_loss if state.epochs else None


def lowest_loss(state: RunState) -> float | None:
    """The lowest validation loss of any epoch."""
    return min((e.validation_loss for e in state.epochs if e.validation_loss is not None), default=None)


def steps(state: RunState) -> float | None:
    """Steps that were trained; of a run that diverged, those up to the first loss that was not finite."""
    if state.finished:
        return state.finished.ended_at
    return state.step or None


def seconds(state: RunState) -> float | None:
    """Time spent training and validating, without pauses."""
    if state.finished:
        return state.finished.seconds
    return state.progress.seconds if state.progress else None


def scatter(state: RunState) -> float | None:
    """By how much the loss of single batches scatters in the last whole epoch, as a standard deviation.

    Of some hundred steps the log has mean, least and greatest loss. The range of n values of a normal distribution is on
    average 2·z(n) of its standard deviations, with z(n) = Φ⁻¹((n − 0.375) / (n + 0.25)) (Blom 1958, "Statistical Estimates
    and Transformed Beta-Variables"). Losses have a longer tail than that, so it is a little too large, the more so for
    small batches.
    """
    if not state.epochs:
        return None
    last = state.epochs[-1].epoch
    found = [
        ((p.high - p.low) / (2 * _blom(p.count)), p.count)
        for p in state.losses.points
        if last - 1 < p.position <= last and _has_range(p)
        if p.high is not None and p.low is not None
    ]
    total = sum(count for _, count in found)
    return math.sqrt(sum(spread * spread * count for spread, count in found) / total) if total else None


def _has_range(point: Point) -> bool:
    return point.count > 1 and point.high is not None and point.low is not None


def _blom(count: int) -> float:
    """The mean of the greatest of so many values of the standard normal distribution, nearly."""
    return NormalDist().inv_cdf((count - 0.375) / (count + 0.25))


def first_share(state: RunState) -> float | None:
    """The mean gradient norm of the first layer as a share of the last one's, over the first epoch.

    Later the gradients shrink anyway, since there is less to learn.
    """
    early = [told for told in state.layers if told.position <= 1.0] or list(state.layers[:1])
    ends = [(told.layers[0].gradient_norm, told.layers[-1].gradient_norm) for told in early if len(told.layers) > 1]
    pairs = [(first, last) for first, last in ends if first is not None and last]
    return sum(first for first, _ in pairs) / sum(last for _, last in pairs) if pairs else None


def dead(state: RunState) -> float | None:
    """The share of the hidden units that gave 0 for all of a sample of images, after the last epoch; None without ReLUs."""
    if not state.distributions:
        return None
    layers = [layer for layer in state.distributions[-1].hidden if layer.dead is not None]
    units = sum(layer.units for layer in layers)
    return sum(layer.units * (layer.dead or 0.0) for layer in layers) / units if units else None


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("test_accuracy", "test accuracy", "share", test_accuracy),
        Measure("validation_accuracy", "validation accuracy", "share", validation_accuracy),
        Measure("validation_loss", "validation loss", "loss", validation_loss),
        Measure("lowest_loss", "lowest validation loss", "loss", lowest_loss),
        Measure("scatter", "scatter of batches", "spread", scatter),
        Measure("first_share", "first : last gradient", "ratio", first_share),
        Measure("dead", "dead units", "share", dead),
        Measure("steps", "steps", "count", steps),
        Measure("seconds", "time", "seconds", seconds),
    )
}
"""Every figure by name."""
