"""What is said of a wait before the first step, and when."""

from __future__ import annotations

import pytest

from engine.events import Phase, PhaseName
from engine.state.startup_stages import Patience, Stage, stage_of, still


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_is_told_at_its_limit_and_each_time_the_wait_has_doubled() -> None:
    clock = Clock()
    patience = Patience(clock)
    told = []
    for second in range(90):
        clock.now = 100.0 + second
        patience.look("importing")
        if patience.said not in told:
            told.append(patience.said)
    assert told == ["", "Still importing torch after 20 s", *(f"Still importing torch after {n} s" for n in (40, 80))]


def test_each_stage_has_its_own_time() -> None:
    clock = Clock()
    patience = Patience(clock)
    assert patience.look("starting") == 10.0
    clock.now += 9
    assert (patience.look("importing"), patience.said) == (20.0, "")
    clock.now += 19
    assert (patience.look("importing"), patience.said) == (1.0, "")
    clock.now += 1
    assert (patience.look("importing"), patience.said) == (20.0, "Still importing torch after 20 s")
    assert (patience.look(None), patience.said) == (None, "")


@pytest.mark.parametrize(
    ("phase", "stage"),
    [
        ("importing", "importing"),
        ("data", "data"),
        ("device", "device"),
        ("building", "building"),
        ("first_step", "first_step"),
        ("training", None),
        ("validation", None),
        ("testing", None),
    ],
)
def test_a_run_is_waited_for_until_it_trains(phase: PhaseName, stage: Stage | None) -> None:
    assert stage_of(Phase(name=phase, text="")) == stage
    assert stage_of(None) is None


def test_the_sentence_names_what_is_waited_for() -> None:
    assert still("data", 20.4) == "Still reading the data after 20 s"
