"""A run from start to end: it learns, is reproducible, and follows commands."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import commands as cmd
from engine import events as ev
from engine.errors import ConfigProblem
from engine.worker.command_queue import CommandQueue
from engine.worker.queries.lr_range_test import range_test
from tests.engine.worker.conftest import Story, settings
from tests.kit import write_tiny_set

Train = Callable[..., Story]
ONE_OF_EACH = [
    {"model": "linear"},
    {"model": "mlp", "optimizer": "sgd", "momentum": 0.9, "nesterov": True, "learning_rate": 0.05},
    {"model": "cnn", "optimizer": "adamw", "weight_decay": 0.01},
    {"model": "fastcnn", "optimizer": "rmsprop", "momentum": 0.5},
    {"loss": "mse", "optimizer": "adagrad", "learning_rate": 0.05, "lr_decay": 0.001},
    {"loss": "bce", "clip_norm": 1.0, "schedule": "cosine", "warmup": 0.5},
    {"loss": "nll", "schedule": "one_cycle", "activation": "gelu"},
    {"label_smoothing": 0.1, "schedule": "plateau", "plateau_patience": 0, "factor": 0.5, "activation": "tanh"},
    {"schedule": "step", "step_every": 1, "factor": 0.5, "rotation": 10.0, "scale": 0.1, "precision": "bf16"},
    {"model": "deepcnn", "best_by": "accuracy", "scale": 0.2},
    *(
        {"optimizer": optimizer, "schedule": "one_cycle", "learning_rate": 0.01}
        for optimizer in ("sgd", "adamw", "rmsprop", "adagrad")
    ),
]


def test_the_events_of_a_run_are_in_order(train: Train) -> None:
    story = train(epochs=2)
    kinds = [type(e).__name__ for e in story.events if not isinstance(e, ev.Progress | ev.Previews | ev.Layers)]
    saves = ["CheckpointSaved"] * 2
    assert kinds == [
        *["Phase", "Phase", "Phase", "RunStarted", "PreviewDigits", "Phase", "Phase"],
        *["Distributions", "EpochEnded", *saves] * 2,
        *["Phase", "Tested", "Finished"],
    ]
    assert story.end.outcome == "completed"
    assert story.end.epochs == 2
    assert story.end.test == story.state.test


def test_it_learns_real_digits(train: Train) -> None:
    story = train(data_dir="", train_images=4000, epochs=2, dropout=0.0, hidden=(64,), shift=0.0, noise=0.0)
    losses = [e.train_loss for e in story.of(ev.EpochEnded)]
    assert losses[-1] < losses[0] / 2
    assert story.end.test is not None
    assert story.end.test.accuracy >= 0.88
    assert story.end.test.images == 10_000


@pytest.mark.parametrize("values", ONE_OF_EACH, ids=lambda v: "-".join(str(x) for x in v.values()))
def test_interrupted_anywhere_and_resumed_gives_the_same_numbers(train: Train, values: dict[str, object]) -> None:
    straight = train(epochs=3, **values)
    stop_at = 21  # in the middle of the second epoch of 16 steps

    def leave(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            control.post(cmd.Abort() if event.step == stop_at else cmd.StepBatch())

    left = train(leave, before=(cmd.StepBatch(),), epochs=3, **values)
    assert (left.end.outcome, left.end.step) == ("aborted", stop_at)
    resumed = train(of=left)
    assert left.metrics() + resumed.metrics() == straight.metrics()
    assert resumed.end.test is not None and straight.end.test is not None
    assert resumed.end.test.loss == straight.end.test.loss
    assert resumed.end.test.wrong_images == straight.end.test.wrong_images


def test_three_epochs_and_three_more_are_six(train: Train) -> None:
    straight, three = train(epochs=6), train(epochs=3)
    more = train(of=three, epochs=6)
    assert three.metrics() + more.metrics() == straight.metrics()
    assert more.state.test == straight.state.test or more.end.test.loss == straight.end.test.loss  # type: ignore[union-attr]
    started = more.of(ev.RunStarted)[0]
    assert (started.resumed, started.step, started.position) == (True, 48, 3.0)


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "step", "plateau"])
def test_more_epochs_than_the_schedule_was_planned_for_are_a_new_plan(train: Train, schedule: str) -> None:
    more = train(of=train(epochs=2, schedule=schedule), epochs=4)
    assert more.end.outcome == "completed"
    assert [e.epoch for e in more.of(ev.EpochEnded)] == [3, 4]
    assert all(math.isfinite(e.learning_rate) for e in more.of(ev.EpochEnded))


def test_the_seed_decides(train: Train) -> None:
    assert train(seed=1).metrics() == train(seed=1).metrics()
    assert train(seed=1).metrics() != train(seed=2).metrics()


def test_pausing_and_stepping_change_nothing(train: Train) -> None:
    def pause_often(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            control.post(cmd.StepBatch() if event.step % 7 else cmd.Continue())
        elif isinstance(event, ev.EpochEnded):
            control.post(cmd.Pause())

    calm, often = train(), train(pause_often, before=(cmd.StepBatch(),))
    assert len(often.of(ev.Paused)) > 15
    assert len(often.of(ev.Continued)) == 4
    assert often.metrics() == calm.metrics()


def test_one_batch_is_one_step(train: Train) -> None:
    def script(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            control.post(cmd.StepBatch() if event.step < 3 else cmd.Abort())

    story = train(script, before=(cmd.StepBatch(),))
    assert [e.step for e in story.of(ev.Paused)] == [1, 2, 3]
    assert [(e.step, e.steps) for e in story.of(ev.Progress)] == [(1, 1), (2, 1), (3, 1)]


def test_stop_validates_tests_and_keeps_the_best(train: Train) -> None:
    def stop(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            control.post(cmd.Stop() if event.step == 40 else cmd.StepBatch())

    story = train(stop, before=(cmd.StepBatch(),), epochs=10)
    assert story.end.outcome == "stopped"
    assert story.end.position == pytest.approx(2 + 8 * 16 / 250)
    assert story.end.epochs == 2
    assert story.end.test is not None
    assert len(story.of(ev.Validation)) == 1
    assert story.folder.checkpoint("best").exists()


def test_stop_before_the_first_step_still_gives_a_test(train: Train) -> None:
    story = train(before=(cmd.Stop(),))
    assert (story.end.outcome, story.end.step) == ("stopped", 0)
    assert story.end.test is not None


def test_abort_leaves_without_a_test_and_can_be_resumed(train: Train) -> None:
    story = train(before=(cmd.StepBatch(), cmd.Abort()))
    assert (story.end.outcome, story.end.test) == ("aborted", None)
    assert train(of=story).end.outcome == "completed"


def test_stopping_does_not_disturb_what_comes_after_a_resume(train: Train) -> None:
    straight = train(epochs=3)

    def stop(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            control.post(cmd.Stop() if event.step == 21 else cmd.StepBatch())

    stopped = train(stop, before=(cmd.StepBatch(),), epochs=3)
    resumed = train(of=stopped)
    assert stopped.metrics() + resumed.metrics() == straight.metrics()
    assert resumed.end.test.loss == straight.end.test.loss  # type: ignore[union-attr]
    assert resumed.end.best_epoch == straight.end.best_epoch


def test_one_more_epoch_even_in_the_last_validation(train: Train) -> None:
    def more(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.EpochEnded) and event.epoch == 2:
            control.post(cmd.Change(values={"epochs": 3}))

    story = train(more, epochs=2)
    assert (story.end.outcome, story.end.epochs) == ("completed", 3)
    changed = story.of(ev.Changed)[0]
    assert (changed.name, changed.old, changed.new) == ("epochs", "2", "3")
    assert story.metrics() == train(epochs=3).metrics()


@pytest.mark.parametrize(
    "values",
    [
        {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 10.0, "activation": "leaky_relu"},
        {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 1e4, "activation": "leaky_relu"},
        {"optimizer": "sgd", "learning_rate": 1e6, "activation": "leaky_relu", "clip_norm": 0.0},
    ],
)
def test_divergence_ends_the_run_with_reason_step_and_epoch(train: Train, values: dict[str, object]) -> None:
    story = train(epochs=5, dropout=0.0, **values)
    assert story.end.outcome == "diverged"
    assert any(word in story.end.reason for word in ("became nan at step", "became inf at step"))
    assert "in epoch 1" in story.end.reason
    assert f" at step {story.end.diverged_at}, " in story.end.reason
    assert story.end.ended_at == story.end.diverged_at == story.end.step
    last = story.of(ev.Progress)[-1]
    assert story.end.step <= last.step
    assert 0 < story.end.position <= last.position
    assert story.end.test is None
    assert story.of(ev.Progress)[-1].non_finite > 0
    assert not story.folder.checkpoint("last").exists()


def test_what_was_good_before_a_divergence_survives(train: Train) -> None:
    good = train(epochs=2, optimizer="sgd", activation="leaky_relu", dropout=0.0)
    kept = good.folder.checkpoint("best").read_bytes()
    story = train(of=good, epochs=9, learning_rate=1e6)
    assert story.end.outcome == "diverged"
    assert f"the weights of epoch {good.end.best_epoch} were saved" in story.end.reason
    assert good.folder.checkpoint("best").read_bytes() == kept


def test_a_pause_right_after_a_divergence_saves_no_broken_weights(train: Train) -> None:
    values = {"optimizer": "sgd", "learning_rate": 1e6, "activation": "leaky_relu", "dropout": 0.0}
    story = train(before=tuple([cmd.StepBatch()] * 1), script=_step_on, **values)
    assert story.end.outcome == "diverged"


def _step_on(event: ev.Event, control: CommandQueue) -> None:
    if isinstance(event, ev.Paused):
        control.post(cmd.StepBatch())


def test_a_constant_loss_is_no_failure(train: Train) -> None:
    story = train(learning_rate=0.0, epochs=2, dropout=0.0, shift=0.0, noise=0.0)
    first, second = story.of(ev.EpochEnded)
    assert story.end.outcome == "completed"
    assert first.validation_loss == second.validation_loss
    assert not second.best


def test_early_stopping_keeps_the_best(train: Train) -> None:
    story = train(learning_rate=0.0, epochs=50, patience=2)
    assert (story.end.outcome, story.end.epochs, story.end.best_epoch) == ("early_stopped", 3, 1)
    assert story.end.test is not None
    assert story.end.test.epoch == 1


def test_the_best_weights_are_tested_when_training_ends_normally(train: Train) -> None:
    story = train(epochs=12, learning_rate=0.05, dropout=0.0, patience=0)
    lowest = min(story.of(ev.EpochEnded), key=lambda e: e.validation_loss)
    assert story.end.best_epoch == lowest.epoch
    assert story.end.test.epoch == lowest.epoch  # type: ignore[union-attr]


def test_the_best_weights_can_be_those_of_the_highest_accuracy(train: Train) -> None:
    story = train(epochs=12, learning_rate=0.05, dropout=0.0, patience=0, best_by="accuracy")
    epochs = story.of(ev.EpochEnded)
    highest = max(epochs, key=lambda e: (e.validation_accuracy, -e.validation_loss))
    assert story.end.best_epoch == highest.epoch
    so_far = [max(epochs[: n + 1], key=lambda e: (e.validation_accuracy, -e.validation_loss)) for n in range(12)]
    assert [e.best for e in epochs] == [best is e for best, e in zip(so_far, epochs, strict=True)]


def test_patience_counts_from_the_best_by_the_chosen_metric(train: Train) -> None:
    story = train(learning_rate=0.0, epochs=50, patience=2, best_by="accuracy")
    assert (story.end.outcome, story.end.best_epoch) == ("early_stopped", 1)
    assert story.end.reason == "The validation accuracy has not improved for 2 epochs; the best was epoch 1."


@pytest.mark.parametrize("model", ["fastcnn", "cnn", "mlp", "linear"])
@pytest.mark.parametrize(("images", "batch"), [(17, 16), (250, 249), (2, 64), (33, 2)])
def test_a_single_image_left_over_breaks_nothing(train: Train, model: str, images: int, batch: int) -> None:
    story = train(model=model, train_images=images, batch_size=batch, epochs=2)
    assert story.end.outcome == "completed", story.end.reason
    assert story.of(ev.EpochEnded)[0].images == images


@pytest.mark.parametrize("batch", [1, 7, 250, 60_000])
def test_epoch_means_are_weighted_by_images(train: Train, batch: int) -> None:
    """With a rate of 0 the network never changes, so the epoch's mean is the same whatever the batches are."""
    values = {"learning_rate": 0.0, "dropout": 0.0, "shift": 0.0, "noise": 0.0, "epochs": 1}
    one = train(batch_size=50, **values).of(ev.EpochEnded)[0]
    other = train(batch_size=batch, **values).of(ev.EpochEnded)[0]
    assert other.train_loss == pytest.approx(one.train_loss, rel=1e-5)
    assert other.train_accuracy == one.train_accuracy


