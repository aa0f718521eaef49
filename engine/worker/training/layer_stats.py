"""Per-layer statistics: the update of a step, and the distributions of weights and gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.events import Distributions, Hidden, LayerStep
from engine.worker.model.flat_parameters import FlatParameters
from engine.worker.model.histogram import histogram
from engine.worker.training.counters import Counters
from engine.worker.training.event_builders import short
from engine.worker.training.metrics import Scalar

STEPS_PER_EPOCH = 8
"""The number of steps of an epoch that are measured."""


def is_watched(counters: Counters, batch: int, images: int) -> bool:
    """Whether to measure the next step, on `batch` of an epoch's `images`: the run's first, and the last of each eighth.

    This depends on the counters alone: a run that is paused, resumed or replayed measures the same steps.
    """
    done = STEPS_PER_EPOCH * counters.offset // images
    return counters.step == 0 or STEPS_PER_EPOCH * min(counters.offset + batch, images) // images > done


class LayerProbe:
    """Measures the weights of linear and convolution layers, without biases, in order from the input."""

    def __init__(self, model: nn.Module, flat: FlatParameters) -> None:
        self._flat = flat
        numbers = {id(parameter): number for number, parameter in enumerate(model.parameters())}
        layers = [module for module in model.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
        self.names = tuple(_name(layer) for layer in layers)
        self._numbers = [numbers[id(layer.weight)] for layer in layers]

    def _of(self, flat: Tensor) -> list[Tensor]:
        """The part of each layer in a flat tensor (P,)."""
        pieces = self._flat.pieces(flat)
        return [pieces[number] for number in self._numbers]

    @torch.no_grad()
    def weights(self) -> Tensor:
        """A copy of all weights, (P,), for `steps`."""
        return self._flat.weights.clone()

    @torch.no_grad()
    def steps(self, before: Tensor, norm: Scalar, clip: float) -> tuple[LayerStep, ...]:
        """The update since the weights were `before`. The gradient had the norm `norm` before it was clipped to `clip` (0: not)."""
        weights = self._of(before)
        updates = self._of(self._flat.weights - before)
        gradients = self._of(self._flat.gradient)
        norms = [
            torch.linalg.vector_norm(piece) for row in zip(weights, updates, gradients, strict=True) for piece in row
        ]
        *values, total = torch.stack([*norms, torch.as_tensor(norm, dtype=norms[0].dtype).to(norms[0].device)]).tolist()
        unclipped = max((total + 1e-6) / clip, 1.0) if clip else 1.0
        return tuple(
            LayerStep(
                name=name,
                weights=piece.numel(),
                weight_norm=short(weight),
                gradient_norm=short(gradient * unclipped),
                update_ratio=short(update / weight) if weight else None,
            )
            for name, piece, weight, update, gradient in zip(
                self.names, weights, values[0::3], values[1::3], values[2::3], strict=True
            )
        )

    @torch.no_grad()
    def distributions(self, counters: Counters, hidden: tuple[Hidden, ...]) -> Distributions:
        """The distributions at the end of an epoch; the gradients are those of the last step."""
        weights, gradients = self._of(self._flat.weights), self._of(self._flat.gradient)
        return Distributions(
            epoch=counters.epoch,
            step=counters.step,
            position=float(counters.epoch),
            layers=self.names,
            weights=tuple(map(histogram, weights)),
            gradients=tuple(map(histogram, gradients)),
            hidden=hidden,
        )


def _name(layer: nn.Linear | nn.Conv2d) -> str:
    """The layer's shape, such as "784→128" or "5×5 1→16"."""
    if isinstance(layer, nn.Linear):
        return f"{layer.in_features}→{layer.out_features}"
    sides = "×".join(map(str, layer.kernel_size))
    return f"{sides} {layer.in_channels}→{layer.out_channels}"
