"""Live changes to hyperparameters: effective from the next step, reported, undone, resumed and replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.errors import ConfigProblem, EngineProblem
from engine.runs.replay import Recipe, first_difference, recipe
from engine.worker.command_queue import CommandQueue, Plan
from engine.worker.server.live_config import LiveConfig, check_plan
from tests.engine.experiment_kit import epoch
from tests.engine.worker.conftest import Story

Train = Callable[..., Story]


def at(step: int, **values: Any) -> Plan:
    return Plan((cmd.PlannedChange(step=step, values=values),))


def changes_of(story: Story) -> list[tuple[int, str, str, str]]:
    return [(e.step, e.name, e.old, e.new) for e in story.of(ev.Changed)]


EACH: list[dict[str, Any]] = [
    {"learning_rate": 0.01},
    {"dropout": 0.0},
    {"dropout": 0.3},
    {"label_smoothing": 0.2},
    {"weight_decay": 0.1},
    {"beta1": 0.5},
    {"beta2": 0.9},
    {"eps": 0.1},
    {"clip_norm": 0.01},
    {"batch_size": 50},
    {"shift": 0.0},
    {"rotation": 20.0},
    {"scale": 0.3},
    {"noise": 0.4},
    {"optimizer": "sgd"},
    {"optimizer": "adamw", "weight_decay": 0.5},
    {"optimizer": "rmsprop"},
    {"optimizer": "adagrad"},
    {"schedule": "cosine"},
    {"schedule": "one_cycle", "peak_at": 0.5},
    {"schedule": "step", "step_every": 1},
]


@pytest.mark.parametrize("values", EACH, ids=str)
@pytest.mark.parametrize("model", ["mlp", "fastcnn"])
def test_a_change_counts_from_its_step_on_and_the_run_can_be_run_again(
    train: Train, model: str, values: dict[str, Any]
) -> None:
    base = {"model": model, "epochs": 3, "dropout": 0.2, "batch_size": 25}
    plain = train(**base)
    story = train(plan=at(13, **values), **base)  # in the second epoch of ten steps
    first, *others = story.metrics()
    assert first == plain.metrics()[0]
    assert others != plain.metrics()[1:]
    before = plain.state.config
    changed = differences(make_config(values, before), before)
    assert [(step, name) for step, name, _, _ in changes_of(story)] == [(13, name) for name in changed]
    assert story.state.config == make_config(values, before)
    twin = train(plan=at(13, **values), **base)
    assert twin.metrics() == story.metrics()
    assert first_difference(twin.state, story.state) == ""


def test_every_live_field_is_tried(train: Train) -> None:
    """So that a new one is not forgotten here: those left out change nothing by themselves, or have a test of their own."""
    tried = {name for values in EACH for name in values}
    others = {"momentum", "nesterov", "alpha", "lr_decay", "warmup", "factor", "plateau_patience", "epochs"}
    others |= {"patience", "keep_every"}
    assert tried | others == {name for name, p in HYPERPARAMETERS.items() if p.about.live}


@pytest.mark.parametrize(
    ("base", "values"),
    [
        ({"optimizer": "sgd", "learning_rate": 0.05}, {"momentum": 0.9}),
        ({"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9}, {"momentum": 0.0}),
        ({"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9}, {"nesterov": True}),
        ({"optimizer": "rmsprop"}, {"alpha": 0.5}),
        ({"optimizer": "adagrad"}, {"lr_decay": 0.1}),
        ({"schedule": "step", "step_every": 1}, {"factor": 0.9}),
        ({"schedule": "plateau", "plateau_patience": 100, "learning_rate": 0.0}, {"plateau_patience": 0}),
    ],
    ids=str,
)
def test_what_belongs_to_an_optimizer_or_a_schedule_changes_with_it(
    train: Train, base: dict[str, Any], values: dict[str, Any]
) -> None:
    story = train(plan=at(13, **values), epochs=3, batch_size=25, **base)
    assert [name for _, name, _, _ in changes_of(story)] == list(values)
    assert train(plan=at(13, **values), epochs=3, batch_size=25, **base).metrics() == story.metrics()


def test_an_optimizer_of_the_same_family_keeps_its_state_and_another_starts_without(train: Train) -> None:
    notes = {}
    for name in ("adamw", "sgd"):
        story = train(plan=at(5, optimizer=name), epochs=1)
        [event] = story.of(ev.Changed)
        notes[name] = event.note
    assert notes == {"adamw": "its state is kept", "sgd": "its state is reset"}
    plain = train(epochs=2, weight_decay=0.0)
    there_and_back = train(
        plan=Plan(
            (
                cmd.PlannedChange(step=5, values={"optimizer": "adamw"}),
                cmd.PlannedChange(step=9, values={"optimizer": "adam"}),
            )
        ),
        epochs=2,
        weight_decay=0.0,
    )
    assert there_and_back.metrics() == plain.metrics()


def test_a_schedule_is_planned_from_where_it_was_chosen(train: Train) -> None:
    story = train(plan=at(20, schedule="cosine"), epochs=4, batch_size=25, learning_rate=0.01)
    rates = [e.learning_rate for e in story.of(ev.EpochEnded)]
    assert rates[:2] == [0.01, 0.01]
    assert 0.004 < rates[2] < 0.006  # half of the two epochs that were left
    assert rates[3] < 1e-3


def test_another_batch_size_within_an_epoch_takes_every_image_once(train: Train) -> None:
    story = train(plan=at(3, batch_size=60), epochs=2, batch_size=25)
    assert [e.images for e in story.of(ev.EpochEnded)] == [250, 500]
    assert [e.step for e in story.of(ev.EpochEnded)] == [3 + 3, 6 + 5]


def test_changed_and_interrupted_and_resumed_gives_the_same_numbers(train: Train) -> None:
    plan = Plan(
        (
            cmd.PlannedChange(step=8, values={"learning_rate": 0.02, "dropout": 0.1}),
            cmd.PlannedChange(step=14, values={"optimizer": "sgd", "schedule": "cosine"}),
        )
    )
    straight = train(plan=plan, epochs=3, batch_size=25)

    def leave(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Progress) and event.step >= 17:
            control.post(cmd.Abort())

    left = train(leave, plan=plan, epochs=3, batch_size=25)
    assert left.end.outcome == "aborted"
    resumed = train(of=left)
    assert left.metrics() + resumed.metrics() == straight.metrics()


def created(story: Story) -> ev.RunCreated:
    first = story.of(ev.RunStarted)[0].config
    return ev.RunCreated(run="x", config=first, version="test", host="here")


def test_a_run_that_was_changed_stopped_and_resumed_is_replayed_to_the_same_metrics(train: Train) -> None:
    def steer(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            match event.step:
                case 7:
                    control.post(cmd.Change(values={"learning_rate": 0.02, "dropout": 0.1}))
                    control.post(cmd.StepBatch())
                case 14:
                    control.post(cmd.Change(values={"optimizer": "sgd"}))
                    control.post(cmd.StepBatch())
                case 17:
                    control.post(cmd.Stop())
                case _:
                    control.post(cmd.StepBatch())

    stopped = train(steer, before=(cmd.Pause(),), epochs=4, batch_size=25)
    made = recipe([created(stopped), *stopped.events])
    assert made == Recipe(
        created(stopped).config,
        (
            cmd.PlannedChange(step=7, values={"learning_rate": 0.02, "dropout": 0.1}),
            cmd.PlannedChange(step=14, values={"optimizer": "sgd"}),
        ),
        17,
    )
    again = train(plan=Plan(made.changes, made.stop_at), epochs=4, batch_size=25)
    assert first_difference(stopped.state, again.state) == ""
    resumed = train(of=stopped)
    whole = recipe([created(stopped), *stopped.events, *resumed.events])
    assert (whole.changes, whole.stop_at) == (made.changes, None)
    once = train(plan=Plan(whole.changes), epochs=4, batch_size=25)
    assert once.metrics() == [*stopped.metrics(), *resumed.metrics()]
    assert once.end.test is not None and resumed.end.test is not None
    assert once.end.test.wrong_images == resumed.end.test.wrong_images


def test_a_change_that_the_checkpoint_does_not_hold_is_not_made_again(train: Train) -> None:
    """Killed after the change and before the next checkpoint: what was trained with it is lost, and so is the change."""
    story = train(plan=at(13, learning_rate=0.05), epochs=2, batch_size=25)
    config = created(story).config
    lost = ev.RunStarted(
        **{**_fields(story.of(ev.RunStarted)[0]), "step": 10, "position": 1.0, "resumed": True, "config": config}
    )
    assert recipe([created(story), *story.events, lost]).changes == ()
    held = msgspec.structs.replace(lost, step=20, config=story.state.config)
    assert recipe([created(story), *story.events, held]).changes == (
        cmd.PlannedChange(step=13, values={"learning_rate": 0.05}),
    )


def _fields(event: ev.RunStarted) -> dict[str, Any]:
    return msgspec.structs.asdict(event)


def test_a_replay_that_differs_reports_the_first_metric_that_differs(train: Train) -> None:
    one, other = train(epochs=2), train(epochs=2, seed=1)
    words = first_difference(one.state, other.state)
    assert words.startswith("The train loss of epoch 1 was ")
    assert first_difference(one.state, train(epochs=3).state) == "It had 2 epochs and has 3."


def test_what_cannot_change_is_refused_and_nothing_has_changed() -> None:
    live = LiveConfig(TrainConfig())
    for values, words in (
        ({"hidden": (3,)}, "Hidden sizes: cannot be changed during training"),
        ({"seed": 1}, "Seed: cannot be changed"),
        ({"learning_rate": -1.0}, "Learning rate: -1 is out of range"),
        ({"learning_rate": float("nan")}, "Learning rate"),
        ({"dropout": "much"}, "Dropout"),
        ({"color": 1}, "There is no hyperparameter 'color'"),
        ({"learning_rate": 0.1, "dropout": 7}, "Dropout"),
    ):
        with pytest.raises(ConfigProblem, match=words):
            live.request(values)
    assert live.config == TrainConfig()
    with pytest.raises(EngineProblem, match="no change to undo"):
        live.undo()


def test_undoing_goes_back_one_change_after_the_other() -> None:
    live = LiveConfig(TrainConfig())
    live.request({"learning_rate": 0.1, "dropout": 0.1})
    live.request({"learning_rate": 0.1})  # nothing changes by that
    assert live.request({"learning_rate": 0.2, "dropout": 0.1}).values == {"learning_rate": 0.2}
    assert live.undo().values == {"learning_rate": 0.1}
    assert live.undo().values == {"learning_rate": 0.001, "dropout": 0.5}
    assert live.config == TrainConfig()


def test_a_plan_is_checked_before_anything_begins() -> None:
    def change(step: int, **values: Any) -> cmd.PlannedChange:
        return cmd.PlannedChange(step=step, values=values)

    check_plan(TrainConfig(), (change(3, dropout=0.1), change(3, dropout=0.2)))
    with pytest.raises(ConfigProblem, match="Dropout"):
        check_plan(TrainConfig(), (change(3, dropout=0.1), change(4, dropout=2)))
    with pytest.raises(ConfigProblem, match="ordered by step"):
        check_plan(TrainConfig(), (change(3, dropout=0.1), change(2, dropout=0.2)))


def live_after(*events: ev.Event, epochs: int = 40) -> LiveConfig:
    live = LiveConfig(TrainConfig(epochs=epochs))
    for event in events:
        live.follow(event)
    return live


def progress(number: int, position: float) -> ev.Progress:
    return ev.Progress(
        epoch=number,
        step=int(position * 100),
        position=position,
        steps=1,
        images=1,
        loss=1.0,
        low=1.0,
        high=1.0,
        non_finite=0,
        learning_rate=0.1,
        gradient_norm=1.0,
        gradient_norm_high=1.0,
        images_per_second=1.0,
        seconds=1.0,
    )


@pytest.mark.parametrize(
    ("events", "begun"),
    [
        ((progress(21, 20.4),), 21),
        ((progress(21, 21.0),), 21),  # its validation is under way
        ((epoch(20, 0.9, 0.1),), 21),
        ((ev.Paused(step=140, position=1.4),), 2),
        ((ev.Paused(step=200, position=2.0),), 2),  # between two epochs
        ((ev.Paused(step=200, position=2.0), ev.Continued(step=200, position=2.0)), 3),
    ],
)
def test_an_epoch_that_has_begun_is_trained_to_its_end(events: tuple[ev.Event, ...], begun: int) -> None:
    live = live_after(*events)
    before = live.config
    with pytest.raises(ConfigProblem) as refused:
        live.request({"epochs": begun - 1, "dropout": 0.1})
    said = f"Epochs: epoch {begun} is in progress; expected {begun} or more, or stop the run."
    assert (str(refused.value), refused.value.field, live.config) == (said, "epochs", before)
    assert live.request({"epochs": begun}).values == {"epochs": begun}
    assert live.request({"dropout": 0.1}).values == {"dropout": 0.1}


def test_a_raise_is_not_undone_once_its_epochs_have_begun_and_what_was_before_it_still_is() -> None:
    live = live_after(progress(1, 0.5), epochs=3)
    live.request({"dropout": 0.1})
    live.request({"epochs": 9})
    live.follow(progress(5, 4.5))
    with pytest.raises(ConfigProblem, match="epoch 5 is in progress; expected 5 or more"):
        live.undo()
    assert live.config.epochs == 9
    assert live.undo().values == {"dropout": 0.5}


def test_a_plan_does_again_what_an_earlier_run_did(train: Train) -> None:
    check_plan(TrainConfig(), (cmd.PlannedChange(step=5000, values={"epochs": 1}),))
    story = train(plan=at(20, epochs=1), epochs=4)
    assert (story.end.outcome, len(story.of(ev.EpochEnded))) == ("completed", 2)
