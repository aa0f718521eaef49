"""Optimizers on the flat parameter tensor."""

from __future__ import annotations

import torch
from torch import nn

from engine.config import TrainConfig, applies


def build_optimizer(config: TrainConfig, weights: nn.Parameter) -> torch.optim.Optimizer:
    """The optimizer of `config`, with torch's fused kernel where there is one.

    Weight decay is added to the gradient (an L2 penalty), but for adamw, which shrinks the weights by themselves
    (Loshchilov and Hutter 2019).
    """
    rate, decay = config.learning_rate, config.weight_decay
    betas = (config.beta1, config.beta2)
    match config.optimizer:
        case "sgd":
            nesterov = config.nesterov and applies(config, "nesterov")
            return torch.optim.SGD(
                [weights], lr=rate, momentum=config.momentum, nesterov=nesterov, weight_decay=decay, fused=True
            )
        case "adam":
            return torch.optim.Adam([weights], lr=rate, betas=betas, eps=config.eps, weight_decay=decay, fused=True)
        case "adamw":
            return torch.optim.AdamW([weights], lr=rate, betas=betas, eps=config.eps, weight_decay=decay, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(
                [weights], lr=rate, alpha=config.alpha, eps=config.eps, momentum=config.momentum, weight_decay=decay
            )
        case "adagrad":
            return torch.optim.Adagrad([weights], lr=rate, lr_decay=config.lr_decay, eps=config.eps, weight_decay=decay)
