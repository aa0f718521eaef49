"""The jobs of the torch thread: train or resume a run, and evaluate a checkpoint on the test set."""

from __future__ import annotations

import contextlib
import time
import traceback
from pathlib import Path

import msgspec
import torch

from engine import events as ev
from engine.config import TrainConfig
from engine.dataset import Dataset, count_overlap, is_other
from engine.dataset.memory import IMAGE_BYTES, in_words
from engine.errors import ConfigProblem, DataProblem, MemoryProblem, Problem
from engine.files import write_atomic
from engine.runs.folder import RunFolder
from engine.runs.result_file import encode_result
from engine.runs.run_data import data_before, known_data
from engine.runs.test_predictions import TestPredictions, save_test_predictions
from engine.worker.command_queue import CommandQueue
from engine.worker.model.evaluate import evaluate, summarize
from engine.worker.model.losses import build_loss
from engine.worker.model.models import build_model
from engine.worker.training.checkpoint_check import load_sound
from engine.worker.training.checkpoint_file import Checkpoint, fitting
from engine.worker.training.counters import Counters
from engine.worker.training.data_check import find_data
from engine.worker.training.optimizer_step import Step
from engine.worker.training.safe_writer import SafeWriter
from engine.worker.training.setup import Split, load_data, loaded_data, prepare_machine
from engine.worker.training.trainer import Emit, End, Trainer

_MANY_BATCHES, _LARGE = 40, 100 << 20
"""A data set of more batches and more bytes (MNIST has 55 million) is named as the cause when memory runs out."""


def warm_up() -> None:
    """Run one step: torch imports its compiler's modules for the first optimizer, which takes long."""
    config = msgspec.structs.replace(TrainConfig(), hidden=(1,))
    step = Step(build_model(config), config, torch.device("cpu"))
    step(torch.zeros(2, 1, 28, 28), torch.zeros(2, dtype=torch.int64), 0.0, 0)


def train_run(
    folder: RunFolder,
    config: TrainConfig,
    emit: Emit,
    commands: CommandQueue,
    checkpoint: Checkpoint | None = None,
    *,
    resumed: bool = False,
) -> None:
    """Train, then test the best weights. Never raises: failures are part of the last event.

    A run with a `checkpoint` continues from it. `resumed` without one: the run was interrupted before its first checkpoint.
    """
    resumed = resumed or checkpoint is not None
    trainer: Trainer | None = None
    saver = SafeWriter(folder, emit)
    test: ev.TestResult | None = None
    fault: ev.Fault = ""
    try:
        had_ended = folder.finished() is not None
        with contextlib.suppress(OSError):
            folder.result.unlink()
        trainer = _prepare(folder, config, emit, commands, saver, checkpoint, resumed=resumed)
        end = trainer.train(resumed=resumed, interrupted=checkpoint is not None and not had_ended)
        if end.outcome in ("completed", "early_stopped", "stopped") and trainer.state.best:
            test = _test_best(trainer, folder, saver, emit)
    except Exception as error:
        commands.end(0)
        fault, reason = _explain(error, config, loaded_data())
        end = End("failed", reason)
    if trainer:
        trainer.checkpoints.save_again()
    event = finished(folder, trainer, end, fault, test)
    saver.save(folder.result, lambda path: write_atomic(path, encode_result(event, folder.events)))
    emit(event)


def _prepare(
    folder: RunFolder,
    config: TrainConfig,
    emit: Emit,
    commands: CommandQueue,
    saver: SafeWriter,
    checkpoint: Checkpoint | None,
    *,
    resumed: bool,
) -> Trainer:
    emit(ev.Phase(name="data", text="reading the data"))
    data = load_data(config.data_dir)
    emit(ev.Phase(name="device", text="preparing the device"))
    device, reason = prepare_machine(config)
    emit(ev.Phase(name="building", text="building the network"))
    trainer = Trainer(folder, config, data, device, reason, emit, commands, saver)
    if resumed and is_other(before := data_before(folder), data.identity):
        trainer.instead_of = before
    if checkpoint:
        with fitting(folder.checkpoint("last")):
            trainer.state.restore(checkpoint)
    return trainer


def _test_best(trainer: Trainer, folder: RunFolder, saver: SafeWriter, emit: Emit) -> ev.TestResult:
    assert trainer.state.best is not None  # noqa: S101 - checked by the caller
    emit(ev.Phase(name="testing", text="testing the best weights"))
    trainer.state.model.load_state_dict(trainer.state.best.weights)
    device = next(trainer.state.model.parameters()).device
    test, predictions = test_model(
        trainer.state.model, trainer.state.config, trainer.data, device, "best", trainer.state.best.epoch
    )
    save_predictions(predictions, folder.look("best"), saver)
    emit(ev.Tested(test=test, identity=trainer.data.identity))
    return test


