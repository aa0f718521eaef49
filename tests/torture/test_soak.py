"""A few thousand events with clients that come and go; ``make torture`` tells two hundred thousand."""

from __future__ import annotations

import random

import pytest

from tests.torture.ground import ground, noted
from tests.torture.soak import soak

SEED = random.SystemRandom().randrange(10**6)


@pytest.mark.timeout(120)
async def test_whoever_comes_and_goes_knows_in_the_end_what_the_log_says() -> None:
    with ground() as place, noted(f"seed {SEED}"):
        found = await soak(place, 5000, SEED)
    assert found.events == 5000
    assert found.attached >= 3
