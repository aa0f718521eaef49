"""Builds the trainer's larger events."""

from __future__ import annotations

import math

from engine import events as ev
from engine.worker.model.evaluate import Evaluation
from engine.worker.training.counters import Counters
from engine.worker.training.metrics import Meter, Window


def finite(value: float) -> float | None:
    """The value, or None if it is NaN or infinite, which JSON cannot represent."""
    return value if math.isfinite(value) else None


def short(value: float) -> float | None:
    """The value to six significant digits; None if it is NaN or infinite, which JSON cannot represent."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def progress(counters: Counters, window: Window, *, position: float, rate: float, seconds: float) -> ev.Progress:
    """Progress by the steps of `window`, which took `seconds`."""
    return ev.Progress(
        epoch=counters.epoch + 1,
        step=counters.step,
        position=position,
        steps=window.steps,
        images=counters.images,
        loss=window.loss,
        low=window.low,
        high=window.high,
        non_finite=window.non_finite,
        learning_rate=rate,
        gradient_norm=window.gradient_norm,
        gradient_norm_high=window.gradient_norm_high,
        images_per_second=round(window.images / max(seconds, 1e-9), 1),
        seconds=round(counters.seconds, 4),
        last_loss=finite(window.last_loss),
        last_gradient_norm=finite(window.last_gradient_norm),
    )


def epoch_ended(
    counters: Counters,
    meter: Meter,
    outcome: Evaluation,
    *,
    rate: float,
    trained_at: float,
    best: bool,
    starved: float | None,
    waited: float | None,
) -> ev.EpochEnded:
    """The epoch that has just been validated; `trained_at` is when its training ended, on the counters' clock."""
    loss, accuracy, norm = meter.epoch_means()
    training_seconds = max(trained_at - counters.seconds_at_epoch, 1e-9)
    return ev.EpochEnded(
        epoch=counters.epoch,
        step=counters.step,
        images=counters.images,
        train_loss=finite(loss),
        train_accuracy=accuracy,
        validation_loss=finite(outcome.loss),
        validation_accuracy=outcome.accuracy,
        learning_rate=rate,
        gradient_norm=finite(norm),
        seconds=round(counters.seconds - counters.seconds_at_epoch, 4),
        validation_seconds=round(outcome.seconds, 4),
        total_seconds=round(counters.seconds, 4),
        images_per_second=round(meter.epoch_images / training_seconds, 1),
        best=best,
        starved=None if starved is None else round(starved, 4),
        waited=None if waited is None else round(waited, 4),
    )
