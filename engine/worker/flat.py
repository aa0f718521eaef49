"""All of a model's parameters, and their gradients, as views of two flat tensors.

One tensor means one call where there would be one per layer: an optimizer step, a gradient norm, a clipping.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FlatParameters:
    """`weights` and `gradient`, both (P,), behind the parameters of `model`. Made before training, on its device."""

    def __init__(self, model: nn.Module) -> None:
        parameters = list(model.parameters())
        sizes = [p.numel() for p in parameters]
        flat = torch.cat([p.detach().reshape(-1) for p in parameters])
        self.weights = nn.Parameter(flat)
        self.gradient = torch.zeros_like(flat)
        self.weights.grad = self.gradient
        for parameter, value, slope in zip(parameters, flat.split(sizes), self.gradient.split(sizes), strict=True):
            parameter.data = value.view(parameter.shape)
            parameter.grad = slope.view(parameter.shape)

    def clear_gradient(self) -> None:
        """Set the gradient to zero, in place."""
        self.gradient.zero_()

    def gradient_norm(self) -> Tensor:
        """Euclidean norm of the whole gradient, a scalar on the device."""
        norm: Tensor = torch.linalg.vector_norm(self.gradient)
        return norm

    def clip(self, norm: Tensor, longest: float) -> None:
        """Shorten the gradient to `longest` where its `norm` is greater (Pascanu et al. 2013); no synchronisation."""
        self.gradient.mul_((longest / (norm + 1e-6)).clamp_max(1.0))
