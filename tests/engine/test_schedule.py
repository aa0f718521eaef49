"""The learning rate of every step."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import TrainConfig, make_config
from engine.state.lr_schedule import learning_rate
from tests.engine.strategies import examples

STEPS = 100
"""Steps in each epoch, here."""


def plan(**values: Any) -> TrainConfig:
    return make_config({"epochs": 10, "learning_rate": 0.5, **values})


def rates(config: TrainConfig, steps: range | None = None, scale: float = 1.0) -> list[float]:
    return [learning_rate(config, step, STEPS, scale) for step in steps or range(config.epochs * STEPS)]


def test_a_constant_rate_is_constant() -> None:
    assert set(rates(plan(schedule="constant"))) == {0.5}


@pytest.mark.parametrize(
    ("schedule", "step", "rate"),
    [
        ({"schedule": "cosine"}, 0, 0.5),
        ({"schedule": "cosine"}, 250, 0.5 * (1 + math.sqrt(0.5)) / 2),
        ({"schedule": "cosine"}, 500, 0.25),
        ({"schedule": "cosine"}, 1000, 0.0),
        ({"schedule": "step", "step_every": 3, "factor": 0.1}, 0, 0.5),
        ({"schedule": "step", "step_every": 3, "factor": 0.1}, 299, 0.5),
        ({"schedule": "step", "step_every": 3, "factor": 0.1}, 300, 0.05),
        ({"schedule": "step", "step_every": 3, "factor": 0.1}, 600, 0.005),
        ({"schedule": "step", "step_every": 3, "factor": 0.1}, 999, 0.0005),
        ({"schedule": "step", "step_every": 3, "factor": 0.0}, 299, 0.5),
        ({"schedule": "step", "step_every": 3, "factor": 0.0}, 300, 0.0),
        ({"schedule": "one_cycle", "peak_at": 0.3}, 0, 0.5 / 25),
        ({"schedule": "one_cycle", "peak_at": 0.3}, 150, 0.5 * (1 + 1 / 25) / 2),
        ({"schedule": "one_cycle", "peak_at": 0.3}, 300, 0.5),
        ({"schedule": "one_cycle", "peak_at": 0.3}, 650, 0.25 * (1 + 1e-4)),
        ({"schedule": "one_cycle", "peak_at": 0.3}, 1000, 0.5e-4),
        ({"schedule": "one_cycle", "peak_at": 0.01}, 10, 0.5),
        ({"schedule": "one_cycle", "peak_at": 0.99}, 990, 0.5),
    ],
    ids=str,
)
def test_each_schedule_passes_through_its_marks(schedule: dict[str, Any], step: int, rate: float) -> None:
    assert learning_rate(plan(**schedule), step, STEPS) == pytest.approx(rate, abs=1e-12)


def test_cosine_falls_all_the_way_and_one_cycle_rises_first() -> None:
    cosine = rates(plan(schedule="cosine"))
    assert all(a > b for a, b in pairwise(cosine))
    cycle = rates(plan(schedule="one_cycle", peak_at=0.4))
    peak = cycle.index(max(cycle))
    assert peak == 400
    assert all(a < b for a, b in pairwise(cycle[: peak + 1]))
    assert all(a > b for a, b in pairwise(cycle[peak:]))


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "plateau"])
def test_a_warm_up_rises_from_nearly_nothing_to_the_plan(schedule: str) -> None:
    warm = rates(plan(schedule=schedule, warmup=2.0))
    cold = rates(plan(schedule=schedule))
    assert 0 < warm[0] < 0.5 / 100
    assert all(a < b for a, b in pairwise(warm[:200]))
    assert warm[100] == pytest.approx(cold[100] * 101 / 201)
    assert warm[200:] == cold[200:]


def test_a_warm_up_of_part_of_an_epoch() -> None:
    warm = rates(plan(warmup=0.05))
    assert warm[:6] == pytest.approx([0.5 * n / 6 for n in range(1, 7)])
    assert set(warm[5:]) == {0.5}


def test_one_cycle_has_its_own_warm_up() -> None:
    assert rates(plan(schedule="one_cycle", warmup=2.0)) == rates(plan(schedule="one_cycle"))


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.0])
def test_the_cuts_of_a_plateau_multiply_the_rate(scale: float) -> None:
    assert set(rates(plan(schedule="plateau"), scale=scale)) == {0.5 * scale}


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "one_cycle"])
def test_the_cuts_of_a_plateau_mean_nothing_to_another_schedule(schedule: str) -> None:
    config = plan(schedule=schedule)
    assert rates(config, scale=0.1) == rates(config)


@pytest.mark.parametrize(("schedule", "rate"), [("cosine", 0.0), ("one_cycle", 0.5e-4), ("constant", 0.5)])
def test_beyond_the_end_the_rate_stays_what_it_was(schedule: str, rate: float) -> None:
    config = plan(schedule=schedule)
    assert rates(config, range(1000, 1300, 50)) == pytest.approx([rate] * 6, abs=1e-12)


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_more_epochs_are_another_plan_followed_from_there_on(schedule: str) -> None:
    short, long = plan(schedule=schedule), plan(schedule=schedule, epochs=20)
    assert learning_rate(long, 1000, STEPS) > 100 * learning_rate(short, 1000, STEPS)
    assert learning_rate(long, 2000, STEPS) == pytest.approx(learning_rate(short, 1000, STEPS), abs=1e-12)
    stretched = [learning_rate(long, 2 * step, STEPS) for step in range(1000)]
    assert stretched == pytest.approx(rates(short))


@examples(60)
@given(
    config=st.builds(
        plan,
        schedule=st.sampled_from(("constant", "step", "cosine", "one_cycle", "plateau")),
        warmup=st.floats(0, 100),
        peak_at=st.floats(0.01, 0.99),
        step_every=st.integers(1, 10_000),
        factor=st.floats(0, 1),
        epochs=st.integers(1, 10_000),
        learning_rate=st.floats(0, 1e6),
    ),
    step=st.integers(0, 10**8),
    steps_per_epoch=st.integers(1, 60_000),
    scale=st.floats(0, 1),
)
def test_a_rate_is_never_above_the_one_that_was_set(
    config: TrainConfig, step: int, steps_per_epoch: int, scale: float
) -> None:
    rate = learning_rate(config, step, steps_per_epoch, scale)
    assert 0 <= rate <= config.learning_rate
