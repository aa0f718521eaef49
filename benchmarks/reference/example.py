"""The network and settings of the official PyTorch MNIST example: two convolutions, dropout, Adadelta, batch size 64.

After its public description (github.com/pytorch/examples, mnist): 3×3 convolutions of 32 and 64 channels, a 2×2 pooling,
dropout 0.25, 9216-128-10 with dropout 0.5, Adadelta at 1.0 times 0.7 an epoch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its customary name


def build() -> nn.Sequential:
    """The example's network, with a final log-softmax."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )


class Example:
    """Trains it, without data loading."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        torch.manual_seed(1)
        self._images = (images - 0.1307) / 0.3081
        self._labels = labels
        self.model = build()
        self._optimizer = torch.optim.Adadelta(self.model.parameters(), lr=1.0)
        self._place = 0

    def steps(self, count: int) -> None:
        """Train this many steps."""
        self.model.train()
        for _ in range(count):
            chosen = torch.arange(self._place, self._place + 64) % len(self._labels)
            self._place += 64
            self._optimizer.zero_grad()
            F.nll_loss(self.model(self._images[chosen]), self._labels[chosen]).backward()
            self._optimizer.step()
