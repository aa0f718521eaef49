"""The tutorial's network on a GPU in plain eager PyTorch, with the images on the GPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.reference.tutorial import build


class Eager:
    """Trains it with Adam at 0.001 and batch size 64; the loss is read once per epoch."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        torch.manual_seed(0)
        self._images, self._labels = images, labels
        self.model = build().to(images.device)
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001)
        self._criterion = nn.CrossEntropyLoss()

    def epoch(self) -> float:
        """Train one epoch and return its mean training loss."""
        self.model.train()
        total = torch.zeros((), device=self._images.device)
        order = torch.randperm(len(self._labels), device=self._images.device)
        batches = order.split(64)
        for chosen in batches:
            self._optimizer.zero_grad()
            loss = self._criterion(self.model(self._images[chosen]), self._labels[chosen])
            loss.backward()
            self._optimizer.step()
            total += loss.detach()
        return total.item() / len(batches)
