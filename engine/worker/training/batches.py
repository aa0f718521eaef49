"""The training images on the device, in the order of each epoch, augmented a batch at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its customary name

from engine.config import TrainConfig
from engine.worker.model.evaluate import as_floats


class Batches:
    """Batches out of `images` (N, 1, 28, 28) bytes and `labels` (N,) int64, both on the device.

    The order of an epoch depends on the seed and the epoch's number alone, so a checkpoint needs only the place in it.
    A single image left over at the end joins the batch before it: batch normalization cannot train on one.
    """

    def __init__(self, images: Tensor, labels: Tensor, seed: int) -> None:
        self.images, self.labels, self._seed = images, labels, seed
        self._order = torch.empty(0, dtype=torch.int64)
        self._epoch = -1

    def __len__(self) -> int:
        return len(self.labels)

    def steps_per_epoch(self, size: int) -> int:
        """Number of batches of `size` images in an epoch."""
        whole, rest = divmod(len(self), size)
        joins = rest == 1 and whole > 0
        return whole + (rest > 0 and not joins)

    def take(self, epoch: int, start: int, config: TrainConfig) -> tuple[Tensor, Tensor]:
        """The batch that begins at image `start` of the epoch's order: images as floats 0 to 1, and labels, on the device."""
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed((self._seed * 1_000_003 + epoch) % 2**63)
            self._order = torch.randperm(len(self), generator=generator).to(self.labels.device)
            self._epoch = epoch
        end = start + config.batch_size
        if config.batch_size > 1 and end + 1 == len(self):
            end += 1
        chosen = self._order[start:end]
        return augment(as_floats(self.images.index_select(0, chosen)), config), self.labels.index_select(0, chosen)


def augment(images: Tensor, config: TrainConfig) -> Tensor:
    """The batch (N, 1, 28, 28) with each image moved, turned, scaled and made noisy at random, all in one go."""
    if config.shift or config.rotation or config.scale:
        images = _move(images, config)
    if config.noise:
        images = (images + config.noise * torch.randn_like(images)).clamp_(0.0, 1.0)
    return images


def _move(images: Tensor, config: TrainConfig) -> Tensor:
    """Each image moved, turned and scaled by as much as chance has it."""
    chance = torch.rand(4, len(images), device=images.device) * 2 - 1
    angle = chance[0] * math.radians(config.rotation)
    size = 1 / (1 + chance[1] * config.scale)
    return moved(images, angle, size, chance[2] * config.shift, chance[3] * config.shift)


def moved(images: Tensor, angle: Tensor, size: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """One affine map an image (Jaderberg et al. 2015), sampled bilinearly; outside is paper.

    Of each image (N,): the `angle` it is turned by, in radians, the `size` of what is looked at (2: the digit is drawn at half
    its size), and where that lies `across` and `down`, in pixels.
    """
    _, _, height, width = images.shape
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    right, low = across * 2 / width, down * 2 / height
    maps = torch.stack((torch.stack((cos, -sin, right), dim=1), torch.stack((sin, cos, low), dim=1)), dim=1)
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
