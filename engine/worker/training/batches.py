"""Shuffled and augmented batches of the training images on the device."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its customary name

from engine.config import TrainConfig
from engine.worker.model.evaluate import as_floats


class Batches:
    """Batches of `images` (N, 1, 28, 28) uint8 and `labels` (N,) int64, both on the device.

    The order of an epoch depends only on the seed and the epoch's number, so a checkpoint needs only the offset in it.
    A single image left over at the end joins the last batch: batch normalization cannot train on one.
    """

    def __init__(self, images: Tensor, labels: Tensor, seed: int) -> None:
        self.images, self.labels, self._seed = images, labels, seed
        self._order = torch.empty(0, dtype=torch.int64)
        self._epoch = -1

    def __len__(self) -> int:
        return len(self.labels)

    def steps_per_epoch(self, size: int) -> int:
        """The number of batches of `size` images in an epoch."""
        whole, rest = divmod(len(self), size)
        joins = rest == 1 and whole > 0
        return whole + (rest > 0 and not joins)

    def take(self, epoch: int, start: int, config: TrainConfig) -> tuple[Tensor, Tensor]:
        """The batch that starts at offset `start` of the epoch: augmented images, floats from 0 to 1, and labels."""
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed((self._seed * 1_000_003 + epoch) % 2**63)
            self._order = torch.randperm(len(self), generator=generator).to(self.labels.device)
            self._epoch = epoch
        end = start + config.batch_size
        if config.batch_size > 1 and end + 1 == len(self):
            end += 1
        indices = self._order[start:end]
        return augment(as_floats(self.images.index_select(0, indices)), config), self.labels.index_select(0, indices)


def augment(images: Tensor, config: TrainConfig) -> Tensor:
    """The images (N, 1, 28, 28), each randomly shifted, rotated, scaled and with noise, as configured."""
    if config.shift or config.rotation or config.scale:
        images = _transform_randomly(images, config)
    if config.noise:
        images = (images + config.noise * torch.randn_like(images)).clamp_(0.0, 1.0)
    return images


def _transform_randomly(images: Tensor, config: TrainConfig) -> Tensor:
    random = torch.rand(4, len(images), device=images.device) * 2 - 1
    angle = random[0] * math.radians(config.rotation)
    size = 1 / (1 + random[1] * config.scale)
    return affine(images, angle, size, random[2] * config.shift, random[3] * config.shift)


def affine(images: Tensor, angle: Tensor, size: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """An affine transform of each image, sampled bilinearly with zeros outside (Jaderberg et al. 2015).

    For each image (N,): the rotation `angle` in radians, the `size` of the sampled area (2 halves the digit's size), and
    its offset `across` and `down` in pixels.
    """
    _, _, height, width = images.shape
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    right, low = across * 2 / width, down * 2 / height
    maps = torch.stack((torch.stack((cos, -sin, right), dim=1), torch.stack((sin, cos, low), dim=1)), dim=1)
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
