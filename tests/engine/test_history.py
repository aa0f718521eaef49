"""A run as its events tell it: the same for everyone, whenever they came."""

from __future__ import annotations

import functools
import math
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.config import make_config
from engine.protocol import decode_event, encode
from engine.state.run_state import LOG_LINES, RunState, eta_seconds, fold, reduce
from tests import events_kit as kit
from tests.engine.strategies import Life, examples, lives
from tests.engine.strategies import test_result as look
from tui.views.mark_texts import mark_text

Events = list[ev.Event]


@pytest.fixture
def life() -> Life:
    """A run of three epochs of four steps, of ten images each, that has been asked for."""
    life = Life(make_config({"epochs": 3}), 4, random.Random(0))
    life.create()
    return life


def one_epoch(life: Life) -> None:
    life.train(life.left)
    life.end_epoch()


# what everyone agrees on


@examples(50)
@given(events=lives(), data=st.data())
def test_who_comes_late_knows_what_is_known_from_the_start(events: Events, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(events)))
    assert functools.reduce(reduce, [*events[:at], *events[max(at - 3, 0) :]], RunState()) == fold(events)
    assert fold(events[at:], fold(events[:at])) == fold(events)


@examples(50)
@given(events=lives(), data=st.data())
def test_events_that_come_twice_change_nothing(events: Events, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(events)))
    again = data.draw(st.integers(0, lost))
    assert fold(events[:lost] + events[again:]) == fold(events)


@examples(30)
@given(events=lives())
def test_the_log_on_disk_tells_what_the_socket_told(events: Events) -> None:
    assert fold(decode_event(encode(event)) for event in events) == fold(events)


@examples(30)
@given(first=lives(), second=lives())
def test_the_next_run_of_a_session_starts_from_nothing(first: Events, second: Events) -> None:
    created = msgspec.structs.replace(second[0], run="another")
    assert fold([*first, created, *second[1:]]) == fold([created, *second[1:]])


@examples(50)
@given(events=lives())
def test_what_holds_after_every_event(events: Events) -> None:
    state = RunState()
    for event in events:
        before, state = state, reduce(state, event)
        assert state.seq == event.seq
        assert [e.epoch for e in state.epochs] == list(range(1, len(state.epochs) + 1))
        steps = [point.step for point in state.losses.points]
        assert steps == sorted(set(steps))
        assert all(step <= state.step for step in steps)
        if not isinstance(event, ev.RunStarted):
            assert state.position >= before.position
            assert state.step >= before.step
        if state.epochs:
            assert state.best is not None
            assert state.best.validation_loss == min(e.validation_loss or 0.0 for e in state.epochs)
        eta = eta_seconds(state)
        assert eta is None or (0 <= eta < math.inf and state.running)


@examples(50)
@given(events=lives())
def test_a_resume_drops_what_the_checkpoint_does_not_hold(events: Events) -> None:
    for number, event in enumerate(events):
        if not isinstance(event, ev.RunStarted):
            continue
        before, after = fold(events[:number]), fold(events[: number + 1])
        assert after.step == event.step
        assert after.position == event.position
        assert after.epochs == tuple(e for e in before.epochs if e.step <= event.step)
        assert after.losses.points == tuple(p for p in before.losses.points if p.step <= event.step)
        kept = tuple(mark for mark in before.marks if mark.step <= event.step)
        assert after.marks[: len(kept)] == kept
        assert [mark.kind for mark in after.marks[len(kept) :]] == ["resumed"] * event.resumed
        assert after.previews is None or after.previews.step <= event.step
        assert after.config == event.config
        assert (after.finished, after.test, after.stopped_at, after.progress) == (None,) * 4
        assert after.status == "training"
        assert after.log == before.log


def test_epochs_and_marks_beyond_the_checkpoint_did_not_happen(life: Life) -> None:
    life.start()
    one_epoch(life)
    life.change("learning_rate", 0.25)
    life.train(4)
    life.change("learning_rate", 0.5)
    life.end_epoch(save=False)
    life.train(2)
    assert [len(fold(life.events).epochs), len(fold(life.events).marks)] == [2, 2]
    life.start()
    state = fold(life.events)
    assert [epoch.epoch for epoch in state.epochs] == [1]
    assert [(mark.kind, mark.step) for mark in state.marks] == [("changed", 4), ("resumed", 4)]
    assert [point.step for point in state.losses.points] == [4]
    assert (state.step, state.position) == (4, 1.0)


def test_readings_of_digits_beyond_the_checkpoint_are_forgotten(life: Life) -> None:
    life.start()
    one_epoch(life)
    kept = fold(life.events).previews
    assert kept is not None
    life.start()
    assert fold(life.events).previews == kept
    life.train(2)
    life.preview()
    life.start()
    assert fold(life.events).previews is None


