"""The learning rate of every step, as a pure function of the configuration and the step's number."""

from __future__ import annotations

import math

from engine.config import TrainConfig

ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = 1e-4
"""One-cycle starts and ends at these shares of the highest rate."""


def learning_rate(
    config: TrainConfig, step: int, steps_per_epoch: int, plateau_scale: float = 1.0, planned_from: float = 0.0
) -> float:
    """Rate of step number `step` (from 0) in a run of ``config.epochs`` epochs.

    The plan covers the run from epoch `planned_from` on, where the schedule was chosen, which is all of it mostly: with more
    epochs it is another plan, followed from the present step on.
    `plateau_scale` is what the plateau schedule's cuts have come to. One-cycle: Smith and Topin 2018
    ("Super-convergence"), a straight rise, then half a cosine down; cosine: Loshchilov and Hutter 2017 ("SGDR"), one period, to zero.
    """
    passed = round(planned_from * steps_per_epoch)
    step -= passed
    total = max(config.epochs * steps_per_epoch - passed, 1)
    done = min(step / total, 1.0)
    peak = config.learning_rate
    match config.schedule:
        case "one_cycle":
            return peak * _one_cycle(done, config.peak_at)
        case "cosine":
            scale = _cosine(1.0, 0.0, done)
        case "step":
            scale = config.factor ** (step // (config.step_every * steps_per_epoch))
        case "plateau":
            scale = plateau_scale
        case "constant":
            scale = 1.0
    warmup_steps = config.warmup * steps_per_epoch
    if step < warmup_steps:
        scale *= (step + 1) / (warmup_steps + 1)
    return peak * scale


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _one_cycle(done: float, peak_at: float) -> float:
    if done < peak_at:
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * done / peak_at
    return _cosine(1.0, ONE_CYCLE_END, (done - peak_at) / (1 - peak_at))
