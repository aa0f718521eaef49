"""Learning rates: what is usual, and the next one to try."""

from __future__ import annotations

import math

from engine.config import TrainConfig

USUAL = {"sgd": 0.1, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.001, "adagrad": 0.01}
"""Where people begin: adam as its paper has it (Kingma and Ba 2015), rmsprop as in Hinton's lecture, adagrad as in
PyTorch, sgd as networks of this kind have been trained with since He et al. 2016."""


def usual_rate(config: TrainConfig) -> float:
    """A usual learning rate for the optimizer. With momentum μ a gradient acts 1/(1 − μ) times, so it is less."""
    momentum = config.momentum if config.optimizer in ("sgd", "rmsprop") else 0.0
    return USUAL[config.optimizer] * (1 - momentum)


def lower(rate: float, by: float) -> float:
    """A rate `by` times smaller, in one digit."""
    return one_digit(rate / by)


def slower(config: TrainConfig, by: float) -> float:
    """A rate `by` times smaller; the usual one where the present is more than a hundred times that."""
    usual = usual_rate(config)
    return one_digit(usual) if config.learning_rate > 100 * usual else lower(config.learning_rate, by)


def higher(config: TrainConfig) -> float:
    """The next greater rate to try: the usual one where the present is not a third of it, else three times as much."""
    usual = usual_rate(config)
    return one_digit(usual if config.learning_rate < usual / 3 else config.learning_rate * 3)


def one_digit(value: float) -> float:
    """The value in one significant digit: 0.0333 is 0.03."""
    if value <= 0 or not math.isfinite(value):
        return 0.0
    return float(f"{value:.0e}")