def test_model(
    model: torch.nn.Module,
    config: TrainConfig,
    data: Dataset,
    device: torch.device,
    weights: ev.CheckpointKind,
    epoch: int,
) -> tuple[ev.TestResult, TestPredictions]:
    """Evaluate a model on the test set: the metrics, and the prediction for each image."""
    split = Split.of(data.test_images, data.test_labels, device)
    outcome = evaluate(model, split.images, split.labels, build_loss(config, training=False), config.loss)
    predictions = TestPredictions(outcome.probabilities, data.test_labels, epoch, data.identity.digest)
    test = summarize(outcome, data.test_labels.astype("int64"), weights, epoch)
    return msgspec.structs.replace(test, overlap=count_overlap(data, config.train_images or None)), predictions


def save_predictions(predictions: TestPredictions, path: Path, saver: SafeWriter) -> None:
    """Write the predictions of a test evaluation to the run's folder."""
    saver.save(path, lambda there: save_test_predictions(there, predictions))


def evaluate_run(
    folder: RunFolder, weights: ev.CheckpointKind, emit: Emit, *, data_dir: str = "", other_data: bool = False
) -> None:
    """Evaluate a checkpoint on the test set. Raises `Problem` where that is not possible.

    An evaluation on data other than the run's (`other_data`) is reported, but its predictions are not saved.
    """
    checkpoint = load_sound(folder, weights, "read")
    config = checkpoint.config
    known = known_data(folder)
    config, data = find_data(folder.name, config, known, data_dir=data_dir, other=other_data)
    device, _ = prepare_machine(config)
    model = build_model(config)
    with fitting(folder.checkpoint(weights)):
        model.load_state_dict(checkpoint.model)
        epoch = checkpoint.origin(weights).epoch
    test, predictions = test_model(model.to(device), config, data, device, weights, epoch)
    if not is_other(known, data.identity):
        save_predictions(predictions, folder.look(weights), SafeWriter(folder, emit))
    emit(ev.Tested(test=test, identity=data.identity))


def finished(
    folder: RunFolder, trainer: Trainer | None, end: End, fault: ev.Fault, test: ev.TestResult | None
) -> ev.Finished:
    """The run's last event, which is also written to ``result.json``."""
    counters = trainer.counters if trainer else Counters()
    step, position = counters.step, trainer.position if trainer else 0.0
    if trainer and end.diverged_at is not None:  # the steps trained before it was noticed are not reported
        per_epoch = trainer.state.batches.steps_per_epoch(trainer.state.config.batch_size)
        position = round(position - (step - end.diverged_at) / per_epoch, 6)
        step = end.diverged_at
    return ev.Finished(
        time=round(time.time(), 3),
        run=folder.name,
        outcome=end.outcome,
        reason=end.reason,
        fault=fault,
        epochs=counters.epoch,
        step=step,
        position=position,
        best_epoch=trainer.state.best.epoch if trainer and trainer.state.best else None,
        seconds=round(counters.seconds, 3),
        test=test,
        diverged_at=end.diverged_at,
    )


def _out_of_memory(config: TrainConfig, data: Dataset | None) -> str:
    """A sentence that names the likely cause, the data set or the batch, and a remedy."""
    if data is not None:
        images = len(data.train_labels) + len(data.validation_labels) + len(data.test_labels)
        if images > _MANY_BATCHES * config.batch_size and images * IMAGE_BYTES > _LARGE:
            return (
                f"There is not enough memory for this run: its data set, {data.name} with {images} images, takes "
                f"{in_words(images * IMAGE_BYTES)} of it. Use a data set with fewer images, or a smaller network."
            )
    return f"There is not enough memory for this run; use a batch size below {config.batch_size} or a smaller network."


def _explain(error: Exception, config: TrainConfig, data: Dataset | None) -> tuple[ev.Fault, str]:
    """The kind of failure and a sentence about it; the traceback of an unexpected one is printed to the run's log."""
    match error:
        case DataProblem():
            return "data", str(error)
        case ConfigProblem():
            return "config", str(error)
        case MemoryProblem():
            return "memory", str(error)
        case Problem():
            return "training", str(error)
    with contextlib.suppress(OSError):  # the log may be on a full disk
        traceback.print_exc()
    words = str(error).lower()
    if (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "out of memory" in words
        or "can't allocate memory" in words
    ):
        return "memory", _out_of_memory(config, data)
    if isinstance(error, OSError):
        return "disk", f"{error.filename or 'A file'}: {error.strerror or error}."
    first = str(error).strip().splitlines()[:1]
    return (
        "training",
        f"Training failed: {type(error).__name__}{': ' + first[0] if first else ''} (see the Log screen for details).",
    )
