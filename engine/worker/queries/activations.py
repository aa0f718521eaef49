"""Statistics of hidden activations on a sample of images: dead and saturated units, distributions before and after."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.answers import Activations, LayerActivations, ValueDistribution
from engine.worker.model.activation_stats import LIMITS, activations_of, by_unit, forward_hooks, near_limit
from engine.worker.queries.network import Network
from engine.worker.queries.sample import require_finite
from engine.worker.training.setup import Split

BINS = 24
"""Of a histogram."""
_BATCH = 100
_HALF_WIDTH = 3.0
"""Standard deviations on either side of the mean that a histogram covers; its outermost bins include all values beyond."""


@dataclass(eq=False)
class RunningDistribution:
    """Mean, standard deviation and extremes of values, accumulated batch by batch; on a second pass, their histogram."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    bins: Tensor = field(default_factory=lambda: torch.zeros(BINS, dtype=torch.int64))

    def add(self, values: Tensor) -> None:
        """Add a batch on the first pass."""
        exact = values.double()
        self.count += values.numel()
        self.total += float(exact.sum())
        self.squares += float(exact.square().sum())
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def add_bins(self, values: Tensor) -> None:
        """Add the same batch on the second pass."""
        low, high = self.range
        places = ((values - low) * (BINS / max(high - low, 1e-30))).long().clamp_(0, BINS - 1)
        self.bins += torch.bincount(places.flatten(), minlength=BINS)

    @property
    def mean(self) -> float:
        return self.total / max(self.count, 1)

    @property
    def deviation(self) -> float:
        return math.sqrt(max(self.squares / max(self.count, 1) - self.mean**2, 0.0))

    @property
    def range(self) -> tuple[float, float]:
        """The range of the histogram."""
        reach = _HALF_WIDTH * self.deviation
        return max(self.low, self.mean - reach), min(self.high, self.mean + reach)

    def answer(self) -> ValueDistribution:
        low, high = self.range
        bins = tuple(self.bins.tolist())
        return ValueDistribution(mean=self.mean, deviation=self.deviation, low=low, high=high, bins=bins)


@dataclass(eq=False)
class LayerMeasurement:
    """Accumulates one hidden layer's values. A unit is a neuron, or a channel at all its positions."""

    activation: str
    channels: bool = False
    before: RunningDistribution = field(default_factory=RunningDistribution)
    after: RunningDistribution = field(default_factory=RunningDistribution)
    least: Tensor | None = None
    most: Tensor | None = None
    """(units,): the extremes of each unit's input to the activation."""
    unsaturated: Tensor | None = None
    """(units,): whether any of its values was not near a limit."""
    above: int = 0
    saturated: int = 0

    def first_pass(self, entering: Tensor, leaving: Tensor) -> None:
        """Add a batch: (N, units) or (N, units, height, width), before and after the activation."""
        self.channels = entering.ndim == 4
        self.before.add(entering)
        self.after.add(leaving)
        units = by_unit(entering)
        least, most = units.amin(dim=1), units.amax(dim=1)
        self.least = least if self.least is None else torch.minimum(self.least, least)
        self.most = most if self.most is None else torch.maximum(self.most, most)
        self.above += int((entering > 0).sum())
        if self.activation in LIMITS:
            near = near_limit(leaving, self.activation)
            self.saturated += int(near.sum())
            free = ~by_unit(near).all(dim=1)
            self.unsaturated = free if self.unsaturated is None else self.unsaturated | free

    def second_pass(self, entering: Tensor, leaving: Tensor) -> None:
        """Add the same batch to the histograms."""
        self.before.add_bins(entering)
        self.after.add_bins(leaving)

    @property
    def is_finite(self) -> bool:
        """Whether all values before and after the activation were finite."""
        return all(math.isfinite(each.total) for each in (self.before, self.after))

    def answer(self) -> LayerActivations:
        assert self.least is not None and self.most is not None  # noqa: S101 - a sample is never empty
        free = self.unsaturated
        return LayerActivations(
            activation=self.activation,
            kind="channels" if self.channels else "neurons",
            units=len(self.most),
            never=int((self.most <= 0).sum()),
            always=int((self.least > 0).sum()),
            above=self.above / max(self.before.count, 1),
            saturated=None if free is None else self.saturated / max(self.after.count, 1),
            stuck=None if free is None else int((~free).sum()),
            before=self.before.answer(),
            after=self.after.answer(),
        )


@torch.inference_mode()
def measure_activations(network: Network, split: Split, report: Callable[[float, str], None]) -> Activations:
    """Measure every hidden layer on the images of `split`.

    Raises `RunProblem` where the weights or the values they give are not finite.
    """
    require_finite(network)
    activations = activations_of(network.model)
    layers = [LayerMeasurement(network.config.activation) for _ in activations]
    passes = ("first_pass", "second_pass") if activations else ()
    for number, name in enumerate(passes):
        with forward_hooks(activations, [getattr(layer, name) for layer in layers]):
            for start in range(0, len(split.labels), _BATCH):
                report((number + start / len(split.labels)) / len(passes), "")
                network.model(split.images[start : start + _BATCH])
    if not all(layer.is_finite for layer in layers):
        raise network.overflow()
    return Activations(
        weights=network.weights,
        epoch=network.epoch,
        step=network.step,
        images=len(split.labels),
        layers=tuple(layer.answer() for layer in layers),
    )
