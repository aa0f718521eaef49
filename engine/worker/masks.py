"""Which neurons dropout keeps: drawn from the seed and the step's number alone, many steps at a time.

A generator of torch's takes 237 µs for one mask of 64 × 256 (`bernoulli_`, one core of an AMD EPYC); bits of numpy's
SFC64, unpacked, take a tenth of that. And a run that goes on from a checkpoint has no generator's state to restore.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

_STEPS = 32
"""How many steps' masks are drawn at once."""
_LEVELS = 1 << 16


class Masks:
    """Masks for layers of `widths` neurons, each of which is dropped with probability `share`.

    The share is met to 1 / 65 536, and 0.5 exactly.
    """

    def __init__(self, seed: int, widths: Sequence[int], share: float) -> None:
        self.share = share
        self._seed, self._widths = seed, list(widths)
        self._drawn: tuple[int, int, float] | None = None
        self._kept = torch.empty(0)

    def take(self, step: int, images: int) -> list[Tensor]:
        """One mask a layer, (images, width) uint8, 1 where the neuron is kept. Valid until the next call."""
        block, place = divmod(step, _STEPS)
        if self._drawn != (block, images, self.share):
            self._drawn = (block, images, self.share)
            self._kept = torch.from_numpy(self._draw(block, images))
        parts = self._kept[place].split([images * width for width in self._widths])
        return [part.view(images, width) for part, width in zip(parts, self._widths, strict=True)]

    def _draw(self, block: int, images: int) -> np.ndarray:
        """(steps, images × neurons) uint8 of 0 and 1."""
        count = _STEPS * images * sum(self._widths)
        bits = 1 if self.share == 0.5 else 16
        random = np.random.SFC64(np.random.SeedSequence([self._seed, block])).random_raw(-(-count * bits // 64))
        if bits == 1:
            kept = np.unpackbits(random.view(np.uint8), count=count)
        else:
            kept = (random.view(np.uint16)[:count] >= round(self.share * _LEVELS)).view(np.uint8)
        return kept.reshape(_STEPS, -1)