def test_states_are_equal_by_value_and_differ_with_what_was_told(life: Life) -> None:
    life.start()
    life.train(2)
    state = fold(life.events)
    assert state == fold(list(life.events))
    assert state is not fold(list(life.events))
    *rest, last = life.events
    assert state != fold([*rest, msgspec.structs.replace(last, loss=99.0)])


# the states of a life


def test_the_status_through_a_whole_life(life: Life) -> None:
    def status() -> str:
        return fold(life.events).status

    assert RunState().status == "none"
    assert not RunState().running
    assert status() == "preparing"
    life.tell(ev.Phase(name="data", text=""))
    assert status() == "preparing"
    life.start()
    assert status() == "training"
    life.train(1)
    life.tell(ev.Phase(name="training", text=""))
    assert status() == "training"
    life.pause()
    assert status() == "paused"
    life.train(1)
    life.tell(ev.Phase(name="training", text=""))
    assert status() == "paused"
    life.pause()
    assert status() == "paused"
    life.go_on()
    assert status() == "training"
    one_epoch(life)
    life.tell(ev.Phase(name="validation", text=""))
    assert status() == "training"
    life.tell(ev.Phase(name="testing", text=""))
    assert status() == "testing"
    assert fold(life.events).running
    life.finish("stopped")
    assert status() == "ended"
    assert not fold(life.events).running
    life.tell(ev.Tested(test=look()))
    assert status() == "ended"
    life.tell(ev.Phase(name="importing", text=""))
    assert status() == "preparing"
    life.start()
    assert status() == "training"


@pytest.mark.parametrize("outcome", ["completed", "early_stopped", "stopped", "aborted", "diverged", "failed"])
def test_every_outcome_ends_a_run(life: Life, outcome: Any) -> None:
    life.start()
    one_epoch(life)
    life.finish(outcome)
    state = fold(life.events)
    assert state.status == "ended"
    assert state.phase is None
    assert state.finished is not None
    assert state.finished.outcome == outcome
    assert (state.test is not None) == (outcome in ("completed", "early_stopped", "stopped"))


def test_a_run_that_is_killed_while_paused_trains_again_after_a_resume(life: Life) -> None:
    life.start()
    life.train(2)
    life.pause()
    life.start()
    assert fold(life.events).status == "training"


def test_the_first_event_says_what_was_asked_for(life: Life) -> None:
    state = fold(life.events)
    assert (state.run, state.preset, state.host, state.version) == (life.run, "cnn", "here", "0.1.0")
    assert state.config == life.config
    assert state.created == life.events[0].time
    assert (state.step, state.position, state.best) == (0, 0.0, None)


def test_the_place_in_a_run(life: Life) -> None:
    life.start()
    life.train(3)
    assert (fold(life.events).step, fold(life.events).position) == (3, 0.75)
    one_epoch(life)
    life.train(2)
    assert (fold(life.events).step, fold(life.events).position) == (6, 1.5)


def test_the_best_epoch_is_the_last_that_was_flagged(life: Life) -> None:
    life.start()
    losses = [(0.5, True), (0.3, True), (0.4, False)]
    for loss, best in losses:
        one_epoch(life)
        number = next(i for i in reversed(range(len(life.events))) if isinstance(life.events[i], ev.EpochEnded))
        life.events[number] = msgspec.structs.replace(life.events[number], validation_loss=loss, best=best)
    state = fold(life.events)
    assert state.best == state.epochs[1]


def test_a_change_is_in_the_configuration_and_on_the_curve(life: Life) -> None:
    life.start()
    life.train(2)
    life.change("learning_rate", 0.25)
    life.change("epochs", 4)
    life.change("optimizer", "sgd")
    state = fold(life.events)
    assert state.config == make_config({"epochs": 4, "learning_rate": 0.25, "optimizer": "sgd"})
    assert [(mark.kind, mark.step, mark.position) for mark in state.marks] == [("changed", 2, 0.5)] * 3
    assert [mark_text(mark) for mark in state.marks] == [
        "learning rate 0.001 → 0.25",
        "epochs 3 → 4",
        "optimizer adam → sgd",
    ]


@pytest.mark.parametrize(("name", "new"), [("color", "red"), ("optimizer", "lion"), ("epochs", "many"), ("", "")])
def test_a_change_that_only_a_later_version_knows_leaves_the_configuration(life: Life, name: str, new: str) -> None:
    life.start()
    life.tell(ev.Changed(step=0, position=0.0, name=name, old="1", new=new))
    life.train(1)
    state = fold(life.events)
    assert state.config == life.config
    assert state.step == 1


