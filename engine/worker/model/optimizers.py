"""Optimizers on the flat parameter tensor, and a faster way to make Adam's update."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from engine.config import TrainConfig, applies


def build_optimizer(
    config: TrainConfig, weights: nn.Parameter, device_rate: Tensor | None = None
) -> torch.optim.Optimizer:
    """The optimizer of `config`, with torch's fused kernel where there is one.

    `device_rate`: a tensor on the device that holds the learning rate, so that the step can be recorded as a CUDA graph.
    Weight decay is added to the gradient as an L2 penalty, except for adamw, where it is decoupled (Loshchilov and Hutter
    2019, "Decoupled Weight Decay Regularization").
    """
    rate = config.learning_rate if device_rate is None else device_rate
    decay, recorded = config.weight_decay, device_rate is not None
    betas = (config.beta1, config.beta2)
    match config.optimizer:
        case "sgd":
            nesterov = config.nesterov and applies(config, "nesterov")
            return torch.optim.SGD(
                [weights], lr=rate, momentum=config.momentum, nesterov=nesterov, weight_decay=decay, fused=True
            )
        case "adam":
            return torch.optim.Adam(
                [weights], lr=rate, betas=betas, eps=config.eps, weight_decay=decay, fused=True, capturable=recorded
            )
        case "adamw":
            return torch.optim.AdamW(
                [weights], lr=rate, betas=betas, eps=config.eps, weight_decay=decay, fused=True, capturable=recorded
            )
        case "rmsprop":
            return torch.optim.RMSprop(
                [weights], lr=rate, alpha=config.alpha, eps=config.eps, momentum=config.momentum, weight_decay=decay
            )
        case "adagrad":
            return torch.optim.Adagrad([weights], lr=rate, lr_decay=config.lr_decay, eps=config.eps, weight_decay=decay)
        case _:
            assert_never(config.optimizer)


def updates(optimizer: torch.optim.Optimizer) -> Callable[[float], None]:
    """A function that makes the optimizer's next update with a given learning rate.

    For Adam it calls the functional form that `torch.optim.Adam.step` ends in: the hooks, profiler records and state
    lookups before it take longer than the update of a small network.
    """

    def by_step(learning_rate: float) -> None:
        optimizer.param_groups[0]["lr"] = learning_rate  # look the group up each time: loading a state replaces it
        optimizer.step()

    if type(optimizer) is not torch.optim.Adam:
        return by_step

    @torch.no_grad()
    def by_function(learning_rate: float) -> None:
        group = optimizer.param_groups[0]
        (weights,) = group["params"]
        state = optimizer.state[weights]
        if not state:
            by_step(learning_rate)
            return
        adam(
            [weights],
            [weights.grad],
            [state["exp_avg"]],
            [state["exp_avg_sq"]],
            [],
            [state["step"]],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=learning_rate,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )

    return by_function


def same_state(one: str, other: str) -> bool:
    """Whether two optimizers can use each other's state."""
    return one == other or {one, other} == {"adam", "adamw"}
