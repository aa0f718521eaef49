"""What the hidden layers do: which units never fire, how far the bends are driven, how the signal spreads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.worker.model.activation_stats import LIMITS, activation_stats_of, by_unit, listening, near_limit
from engine.worker.queries.network import Network
from engine.worker.queries.sample import require_finite
from engine.worker.training.setup import Split

BINS = 24
"""Of a histogram."""
_AT_ONCE = 100
_WIDE = 3.0
"""Standard deviations to either side of the mean that a histogram shows; its outermost bins take what lies beyond."""


@dataclass(eq=False)
class Spread:
    """Mean, standard deviation and extremes of values, a batch at a time; then, on a second pass, their histogram."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    bins: Tensor = field(default_factory=lambda: torch.zeros(BINS, dtype=torch.int64))

    def add(self, values: Tensor) -> None:
        """First pass."""
        exact = values.double()
        self.count += values.numel()
        self.total += float(exact.sum())
        self.squares += float(exact.square().sum())
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def add_bins(self, values: Tensor) -> None:
        """Second pass."""
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
        """What the histogram shows."""
        reach = _WIDE * self.deviation
        return max(self.low, self.mean - reach), min(self.high, self.mean + reach)

    def told(self) -> dict[str, Any]:
        """For an answer."""
        low, high = self.range
        return {"mean": self.mean, "deviation": self.deviation, "low": low, "high": high, "bins": self.bins.tolist()}


@dataclass(eq=False)
class Layer:
    """One hidden layer, told of every batch that passes its bend; a unit is a neuron, or a channel at all its places."""

    activation: str
    channels: bool = False
    before: Spread = field(default_factory=Spread)
    after: Spread = field(default_factory=Spread)
    least: Tensor | None = None
    most: Tensor | None = None
    """(units,): the extremes of what enters each unit's bend."""
    unsaturated: Tensor | None = None
    """(units,): whether any of its values was not near a limit."""
    above: int = 0
    saturated: int = 0

    def first(self, entering: Tensor, leaving: Tensor) -> None:
        """A batch of the first pass: (N, units) or (N, units, height, width), before and after the bend."""
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

    def second(self, entering: Tensor, leaving: Tensor) -> None:
        """The same batch on the second pass."""
        self.before.add_bins(entering)
        self.after.add_bins(leaving)

    @property
    def is_finite(self) -> bool:
        """Whether all that entered and left it was."""
        return all(math.isfinite(spread.total) for spread in (self.before, self.after))

    def told(self) -> dict[str, Any]:
        """For an answer."""
        assert self.least is not None and self.most is not None  # noqa: S101 - a sample is never empty
        free = self.unsaturated
        return {
            "activation": self.activation,
            "kind": "channels" if self.channels else "neurons",
            "units": len(self.most),
            "never": int((self.most <= 0).sum()),
            "always": int((self.least > 0).sum()),
            "above": self.above / max(self.before.count, 1),
            "saturated": None if free is None else self.saturated / max(self.after.count, 1),
            "stuck": None if free is None else int((~free).sum()),
            "before": self.before.told(),
            "after": self.after.told(),
        }


@torch.inference_mode()
def measure_activations(network: Network, split: Split, report: Callable[[float, str], None]) -> dict[str, Any]:
    """`layers`, one for each hidden layer from the input on; none of a linear network.

    Of each: `activation`; `kind` of its `units` ("neurons", "channels"); how many of them are `never` above 0 before the
    activation on any of the `images`, or `always`; the share of values `above` 0; of tanh and sigmoid the share of values
    `saturated` (within 0.05 of a limit) and how many units are `stuck` there on every image; and of the values `before` and
    `after` the activation `mean`, `deviation`, and 24 `bins` from `low` to `high`. Raises `RunProblem` where the weights are not
    finite, or what they give is not.
    """
    require_finite(network)
    activation_stats = activation_stats_of(network.model)
    layers = [Layer(network.config.activation) for _ in activation_stats]
    passes = ("first", "second") if activation_stats else ()
    for number, name in enumerate(passes):
        with listening(activation_stats, [getattr(layer, name) for layer in layers]):
            for start in range(0, len(split.labels), _AT_ONCE):
                report((number + start / len(split.labels)) / len(passes), "")
                network.model(split.images[start : start + _AT_ONCE])
    if not all(layer.is_finite for layer in layers):
        raise network.overflow()
    return {**network.place(), "images": len(split.labels), "layers": [layer.told() for layer in layers]}
