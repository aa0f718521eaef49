"""A few kills of each kind, and every instant between two writes; ``make torture`` makes a hundred of each."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import msgspec
import pytest

from tests.torture.ground import ground, noted
from tests.torture.instants import instants
from tests.torture.kills import WHO, Campaign, Moment, moments

SEED = random.SystemRandom().randrange(10**6)


@pytest.mark.timeout(180)
def test_what_is_killed_at_any_moment_ends_with_the_same_numbers() -> None:
    with ground(epochs=30) as place, Campaign(place, end_seconds=20.0) as on:
        seconds, lines = on.undisturbed("engine")
        for who, moment in zip(WHO, moments(random.Random(SEED), len(WHO), seconds, lines), strict=True):
            logout = None if who == "engine" else Moment(1 + random.Random(SEED).randrange(lines), 0.0)
            with noted(f"seed {SEED}: {who} killed {moment}, logout {logout}"):
                on.round(who, moment, logout)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("values", "torn"),
    [
        pytest.param({"epochs": 2}, False, id="to the last epoch"),
        pytest.param({"epochs": 2}, True, id="with a torn log"),
        pytest.param({"epochs": 9, "learning_rate": 0.0, "patience": 1}, False, id="stopped early"),
    ],
)
def test_a_run_left_between_any_two_writes_ends_with_the_same_numbers(
    values: dict[str, Any], torn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ground() as place:
        config = msgspec.structs.replace(place.config, **values)
        use_home = partial(monkeypatch.setenv, "MNIST_TUI_HOME")
        lines = list(instants(config, place.home, lambda home: use_home(str(home)), torn=torn))
        assert len(lines) > 30