def test_missing_data_is_a_data_fault_with_the_folder_named(train: Train, tmp_path: Path) -> None:
    story = train(data_dir=str(tmp_path / "nowhere"))
    assert (story.end.outcome, story.end.fault) == ("failed", "data")
    assert "nowhere" in story.end.reason


def test_more_images_than_there_are_is_refused(train: Train) -> None:
    story = train(train_images=251)
    assert (story.end.outcome, story.end.fault) == ("failed", "config")
    assert "251" in story.end.reason and "250" in story.end.reason


def test_a_full_disk_is_reported_and_training_continues(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.worker.training.checkpoint_writer.save_checkpoint", full)
    story = train(epochs=2)
    assert story.end.outcome == "completed"
    failed = story.of(ev.SaveFailed)
    assert failed[0].reason == "No space left on device"
    assert failed[0].path.endswith(".pt")


@pytest.mark.parametrize(
    ("error", "fault", "words"),
    [
        (MemoryError(), "memory", "batch size below 16"),
        (RuntimeError("CUDA error: out of memory"), "memory", "batch size below 16"),
        (RuntimeError("something broke\nwith details"), "training", "something broke"),
        (PermissionError(13, "Permission denied", "/some/file"), "disk", "/some/file"),
    ],
)
def test_every_failure_ends_in_a_sentence(
    train: Train, monkeypatch: pytest.MonkeyPatch, error: Exception, fault: str, words: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("engine.worker.training.optimizer_step.Step.__call__", broken)
    story = train()
    assert (story.end.outcome, story.end.fault) == ("failed", fault)
    assert words in story.end.reason
    assert "\n" not in story.end.reason


@pytest.mark.parametrize("values", [{"batch_norm": True}, {"model": "fastcnn"}, {"model": "deepcnn"}])
def test_one_image_is_too_few_for_batch_normalization(train: Train, tmp_path: Path, values: dict[str, object]) -> None:
    data = write_tiny_set(tmp_path / "two", train=2, test=1)
    story = train(data_dir=str(data), **values)
    assert (story.end.outcome, story.end.fault) == ("failed", "config")
    assert f"needs at least 2 images, and two in {data} has 1 to train on" in story.end.reason
    with pytest.raises(ConfigProblem, match="has 1 to train on"):
        range_test(settings(data, **values), None, lambda _share, _text: None)


@pytest.mark.parametrize("values", [{}, {"batch_norm": True}, {"model": "deepcnn"}, {"schedule": "one_cycle"}])
def test_a_set_of_fewer_images_than_a_batch_is_trained_on(
    train: Train, tmp_path: Path, values: dict[str, object]
) -> None:
    count = 2 if not values else 3
    data = write_tiny_set(tmp_path / "few", train=count, test=1)
    story = train(data_dir=str(data), epochs=1, batch_size=500, **values)
    assert story.end.outcome == "completed"
    assert story.end.test is not None
    assert story.end.test.images == 1


def test_test_images_that_were_trained_on_are_counted_in_the_log(train: Train, tmp_path: Path) -> None:
    data = write_tiny_set(tmp_path / "leak", train=60, test=6)
    for what in ("images-idx3", "labels-idx1"):
        (data / f"t10k-{what}-ubyte.gz").write_bytes((data / f"train-{what}-ubyte.gz").read_bytes())
    story = train(data_dir=str(data), epochs=1)
    [started] = story.of(ev.RunStarted)
    counted = ev.Overlap(test_in_training=50, test_in_validation=10)
    assert started.overlap == counted
    assert story.end.test is not None
    assert story.end.test.overlap == counted
    few = train(data_dir=str(data), epochs=1, train_images=20)
    assert few.end.test is not None
    assert few.end.test.overlap == ev.Overlap(test_in_training=20, test_in_validation=10)


def test_a_set_that_takes_too_much_memory_is_named(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.dataset.memory.available_memory", lambda: 1000)
    monkeypatch.setattr("engine.worker.training.setup._loaded", {})
    story = train()
    assert (story.end.outcome, story.end.fault) == ("failed", "memory")
    assert "has 364 images, and reading it takes about" in story.end.reason


def test_where_the_data_take_the_memory_a_smaller_batch_is_not_the_advice(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("engine.worker.training.optimizer_step.Step.__call__", broken)
    monkeypatch.setattr("engine.worker.training.jobs._LARGE", 0)
    story = train(batch_size=2)
    assert story.end.fault == "memory"
    assert "its data set, " in story.end.reason
    assert "with 364 images" in story.end.reason
    assert "batch size" not in story.end.reason
