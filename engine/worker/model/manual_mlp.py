"""Hand-written forward and backward pass of a fully connected network, in preallocated buffers.

For a small network the overhead of autograd costs as much as the arithmetic. Here a step is about eight matrix products and
a few calls between them. `tests/engine/worker/test_manual_mlp.py` compares every gradient with autograd's in double precision.

Backward pass: Rumelhart, Hinton and Williams 1986. Dropout: Srivastava et al. 2014, scaled during training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.config import TrainConfig
from engine.worker.model.dropout_masks import DropoutMasks
from engine.worker.model.flat_parameters import FlatParameters
from engine.worker.model.models import CLASSES

_aten = torch.ops.aten

Forward = Callable[[Tensor, Tensor], object]
"""Writes the activation of the first tensor to the second."""
Backward = Callable[[Tensor, Tensor, Tensor], object]
"""Called with the gradient of an activation's output, its input and its output; overwrites the first with the input's."""

_ACTIVATIONS: dict[str, tuple[Forward, Backward]] = {
    "relu": (
        lambda z, h: torch.clamp_min(z, 0.0, out=h),
        lambda d, z, h: _aten.threshold_backward.grad_input(d, h, 0.0, grad_input=d),
    ),
    "leaky_relu": (
        lambda z, h: _aten.leaky_relu.out(z, 0.01, out=h),
        lambda d, z, h: _aten.leaky_relu_backward.grad_input(d, z, 0.01, False, grad_input=d),
    ),
    "gelu": (
        lambda z, h: _aten.gelu.out(z, out=h),
        lambda d, z, h: _aten.gelu_backward.grad_input(d, z, grad_input=d),
    ),
    "tanh": (
        lambda z, h: torch.tanh(z, out=h),
        lambda d, z, h: _aten.tanh_backward.grad_input(d, h, grad_input=d),
    ),
    "sigmoid": (
        lambda z, h: torch.sigmoid(z, out=h),
        lambda d, z, h: _aten.sigmoid_backward.grad_input(d, h, grad_input=d),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A linear layer: weights (outputs, inputs), biases (outputs,), and their gradients."""

    weight: Tensor
    bias: Tensor
    d_weight: Tensor
    d_bias: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Buffers:
    """The buffers of a hidden layer, each (images, outputs): before and after the activation, after dropout, gradient."""

    z: Tensor
    h: Tensor
    dropped: Tensor
    d: Tensor

    @classmethod
    def of(cls, like: Tensor, images: int, outputs: int) -> Buffers:
        return cls(*(like.new_empty(images, outputs) for _ in range(4)))


def supports(config: TrainConfig, device: torch.device) -> bool:
    """Whether `ManualMLP` implements this configuration's step."""
    plain = config.model == "linear" or (config.model == "mlp" and not config.batch_norm)
    return plain and device.type == "cpu" and config.precision == "fp32"


