"""The phases of a run: what an event does in each, and which transitions are refused."""

from __future__ import annotations

import pytest

from engine import events as ev
from engine.worker.server.run_phase import Phase, PhaseTracker

PAUSED = ev.Paused(step=1, position=0.1)
LINE = ev.LogLine(text="reading")


def finished() -> ev.Finished:
    return ev.Finished(
        run="calm-fox",
        outcome="completed",
        reason="Done.",
        epochs=0,
        step=0,
        position=0.0,
        best_epoch=None,
        seconds=0.0,
        test=None,
    )


def at(*phases: Phase) -> PhaseTracker:
    tracker = PhaseTracker()
    for phase in phases:
        tracker.move(phase)
    return tracker


def test_a_run_goes_through_its_phases() -> None:
    tracker = at(Phase.PREPARING, Phase.STARTING)
    seen = []
    for event in (LINE, PAUSED, LINE, finished()):
        assert tracker.accept(event)
        seen.append(tracker.current)
    assert seen == [Phase.STARTING, Phase.TRAINING, Phase.TRAINING, Phase.FINISHED]
    assert tracker.is_busy and tracker.has_job and not tracker.is_steerable
    tracker.move(Phase.IDLE)
    assert not tracker.is_busy


@pytest.mark.parametrize("event", [PAUSED, finished()], ids=["event", "end"])
def test_an_event_without_a_run_in_the_trainer_changes_nothing(event: ev.Event) -> None:
    tracker = at(Phase.PREPARING)
    assert tracker.accept(event)
    assert tracker.current is Phase.PREPARING


def test_a_run_is_cut_off_before_its_first_step_only() -> None:
    tracker = at(Phase.PREPARING, Phase.STARTING)
    assert tracker.cut_off()
    assert not tracker.accept(PAUSED)
    assert tracker.current is Phase.CUT_OFF
    assert not tracker.cut_off()
    training = at(Phase.PREPARING, Phase.STARTING, Phase.TRAINING)
    assert not training.cut_off()
    assert training.accept(PAUSED)


@pytest.mark.parametrize(
    ("phases", "to"),
    [
        ((), Phase.STARTING),
        ((Phase.PREPARING,), Phase.FINISHED),
        ((Phase.PREPARING, Phase.STARTING), Phase.PREPARING),
        ((Phase.PREPARING, Phase.STARTING, Phase.CUT_OFF), Phase.IDLE),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_other_transitions_are_refused(phases: tuple[Phase, ...], to: Phase) -> None:
    tracker = at(*phases)
    with pytest.raises(RuntimeError, match=f"to {to.name}"):
        tracker.move(to)
