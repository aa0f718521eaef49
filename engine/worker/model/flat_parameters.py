"""All of a model's parameters, and their gradients, as views of two flat tensors.

One tensor means one call where there would be one per layer: an optimizer step, a gradient norm, a clipping.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FlatParameters:
    """`weights` and `gradient`, both (P,), behind the parameters of `model`. Made before training, on its device.

    The filters of a convolution lie there with their channels last, as the images it works on then do, too: on a CPU
    its passes take three quarters of the time.
    """

    def __init__(self, model: nn.Module) -> None:
        parameters = list(model.parameters())
        self._shapes = [p.shape for p in parameters]
        flat = torch.cat([_channels_last(p.detach()).reshape(-1) for p in parameters])
        self.weights = nn.Parameter(flat)
        self.gradient = torch.zeros_like(flat)
        self.weights.grad = self.gradient
        pieces = zip(parameters, self.pieces(flat), self.pieces(self.gradient), strict=True)
        for parameter, value, slope in pieces:
            parameter.data, parameter.grad = value, slope

    def pieces(self, flat: Tensor) -> list[Tensor]:
        """Views of a flat tensor in the shapes of the parameters."""
        split = flat.split([shape.numel() for shape in self._shapes])
        return [
            piece.view(shape[0], *shape[2:], shape[1]).movedim(-1, 1) if len(shape) == 4 else piece.view(shape)
            for piece, shape in zip(split, self._shapes, strict=True)
        ]

    def reorder(self, flat: Tensor) -> Tensor:
        """A flat tensor (P,) with the filters' channels first, as it was once kept, in the order of `weights`."""
        split = flat.split([shape.numel() for shape in self._shapes])
        pieces = [_channels_last(piece.view(shape)) for piece, shape in zip(split, self._shapes, strict=True)]
        return torch.cat([piece.reshape(-1) for piece in pieces])

    def clear_gradient(self) -> None:
        """Set the gradient to zero, in place."""
        self.gradient.zero_()

    def gradient_norm(self) -> Tensor:
        """Euclidean norm of the whole gradient, a scalar on the device."""
        norm: Tensor = torch.linalg.vector_norm(self.gradient)
        return norm

    def clip(self, norm: Tensor, longest: float) -> None:
        """Shorten the gradient to `longest` where its `norm` is greater (Pascanu et al. 2013); no synchronization."""
        self.gradient.mul_((longest / (norm + 1e-6)).clamp_max(1.0))


def _channels_last(parameter: Tensor) -> Tensor:
    """A view with the second dimension of four as the last one; others as they are."""
    return parameter.movedim(1, -1) if parameter.ndim == 4 else parameter
