"""The accuracy on corrupted images."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its customary name

from engine.answers import Robustness
from engine.commands import Corruption
from engine.worker.queries.network import Network
from engine.worker.queries.sample import require_finite
from engine.worker.training.batches import affine
from engine.worker.training.setup import Split

AMOUNTS: dict[Corruption, tuple[float, ...]] = {
    "noise": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    "rotation": (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0),
    "shift": (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0),
    "thickness": (-1.0, -0.75, -0.5, -0.25, 0.0, 0.5, 1.0, 1.5, 2.0),
}
"""Noise: standard deviation, with pixel values from 0 to 1. Rotation: degrees. Shift: pixels. Thickness: pixels at each edge."""
_SEED = 17
_BATCH = 500


def measure_robustness(
    network: Network, corruption: Corruption, split: Split, report: Callable[[float, str], None]
) -> Robustness:
    """The accuracy on the same images for each amount of the corruption.

    All amounts use the same random numbers, so that a curve shows the effect of the amount alone. Raises `RunProblem` where the weights are not finite.
    """
    require_finite(network)
    amounts = AMOUNTS[corruption]
    accuracies = []
    for number, amount in enumerate(amounts):
        generator = torch.Generator().manual_seed(_SEED)
        correct = 0
        for start in range(0, len(split.labels), _BATCH):
            report((number + start / len(split.labels)) / len(amounts), corruption)
            part = slice(start, start + _BATCH)
            probabilities = network.predict(corrupted(split.images[part], corruption, amount, generator))
            correct += int((probabilities.argmax(axis=1) == split.labels[part].numpy()).sum())
        accuracies.append(correct / max(len(split.labels), 1))
    return Robustness(
        weights=network.weights,
        epoch=network.epoch,
        step=network.step,
        corruption=corruption,
        images=len(split.labels),
        amounts=amounts,
        accuracies=tuple(accuracies),
    )


def corrupted(images: Tensor, corruption: Corruption, amount: float, generator: torch.Generator) -> Tensor:
    """Images (N, 1, 28, 28) corrupted by an amount. Every amount draws as many numbers from `generator`."""
    count = len(images)
    zeros, ones = torch.zeros(count), torch.ones(count)
    match corruption:
        case "noise":
            return (images + amount * torch.randn(images.shape, generator=generator)).clamp_(0.0, 1.0)
        case "rotation":
            sign = torch.randint(2, (count,), generator=generator) * 2 - 1
            return affine(images, sign * math.radians(amount), ones, zeros, zeros) if amount else images
        case "shift":
            direction = torch.randint(4, (count,), generator=generator)
            across = torch.tensor([1.0, -1.0, 0.0, 0.0])[direction] * amount
            down = torch.tensor([0.0, 0.0, 1.0, -1.0])[direction] * amount
            return affine(images, zeros, ones, across, down) if amount else images
        case "thickness":
            return thickened(images, amount)


def thickened(images: Tensor, amount: float) -> Tensor:
    """Strokes thickened by `amount` pixels at each edge, or thinned where it is negative.

    Grayscale dilation and erosion, the maximum and minimum over a square (Serra 1982, "Image Analysis and Mathematical
    Morphology"); linearly interpolated between whole pixels.
    """
    pixels, rest = int(abs(amount)), abs(amount) % 1
    less = _morphed(images, pixels, thinner=amount < 0)
    return torch.lerp(less, _morphed(images, pixels + 1, thinner=amount < 0), rest) if rest else less


def _morphed(images: Tensor, pixels: int, *, thinner: bool) -> Tensor:
    side, sign = 2 * pixels + 1, -1.0 if thinner else 1.0
    return sign * F.max_pool2d(sign * images, side, stride=1, padding=pixels) if pixels else images
