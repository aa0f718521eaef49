"""The weights of the first layer: for each neuron what it adds for ink in each pixel, for each filter the filter."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from engine.worker.queries.network import Network
from engine.worker.queries.sample import require_finite

MOST = 1024
"""Pictures of one answer; of more neurons, those with the largest norms."""
_STEPS = 127
"""A weight is sent in so many steps of the largest of its picture, to either side: finer than a terminal can show."""


@torch.no_grad()
def show_weights(network: Network) -> dict[str, Any]:
    """Pictures of the first layer's weights, the largest norm first; of a linear network in the order of the digits.

    `pictures`: C × `height` × `width` signed bytes, one after the other; times `scales` [C] / 127 they are the weights.
    `indices` [C]: which neuron, filter or digit each is; `norms` [C]: the Euclidean norms; `kind`: "templates" of a linear
    network, "neurons" or "filters"; `count`: how many there are. Raises `RunProblem` where the weights are not finite.
    """
    require_finite(network)
    layer = next(m for m in network.model.modules() if isinstance(m, nn.Linear | nn.Conv2d))
    weights = _pictures(layer.weight)
    norms = weights.flatten(1).double().norm(dim=1)
    linear = network.config.model == "linear"
    order = torch.arange(len(norms)) if linear else norms.argsort(descending=True, stable=True)[:MOST]
    weights = weights[order]
    scales = weights.flatten(1).abs().amax(dim=1)
    steps = (weights / scales.clamp_min(1e-30)[:, None, None] * _STEPS).round().to(torch.int8)
    return {
        **network.place(),
        "kind": "templates" if linear else "filters" if isinstance(layer, nn.Conv2d) else "neurons",
        "count": len(norms),
        "height": weights.shape[1],
        "width": weights.shape[2],
        "indices": order.tolist(),
        "norms": norms[order].tolist(),
        "scales": scales.tolist(),
        "pictures": steps.contiguous().numpy().tobytes(),
    }


def _pictures(weight: Tensor) -> Tensor:
    """(C, height, width) of a first layer's weight: it looks at 28×28 pixels, or at one channel through a filter."""
    return weight.reshape(-1, 28, 28) if weight.ndim == 2 else weight[:, 0]
