"""The tutorial's loop: a TensorDataset, a DataLoader, and `loss.item()` at every step.

After PyTorch's own introductions (pytorch.org/tutorials/beginner/basics) with the network of ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def build() -> nn.Sequential:
    """784-128-256-10 with ReLU and dropout 0.5."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 256),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(256, 10),
    )


class Tutorial:
    """Trains it with Adam at 0.001 and batch size 64."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        torch.manual_seed(0)
        self.model = build()
        self._loader = DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True)
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001)
        self._criterion = nn.CrossEntropyLoss()

    def epoch(self) -> float:
        """Train one epoch and return its mean training loss."""
        self.model.train()
        total = 0.0
        for images, labels in self._loader:
            self._optimizer.zero_grad()
            loss = self._criterion(self.model(images), labels)
            loss.backward()
            self._optimizer.step()
            total += loss.item()
        return total / len(self._loader)
