"""Losses on logits (N, 10) and labels (N,), and the corresponding probabilities."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its customary name

from engine.config import TrainConfig

Loss = Callable[[Tensor, Tensor], Tensor]


def build_loss(config: TrainConfig, *, training: bool) -> Loss:
    """The mean loss over a batch. Label smoothing applies to training only, which keeps validation losses comparable."""
    match config.loss:
        case "cross_entropy":
            smoothing = config.label_smoothing if training else 0.0
            return lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=smoothing)
        case "nll":
            return lambda logits, labels: F.nll_loss(F.log_softmax(logits, dim=1), labels)
        case "mse":
            return lambda logits, labels: F.mse_loss(F.softmax(logits, dim=1), _one_hot(logits, labels))
        case "bce":
            return lambda logits, labels: F.binary_cross_entropy_with_logits(logits, _one_hot(logits, labels))


def _one_hot(logits: Tensor, labels: Tensor) -> Tensor:
    return F.one_hot(labels, logits.shape[1]).to(logits.dtype)


def probabilities(logits: Tensor, loss: str) -> Tensor:
    """The probability of each digit, (N, 10): the softmax or, for bce, the sigmoids scaled to a sum of 1."""
    if loss != "bce":
        return torch.softmax(logits.float(), dim=1)
    independent = torch.sigmoid(logits.float())
    return independent / independent.sum(dim=1, keepdim=True).clamp_min(1e-12)
