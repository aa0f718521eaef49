"""The lower bound of a training step of the tutorial's network: its eight matrix products."""

from __future__ import annotations

import itertools

import torch


class Floor:
    """The products of a step on 64 images: three forward, three for weight and two for input gradients."""

    def __init__(self, sizes: tuple[int, ...] = (784, 128, 256, 10), images: int = 64) -> None:
        self._triples = []
        for level, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
            x, w, d = torch.rand(images, inputs), torch.rand(outputs, inputs), torch.rand(images, outputs)
            self._triples.append((x, w.t(), torch.empty(images, outputs)))
            self._triples.append((d.t(), x, torch.empty(outputs, inputs)))
            if level:
                self._triples.append((d, w, torch.empty(images, inputs)))

    def epoch(self, steps: int = 782) -> None:
        """Run the steps of one epoch of 50,000 images."""
        with torch.inference_mode():
            for _ in range(steps):
                for left, right, out in self._triples:
                    torch.mm(left, right, out=out)
