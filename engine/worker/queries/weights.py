"""The first layer's weights as pictures: one for each neuron, filter or digit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.answers import FirstLayerWeights
from engine.worker.queries.network import Network
from engine.worker.queries.sample import require_finite

MAX_PICTURES = 1024
"""Of more neurons, those with the largest norms are sent."""
_STEPS = 127
"""Quantization steps from 0 to the largest weight of a picture: finer than a terminal can show."""


@torch.no_grad()
def show_weights(network: Network) -> FirstLayerWeights:
    """Pictures of the first layer's weights. Raises `RunProblem` where the weights are not finite."""
    require_finite(network)
    layer = next(m for m in network.model.modules() if isinstance(m, nn.Linear | nn.Conv2d))
    weights = _pictures(layer.weight)
    norms = weights.flatten(1).double().norm(dim=1)
    linear = network.config.model == "linear"
    order = torch.arange(len(norms)) if linear else norms.argsort(descending=True, stable=True)[:MAX_PICTURES]
    weights = weights[order]
    scales = weights.flatten(1).abs().amax(dim=1)
    steps = (weights / scales.clamp_min(1e-30)[:, None, None] * _STEPS).round().to(torch.int8)
    return FirstLayerWeights(
        weights=network.weights,
        epoch=network.epoch,
        step=network.step,
        kind="templates" if linear else "filters" if isinstance(layer, nn.Conv2d) else "neurons",
        count=len(norms),
        height=weights.shape[1],
        width=weights.shape[2],
        indices=tuple(order.tolist()),
        norms=tuple(norms[order].tolist()),
        scales=tuple(scales.tolist()),
        pictures=steps.contiguous().numpy().tobytes(),
    )


def _pictures(weight: Tensor) -> Tensor:
    """(C, height, width) of a first layer's weight: its input is 28×28 pixels, or the one channel that its filters slide over."""
    return weight.reshape(-1, 28, 28) if weight.ndim == 2 else weight[:, 0]