class ManualMLP:
    """Computes the loss and gradient of linear layers with activations and dropout in between."""

    def __init__(self, model: nn.Module, flat: FlatParameters, config: TrainConfig) -> None:
        linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
        *self._hidden, self._last = [_layer(linear) for linear in linears]
        widths = [len(layer.bias) for layer in self._hidden]
        self._dropouts = [m for m in model.modules() if isinstance(m, nn.Dropout)]
        self.masks = DropoutMasks(config.seed, widths, 0.0, flat.weights.dtype)
        self._buffers: dict[int, list[Buffers]] = {}
        self._like = flat.weights.detach()
        self._forward, self._backward = _ACTIVATIONS[config.activation]
        self.reconfigure(config)

    def reconfigure(self, config: TrainConfig) -> None:
        """Use another label smoothing. Dropout is looked up at each step, and nothing else can change."""
        self._config = config
        smoothing = config.label_smoothing if config.loss == "cross_entropy" else 0.0
        one_hot = np.eye(CLASSES, dtype=self._like.numpy().dtype)
        self._targets = (1 - smoothing) * one_hot + smoothing / CLASSES

    @torch.inference_mode()
    def __call__(self, images: Tensor, labels: Tensor, step: int) -> tuple[float, int]:
        """The mean loss of a batch and the number of correct predictions; writes the gradient to the parameters."""
        x = images.reshape(len(images), -1)
        buffers = self._buffers_for(len(x))
        share = self.masks.share = self._dropouts[0].p if self._dropouts else 0.0
        kept = self.masks.take(step, len(x)) if share else [None] * len(buffers)

        inputs = [x]
        for layer, b, mask in zip(self._hidden, buffers, kept, strict=True):
            torch.addmm(layer.bias, inputs[-1], layer.weight.t(), out=b.z)
            self._forward(b.z, b.h)
            if mask is None:
                inputs.append(b.h)
            else:
                inputs.append(torch.mul(b.h, mask, out=b.dropped))
        logits = torch.addmm(self._last.bias, inputs[-1], self._last.weight.t())

        with np.errstate(all="ignore"):  # divergence is detected by the loss
            loss, correct, d = self._loss(logits.numpy(), labels.numpy())
        self._write_gradient(self._last, d, inputs[-1])
        above = self._last
        for layer, b, below, mask in zip(self._hidden[::-1], buffers[::-1], inputs[-2::-1], kept[::-1], strict=True):
            torch.mm(d, above.weight, out=b.d)
            if mask is not None:
                b.d.mul_(mask)
            self._backward(b.d, b.z, b.h)
            self._write_gradient(layer, b.d, below)
            d, above = b.d, layer
        return loss, correct

    @staticmethod
    def _write_gradient(layer: Layer, d: Tensor, inputs: Tensor) -> None:
        torch.mm(d.t(), inputs, out=layer.d_weight)
        torch.sum(d, 0, out=layer.d_bias)

    def _loss(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, int, Tensor]:
        """The mean loss, the number of correct predictions, and the gradient with respect to the logits x (images, 10).

        With the one-hot labels y (smoothed for the cross-entropy) and the softmax p, the loss and gradient of an image are
        −y·log p and p − y; for the mean squared error (p − y)²/10 and p ∘ (g − g·p) with g = (p − y)/5; for bce, with
        the sigmoids s, their mean binary cross-entropy and (s − y)/10 (Bishop 2006, 4.3 and 5.2). numpy takes a third of
        torch's time for so few numbers.
        """
        config, count = self._config, len(labels)
        y = self._targets[labels]
        correct = int(np.count_nonzero(x.argmax(axis=1) == labels))
        if config.loss == "bce":
            e = np.exp(-np.abs(x))
            loss = float((np.maximum(x, 0) - x * y + np.log1p(e)).mean())
            d = (np.where(x >= 0, 1, e) / (1 + e) - y) / (count * CLASSES)
            return loss, correct, torch.from_numpy(d)
        x = x - x.max(axis=1, keepdims=True)
        p = np.exp(x)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        if config.loss == "mse":
            error = p - y
            g = error * (2 / (count * CLASSES))
            return (
                float(np.square(error).mean()),
                correct,
                torch.from_numpy(p * (g - (g * p).sum(axis=1, keepdims=True))),
            )
        loss = float(np.log(total).sum() - np.vdot(x, y)) / count
        p -= y
        p *= 1 / count
        return loss, correct, torch.from_numpy(p)

    def _buffers_for(self, images: int) -> list[Buffers]:
        if images not in self._buffers:
            if len(self._buffers) > 2:  # keep those of a full batch and of the last one in an epoch
                self._buffers.clear()
            self._buffers[images] = [Buffers.of(self._like, images, len(layer.bias)) for layer in self._hidden]
        return self._buffers[images]


def _layer(linear: nn.Linear) -> Layer:
    """A layer that writes to the gradients of a module set up by `FlatParameters`."""
    d_weight, d_bias = linear.weight.grad, linear.bias.grad
    if d_weight is None or d_bias is None:
        raise ValueError("the parameters have no gradients to write to")
    return Layer(linear.weight.detach(), linear.bias.detach(), d_weight, d_bias)
