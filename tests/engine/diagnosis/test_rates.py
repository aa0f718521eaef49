"""Learning rates that are usual."""

from __future__ import annotations

from engine.config import HYPERPARAMETERS
from engine.diagnosis.rates import USUAL


def test_every_optimizer_has_a_usual_rate() -> None:
    assert set(USUAL) == set(HYPERPARAMETERS["optimizer"].choices)