def test_pauses_are_marked_where_they_were(life: Life) -> None:
    life.start()
    life.train(3)
    life.pause()
    life.go_on()
    assert [(mark.kind, mark.step, mark.position) for mark in fold(life.events).marks] == [
        ("paused", 3, 0.75),
        ("continued", 3, 0.75),
    ]


def test_what_is_known_of_the_layers_is_bounded_and_keeps_its_first_and_latest(life: Life) -> None:
    life.start()
    for step in range(1, 5001):
        layers = ev.Layers(step=step, position=step / 10, layers=())
        life.tell(layers)
        spread = ev.Distributions(epoch=step, step=step, position=1.0, layers=(), weights=(), gradients=(), hidden=())
        life.tell(spread)
    state = fold(life.events)
    for told, most in ((state.layers, 1024), (state.distributions, 128)):
        steps = [event.step for event in told]
        assert most // 2 < len(steps) <= most
        assert steps == sorted(set(steps))
        assert (steps[0], steps[-1]) == (1, 5000)


def test_a_resume_takes_back_what_its_checkpoint_does_not_know_of_the_layers(life: Life) -> None:
    life.start()
    one_epoch(life)
    saved = fold(life.events)
    life.train(1)
    assert len(fold(life.events).layers) == len(saved.layers) + 1
    life.start()
    state = fold(life.events)
    assert (state.layers, state.distributions) == (saved.layers, saved.distributions)


def test_the_log_is_bounded_and_counted(life: Life) -> None:
    for number in range(LOG_LINES + 500):
        life.tell(ev.LogLine(text=str(number)))
    state = fold(life.events)
    assert state.log == tuple(str(number) for number in range(500, LOG_LINES + 500))
    assert state.log_count == LOG_LINES + 500


def test_a_save_that_failed_is_told_until_one_works(life: Life) -> None:
    life.start()
    life.tell(ev.SaveFailed(path="last.pt", reason="No space left on device"))
    failed = fold(life.events).save_failed
    assert failed is not None
    assert failed.reason == "No space left on device"
    life.save()
    assert fold(life.events).save_failed is None


def test_each_file_that_cannot_be_saved_is_told_until_it_can(life: Life) -> None:
    life.start()
    for path, reason in [("/r/events.jsonl", "full"), ("/r/last.pt", "full"), ("/r/events.jsonl", "broken")]:
        life.tell(ev.SaveFailed(path=path, reason=reason))
    assert [(e.path, e.reason) for e in fold(life.events).unsaved] == [
        ("/r/last.pt", "full"),
        ("/r/events.jsonl", "broken"),
    ]
    life.save()
    assert [e.path for e in fold(life.events).unsaved] == ["/r/events.jsonl"]
    life.tell(ev.SavedAgain(path="/r/events.jsonl", lost=3))
    assert fold(life.events).unsaved == ()
    life.tell(ev.SavedAgain(path="/r/events.jsonl", lost=2))
    assert fold(life.events).lost == 5


def test_a_resume_knows_nothing_of_what_could_not_be_saved_before(life: Life) -> None:
    life.start()
    life.tell(ev.SaveFailed(path="/r/last.pt", reason="full"))
    life.start()
    assert fold(life.events).unsaved == ()


def test_an_omitted_event_counts_and_says_nothing(life: Life) -> None:
    life.start()
    before = fold(life.events)
    life.tell(ev.Omitted())
    assert fold(life.events) == msgspec.structs.replace(before, seq=before.seq + 1)


def test_a_run_that_was_made_again_under_the_same_name_is_another(life: Life) -> None:
    life.start()
    one_epoch(life)
    first = fold(life.events)
    again = Life(make_config({"epochs": 3}), 4, random.Random(0))
    again.create()
    again.events[0] = msgspec.structs.replace(again.events[0], time=life.events[0].time + 1)
    state = fold(again.events, first)
    assert (state.run, state.seq, state.epochs, state.status) == (first.run, 0, (), "preparing")
    assert fold(life.events[:1], first) == first  # while the same one told again changes nothing


def test_a_run_whose_folder_was_renamed_is_the_same_run(life: Life) -> None:
    life.start()
    one_epoch(life)
    life.finish("stopped")
    told = fold(life.events)
    named = msgspec.structs.replace(told, run="renamed")  # as its folder is called now
    assert fold(life.events, named) == named


