"""What can go wrong with a run goes no worse wrong when it is changed to it while it trains."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine import commands as cmd
from engine import events as ev
from engine.config import make_config
from engine.errors import ConfigProblem
from engine.runs.replay import first_difference
from engine.worker.command_queue import CommandQueue, Plan
from engine.worker.model.models import build_model
from engine.worker.server.live_config import LiveConfig
from engine.worker.training.checkpoint_file import load_checkpoint
from engine.worker.training.optimizer_step import Step
from tests.engine.worker.conftest import Story, settings

Train = Callable[..., Story]


def at(step: int, **values: Any) -> Plan:
    return Plan((cmd.PlannedChange(step=step, values=values),))


@pytest.mark.parametrize(
    "values",
    [
        {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 1e4},
        {"optimizer": "sgd", "learning_rate": 1e6},
        {"optimizer": "sgd", "learning_rate": 1e5, "schedule": "one_cycle"},
    ],
    ids=str,
)
def test_a_rate_that_is_far_too_high_ends_the_run_with_a_reason_and_the_last_good_weights(
    train: Train, values: dict[str, Any]
) -> None:
    story = train(plan=at(23, **values), epochs=6, batch_size=25, model="mlp")
    assert story.end.outcome == "diverged"
    assert story.end.reason.startswith("Training diverged: the ")
    assert "epoch 3" in story.end.reason and "Try a learning rate 3 to 10 times lower." in story.end.reason
    assert story.end.test is None and story.state.test is None  # no metric that could pass for a result
    assert story.end.best_epoch in (1, 2)
    for kind in ("best", "last"):
        _, contents = load_checkpoint(story.folder.checkpoint(kind))
        assert all(value.isfinite().all() for value in contents["model"].values())
    twin = train(plan=at(23, **values), epochs=6, batch_size=25, model="mlp")
    assert twin.end.outcome == "diverged" and first_difference(story.state, twin.state) == ""


def test_weights_that_are_lost_already_are_no_checkpoint(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step may leave such weights before a loss shows it: a change or a pause then does not overwrite the checkpoint."""

    def script(event: ev.Event, control: CommandQueue) -> None:
        match event:
            case ev.EpochEnded(epoch=1):
                control.post(cmd.StepBatch())
            case ev.Paused(step=11):
                monkeypatch.setattr(Step, "is_finite", property(lambda _: False))
                control.post(cmd.Change(values={"learning_rate": 0.5}))
                control.post(cmd.StepBatch())
            case ev.Paused():
                control.post(cmd.Abort())

    story = train(script, epochs=4, batch_size=25)
    assert (story.end.outcome, story.end.step) == ("aborted", 12)
    assert [(e.kind, e.step) for e in story.of(ev.CheckpointSaved)] == [("best", 10), ("last", 10), ("last", 11)]
    _, contents = load_checkpoint(story.folder.checkpoint("last"))
    assert contents["place"]["step"] == 11
    monkeypatch.undo()
    step = Step(build_model(story.state.config), story.state.config, torch.device("cpu"))
    assert step.is_finite
    next(step.model.parameters()).data.view(-1)[3] = math.nan
    assert not step.is_finite


def test_a_batch_of_one_is_refused_where_it_cannot_work_and_a_left_over_one_is_no_fault(train: Train) -> None:
    live = LiveConfig(settings(train(epochs=1).folder.path, model="fastcnn"))
    with pytest.raises(ConfigProblem, match="needs at least 2 images; take 2 or more, or another network"):
        live.request({"batch_size": 1})
    assert live.request({"batch_size": 2}).values == {"batch_size": 2}
    story = train(
        plan=at(3, batch_size=83), epochs=2, batch_size=28, model="fastcnn"
    )  # 84 are done: 83, 83, and no more
    assert story.end.outcome == "completed"
    assert [e.images for e in story.of(ev.EpochEnded)] == [250, 500]
    alone = train(plan=at(1, batch_size=249), epochs=2, batch_size=28, model="fastcnn")  # then an epoch of 249 and 1
    assert alone.end.outcome == "completed"
    assert all(e.train_loss is not None and math.isfinite(e.train_loss) for e in alone.of(ev.EpochEnded))


SCHEDULES: list[dict[str, Any]] = [
    {"schedule": "one_cycle", "peak_at": 0.3},
    {"schedule": "cosine"},
    {"schedule": "cosine", "warmup": 3},
    {"schedule": "step", "step_every": 1, "factor": 0.5},
    {"schedule": "plateau", "plateau_patience": 0},
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("epochs", [2, 3, 9])
def test_another_number_of_epochs_adapts_the_schedule(train: Train, schedule: dict[str, Any], epochs: int) -> None:
    """In the third epoch of four: more, as many as are under way, and fewer than are trained already."""
    story = train(plan=at(25, epochs=epochs), epochs=4, batch_size=25, **schedule)
    assert story.end.outcome == "completed"
    assert story.end.epochs == max(epochs, 3)
    rates = [e.learning_rate for e in story.of(ev.Progress)] + [e.learning_rate for e in story.of(ev.EpochEnded)]
    assert all(math.isfinite(rate) and 0 <= rate <= 0.003 for rate in rates)
    if epochs == 9 and schedule["schedule"] in ("one_cycle", "cosine"):
        assert story.of(ev.EpochEnded)[-1].learning_rate < 1e-4  # it goes down to the new end, not the old one
        assert story.of(ev.EpochEnded)[3].learning_rate > 1e-3
    assert (
        first_difference(story.state, train(plan=at(25, epochs=epochs), epochs=4, batch_size=25, **schedule).state)
        == ""
    )


def test_whatever_is_accepted_one_after_the_other_is_made_without_a_fault(train: Train) -> None:
    live = LiveConfig(settings(train(epochs=1).folder.path))
    accepted = []
    for values in (
        {"learning_rate": math.nan},
        {"learning_rate": 0},
        {"learning_rate": 1_000_000},
        {"dropout": 0.999},
        {"batch_size": 60000},
        {"clip_norm": 1e-9},
        {"weight_decay": math.inf},
        {"beta1": 0, "beta2": 0},
        {"epochs": 3},
        {"learning_rate": 0.001, "optimizer": "adagrad"},
    ):
        try:
            accepted.append(live.request(values))
        except ConfigProblem as refusal:
            assert "is not a number that can be used; expected a number from 0 to" in str(refusal)

    def script(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            if accepted:
                control.post(accepted.pop(0))
            control.post(cmd.StepBatch() if accepted else cmd.Continue())

    story = train(script, before=(cmd.Pause(),), epochs=2)
    assert make_config({}, story.state.config) == story.state.config
    assert story.end.outcome in ("completed", "diverged")
