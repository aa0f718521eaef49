"""What a step does to each layer, and how its weights and gradients are spread."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.events import Distributions, Hidden, LayerStep
from engine.worker.model.flat_parameters import FlatParameters
from engine.worker.model.histogram import histogram
from engine.worker.training.counters import Place
from engine.worker.training.event_builders import short
from engine.worker.training.metrics import Scalar

AN_EPOCH = 8
"""Steps of an epoch that are watched."""


def is_watched(place: Place, batch: int, images: int) -> bool:
    """Whether the step to come, on `batch` of an epoch's `images`, is one: the run's first, and the last of each eighth.

    It depends on the place alone, so that a run that is paused, resumed or done again tells of the same steps.
    """
    done = AN_EPOCH * place.offset // images
    return place.step == 0 or AN_EPOCH * min(place.offset + batch, images) // images > done


class LayerProbe:
    """Reads the weights of linear and convolution layers, without their biases, from the input on."""

    def __init__(self, model: nn.Module, flat: FlatParameters) -> None:
        self._flat = flat
        numbers = {id(parameter): number for number, parameter in enumerate(model.parameters())}
        layers = [module for module in model.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
        self.names = tuple(_name(layer) for layer in layers)
        self._numbers = [numbers[id(layer.weight)] for layer in layers]

    def _of(self, flat: Tensor) -> list[Tensor]:
        """Each layer's part of a flat tensor (P,)."""
        pieces = self._flat.pieces(flat)
        return [pieces[number] for number in self._numbers]

    @torch.no_grad()
    def weights(self) -> Tensor:
        """All weights as they are now, (P,), for `steps`."""
        return self._flat.weights.clone()

    @torch.no_grad()
    def steps(self, before: Tensor, norm: Scalar, clip: float) -> tuple[LayerStep, ...]:
        """What the step since `before` did. Its gradient, of `norm`, was shortened to `clip` (0: not)."""
        was = self._of(before)
        moved = self._of(self._flat.weights - before)
        slopes = self._of(self._flat.gradient)
        norms = [torch.linalg.vector_norm(piece) for row in zip(was, moved, slopes, strict=True) for piece in row]
        *told, total = torch.stack([*norms, torch.as_tensor(norm, dtype=norms[0].dtype).to(norms[0].device)]).tolist()
        longer = max((total + 1e-6) / clip, 1.0) if clip else 1.0
        return tuple(
            LayerStep(
                name=name,
                weights=piece.numel(),
                weight_norm=short(weight),
                gradient_norm=short(slope * longer),
                update_ratio=short(move / weight) if weight else None,
            )
            for name, piece, weight, move, slope in zip(
                self.names, was, told[0::3], told[1::3], told[2::3], strict=True
            )
        )

    @torch.no_grad()
    def distributions(self, place: Place, hidden: tuple[Hidden, ...]) -> Distributions:
        """After an epoch: the weights, the gradients of the last step, and what the hidden layers do."""
        weights, slopes = self._of(self._flat.weights), self._of(self._flat.gradient)
        return Distributions(
            epoch=place.epoch,
            step=place.step,
            position=float(place.epoch),
            layers=self.names,
            weights=tuple(map(histogram, weights)),
            gradients=tuple(map(histogram, slopes)),
            hidden=hidden,
        )


def _name(layer: nn.Linear | nn.Conv2d) -> str:
    """The layer's shape, as people write it."""
    if isinstance(layer, nn.Linear):
        return f"{layer.in_features}→{layer.out_features}"
    sides = "×".join(map(str, layer.kernel_size))
    return f"{sides} {layer.in_channels}→{layer.out_channels}"
