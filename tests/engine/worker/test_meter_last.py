"""The latest step's metrics do not depend on when they are reported."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from engine import events as ev
from engine.worker.training import trainer
from engine.worker.training.metrics import Meter
from tests.engine.worker.conftest import Story


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_the_last_training_loss_does_not_depend_on_the_frequency_of_events(
    train: Callable[..., Story], monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    before = train(epochs=2).of(ev.Progress)
    monkeypatch.setattr(trainer, "EVENT_SECONDS", seconds)
    after = train(epochs=2).of(ev.Progress)
    ends = [
        (progress[-1].step, progress[-1].latest_loss, progress[-1].latest_gradient_norm) for progress in (before, after)
    ]
    assert ends[0] == ends[1]
    assert after[-1].steps == (1 if not seconds else after[-1].step // 2)


def test_a_last_loss_that_is_not_finite_is_reported() -> None:
    meter = Meter()
    meter.add(1.0, 3.0, 2.0, 10)
    meter.add(math.inf, 3.0, math.nan, 10)
    window = meter.read()
    assert (window.loss, window.last_loss) == (1.0, math.inf)
    assert math.isnan(window.last_gradient_norm)
    assert math.isnan(meter.read().last_loss)