def test_every_look_at_the_test_set_is_remembered(life: Life) -> None:
    life.start()
    one_epoch(life)
    life.finish("completed")
    later = look(0.8)
    life.tell(ev.Tested(test=later))
    times = tuple(event.time for event in life.events if isinstance(event, ev.Tested))
    state = fold(life.events)
    assert state.test == later
    assert state.test_evaluations == times
    assert len(times) == 2
    life.start()
    assert fold(life.events).test is None
    assert fold(life.events).test_evaluations == times


# how long it takes


def progress(life: Life, **changes: Any) -> None:
    """One more step, with some figures of the test's own."""
    life.train(1)
    life.events[-1] = msgspec.structs.replace(life.events[-1], **changes)


def test_nobody_knows_how_long_it_takes_before_anything_is_measured(life: Life) -> None:
    assert eta_seconds(RunState()) is None
    assert eta_seconds(fold(life.events)) is None
    life.start()
    assert eta_seconds(fold(life.events)) is None


def test_the_estimate_counts_the_images_left_and_the_validations(life: Life) -> None:
    life.start()
    progress(life, images_per_second=100.0)
    # 2.75 epochs of 40 images, and three validations of 10 images at three times the speed
    assert eta_seconds(fold(life.events)) == pytest.approx(2.75 * 40 / 100 + 3 * 10 / 300)


def test_the_estimate_takes_the_validations_as_they_were_measured(life: Life) -> None:
    life.start()
    progress(life, images_per_second=100.0)
    life.step = 4
    life.end_epoch()
    assert eta_seconds(fold(life.events)) == pytest.approx(2 * 40 / 100 + 2 * 0.25)


def test_nothing_is_left_at_the_end(life: Life) -> None:
    life.start()
    for _ in range(3):
        one_epoch(life)
    assert eta_seconds(fold(life.events)) == 0.0
    life.finish("completed")
    assert eta_seconds(fold(life.events)) is None


def test_a_resumed_run_takes_the_last_epochs_speed_at_first(life: Life) -> None:
    life.start()
    one_epoch(life)
    speed = fold(life.events).epochs[-1].images_per_second
    life.start()
    assert fold(life.events).speed == speed
    assert eta_seconds(fold(life.events)) == pytest.approx(2 * 40 / speed + 2 * 0.25)
    progress(life, images_per_second=10 * speed)
    assert fold(life.events).speed == 10 * speed


def test_more_epochs_take_longer(life: Life) -> None:
    life.start()
    one_epoch(life)
    progress(life, images_per_second=100.0)
    before = eta_seconds(fold(life.events))
    life.change("epochs", 5)
    after = eta_seconds(fold(life.events))
    assert before is not None
    speed = fold(life.events).speed
    assert speed is not None
    assert after == pytest.approx(before + 2 * 40 / speed + 2 * 0.25)


def test_the_speed_is_smoothed_over_seconds_of_training(life: Life) -> None:
    life.start()
    progress(life, images_per_second=100.0, seconds=1.0)
    assert fold(life.events).speed == 100.0
    progress(life, images_per_second=200.0, seconds=6.0)
    assert fold(life.events).speed == pytest.approx(100 + 100 * (1 - math.exp(-1)))


def test_a_step_whose_loss_is_no_number_is_counted_beside_the_others(life: Life) -> None:
    life.start()
    progress(life, steps=4, loss=0.5, low=0.25, high=0.75, non_finite=1)
    progress(life, steps=2, loss=None, low=None, high=None, non_finite=2)
    points = fold(life.events).losses.points
    assert [(p.count, p.mean, p.low, p.high, p.non_finite) for p in points] == [
        (3, 0.5, 0.25, 0.75, 1),
        (0, None, None, None, 2),
    ]


def test_a_checkpoint_that_is_kept_is_a_mark_until_the_run_is_taken_back_before_it() -> None:
    kept = [ev.CheckpointSaved(kind="kept", epoch=n, step=n * 782) for n in (1, 2)]
    state = fold(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kept]))
    assert [(mark.kind, mark.step, mark.position, mark_text(mark)) for mark in state.marks] == [
        ("kept", 782, 1.0, "checkpoint of epoch 1 kept"),
        ("kept", 1564, 2.0, "checkpoint of epoch 2 kept"),
    ]
    started = next(e for e in kit.opening() if isinstance(e, ev.RunStarted))
    again = msgspec.structs.replace(started, seq=1000, step=782, position=1.0, resumed=True)
    assert [mark.kind for mark in fold([again], state).marks] == ["kept", "resumed"]


def test_a_point_of_the_curve_has_the_rate_and_the_speed_of_its_progress() -> None:
    told = kit.progress(kit.BLOG, 10, 10)
    state = fold(kit.numbered([*kit.opening(), told]))
    assert (state.losses.points[0].rate, state.losses.points[0].speed) == (told.learning_rate, told.images_per_second)
