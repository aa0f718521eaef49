"""The networks, from images (N, 1, 28, 28), floats from 0 to 1, to logits (N, 10)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from engine.config import TrainConfig

CLASSES = 10
_NORM_MOMENTUM = 0.3
"""Larger than torch's 0.1: a run of one epoch has few batches to estimate the running statistics from."""


def build_model(config: TrainConfig) -> nn.Module:
    """The network of `config`, initialized from torch's global random state. Filters are stored with channels last."""
    match config.model:
        case "linear":
            layers = [nn.Flatten(), nn.Linear(784, CLASSES)]
        case "mlp":
            layers = _mlp(config)
        case "cnn":
            layers = _cnn(config)
        case "fastcnn":
            layers = _fastcnn(config)
        case "deepcnn":
            layers = _deepcnn(config)
    model = nn.Sequential(*layers)
    initialize(model, config)
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return model


def _activation(name: str) -> nn.Module:
    kinds: dict[str, type[nn.Module]] = {
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "gelu": nn.GELU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
    }
    return kinds[name]()


def _mlp(config: TrainConfig) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.Flatten()]
    width = 784
    for size in config.hidden:
        layers.append(nn.Linear(width, size, bias=not config.batch_norm))
        if config.batch_norm:
            layers.append(nn.BatchNorm1d(size, momentum=_NORM_MOMENTUM))
        layers += [_activation(config.activation), nn.Dropout(config.dropout)]
        width = size
    return [*layers, nn.Linear(width, CLASSES)]


def _cnn(config: TrainConfig) -> list[nn.Module]:
    """Three 5×5 convolutions with 16, 32 and 64 channels, each followed by 2×2 max pooling."""
    layers: list[nn.Module] = []
    channels = 1
    for size in (16, 32, 64):
        layers += [nn.Conv2d(channels, size, 5, padding=2), _activation(config.activation), nn.MaxPool2d(2)]
        channels = size
    return [*layers, nn.Flatten(), nn.Dropout(config.dropout), nn.Linear(64 * 3 * 3, CLASSES)]


def _block(config: TrainConfig, inputs: int, outputs: int, size: int, pool: int = 1) -> list[nn.Module]:
    """Convolution, max pooling, batch normalization, activation: pooling first saves work in the last two."""
    convolution = nn.Conv2d(inputs, outputs, size, bias=False)
    pooling: list[nn.Module] = [nn.MaxPool2d(pool)] if pool > 1 else []
    return [convolution, *pooling, nn.BatchNorm2d(outputs, momentum=_NORM_MOMENTUM), _activation(config.activation)]


def _fastcnn(config: TrainConfig) -> list[nn.Module]:
    """About 0.67 million multiply-adds per image: designed to reach 99% in one epoch."""
    features = [*_block(config, 1, 8, 5, pool=3), *_block(config, 8, 32, 3), *_block(config, 32, 96, 3)]
    return [*features, nn.Flatten(), nn.Dropout(config.dropout), nn.Linear(96 * 4 * 4, CLASSES)]


def _deepcnn(config: TrainConfig) -> list[nn.Module]:
    """Four convolutions with 32, 64, 64 and 128 channels, five million multiply-adds per image: designed for accuracy."""
    early = [*_block(config, 1, 32, 5, pool=2), *_block(config, 32, 64, 3)]
    late = [*_block(config, 64, 64, 3, pool=2), *_block(config, 64, 128, 3)]
    return [*early, *late, nn.Flatten(), nn.Dropout(config.dropout), nn.Linear(128 * 2 * 2, CLASSES)]


@torch.no_grad()
def initialize(model: nn.Module, config: TrainConfig) -> None:
    """Initialize the weights; biases are zero.

    "he": normal, variance 2 / fan_in (He et al. 2015, "Delving deep into rectifiers"), which preserves the variance
    through ReLU layers. "xavier": uniform, variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010). "auto": he before
    relu, leaky_relu and gelu, xavier before tanh, sigmoid and the output. "torch": PyTorch's default, uniform within
    ±1 / sqrt(fan_in), including biases.
    """
    if config.init == "torch":
        return
    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    rectifies = config.activation in ("relu", "leaky_relu", "gelu")
    for layer in layers:
        if layer.bias is not None:
            layer.bias.zero_()
        if config.init == "he" or (config.init == "auto" and rectifies and layer is not layers[-1]):
            nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.weight[0].numel()))
        else:
            nn.init.xavier_uniform_(layer.weight)


def multiply_adds(model: nn.Module) -> int:
    """Multiply-add operations for one image in linear and convolution layers."""
    total = 0

    def count(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Linear | nn.Conv2d):
            total += layer.weight[0].numel() * output[0].numel()

    handles = [layer.register_forward_hook(count) for layer in model.modules()]
    training = model.training
    model.eval()
    with torch.inference_mode():
        model(torch.zeros(1, 1, 28, 28, device=next(model.parameters()).device))
    model.train(training)
    for handle in handles:
        handle.remove()
    return total


def set_dropout(model: nn.Module, share: float) -> None:
    """Set the probability of every dropout layer."""
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = share


def dropout_of(model: nn.Module) -> float:
    """The probability of the dropout layers; 0 without any."""
    return next((layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)), 0.0)
