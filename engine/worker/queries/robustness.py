"""How much of what a network reads rightly it still reads when the images are disturbed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its customary name

from engine.commands import Disturbance
from engine.worker.queries.network import Network
from engine.worker.queries.sample import require_finite
from engine.worker.training.batches import moved
from engine.worker.training.setup import Split

AMOUNTS: dict[Disturbance, tuple[float, ...]] = {
    "noise": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    "rotation": (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0),
    "shift": (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0),
    "thickness": (-1.0, -0.75, -0.5, -0.25, 0.0, 0.5, 1.0, 1.5, 2.0),
}
"""Noise in standard deviations (1 is from paper to ink), rotation in degrees, shift in pixels, thickness in pixels at each edge."""
_SEED = 17
_AT_ONCE = 500


def measure_robustness(
    network: Network, disturbance: Disturbance, split: Split, report: Callable[[float, str], None]
) -> dict[str, Any]:
    """`accuracies`, one for each of `amounts`, on the same `images` disturbed by that much.

    Noise and directions are drawn from a seed of their own, for all amounts the same: a curve shows the amount, not the draw.
    Raises `RunProblem` where the weights are not finite.
    """
    require_finite(network)
    amounts = AMOUNTS[disturbance]
    accuracies = []
    for number, amount in enumerate(amounts):
        chance = torch.Generator().manual_seed(_SEED)
        right = 0
        for start in range(0, len(split.labels), _AT_ONCE):
            report((number + start / len(split.labels)) / len(amounts), disturbance)
            part = slice(start, start + _AT_ONCE)
            read = network.read(disturbed(split.images[part], disturbance, amount, chance)).argmax(axis=1)
            right += int((read == split.labels[part].numpy()).sum())
        accuracies.append(right / max(len(split.labels), 1))
    return {
        **network.place(),
        "disturbance": disturbance,
        "images": len(split.labels),
        "amounts": list(amounts),
        "accuracies": accuracies,
    }


def disturbed(images: Tensor, disturbance: Disturbance, amount: float, chance: torch.Generator) -> Tensor:
    """Images (N, 1, 28, 28) disturbed by an amount; which way, `chance` has it, as often for every amount."""
    count = len(images)
    still, whole = torch.zeros(count), torch.ones(count)
    match disturbance:
        case "noise":
            return (images + amount * torch.randn(images.shape, generator=chance)).clamp_(0.0, 1.0)
        case "rotation":
            side = torch.randint(2, (count,), generator=chance) * 2 - 1
            return moved(images, side * math.radians(amount), whole, still, still) if amount else images
        case "shift":
            way = torch.randint(4, (count,), generator=chance)
            across = torch.tensor([1.0, -1.0, 0.0, 0.0])[way] * amount
            down = torch.tensor([0.0, 0.0, 1.0, -1.0])[way] * amount
            return moved(images, still, whole, across, down) if amount else images
        case "thickness":
            return thickened(images, amount)


def thickened(images: Tensor, amount: float) -> Tensor:
    """Strokes thicker by `amount` pixels at each edge, or thinner where it is negative.

    Gray dilation and erosion, the maximum and minimum over a square (Serra 1982, "Image Analysis and Mathematical
    Morphology"); between whole pixels the mean of the two, weighted.
    """
    pixels, rest = int(abs(amount)), abs(amount) % 1
    less = _morphed(images, pixels, thinner=amount < 0)
    return torch.lerp(less, _morphed(images, pixels + 1, thinner=amount < 0), rest) if rest else less


def _morphed(images: Tensor, pixels: int, *, thinner: bool) -> Tensor:
    side, sign = 2 * pixels + 1, -1.0 if thinner else 1.0
    return sign * F.max_pool2d(sign * images, side, stride=1, padding=pixels) if pixels else images
