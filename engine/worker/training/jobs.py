"""What the engine's worker thread does: train a run, resume one, test one. Every job ends in an event, never a raise."""

from __future__ import annotations

import contextlib
import time
import traceback
from pathlib import Path
from typing import Any

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
from engine.worker.training.checkpoint_file import fitting
from engine.worker.training.data_check import meet_data
from engine.worker.training.optimizer_step import Step
from engine.worker.training.safe_writer import SafeWriter
from engine.worker.training.setup import Split, load_data, loaded_data, prepare_machine
from engine.worker.training.trainer import Emit, End, Trainer

_MANY_BATCHES, _LARGE = 40, 100 << 20
"""A data set of more batches, and of more bytes (MNIST has 55 million), is what takes the memory, not a batch."""


def warm_up() -> None:
    """Do once what is slow the first time alone: torch loads its compiler's modules for the first optimizer."""
    config = msgspec.structs.replace(TrainConfig(), hidden=(1,))
    step = Step(build_model(config), config, torch.device("cpu"))
    step(torch.zeros(2, 1, 28, 28), torch.zeros(2, dtype=torch.int64), 0.0, 0)


def train_run(
    folder: RunFolder, config: TrainConfig, emit: Emit, control: CommandQueue, contents: dict[str, Any] | None = None
) -> None:
    """Train, then test the best weights. Never raises.

    A run that is resumed goes on from a checkpoint's `contents`; they are empty where none was saved before it was left.
    """
    trainer: Trainer | None = None
    saver = SafeWriter(folder, emit)
    test: ev.TestResult | None = None
    fault: ev.Fault = ""
    try:
        had_ended = folder.finished() is not None
        with contextlib.suppress(OSError):
            folder.result.unlink()
        trainer = _prepare(folder, config, emit, control, saver, contents)
        end = trainer.train(resumed=contents is not None, interrupted=bool(contents) and not had_ended)
        if end.outcome in ("completed", "early_stopped", "stopped") and trainer.standing.best:
            test = _test_best(trainer, folder, saver, emit)
    except Exception as error:
        control.end(0)
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
    control: CommandQueue,
    saver: SafeWriter,
    contents: dict[str, Any] | None,
) -> Trainer:
    emit(ev.Phase(name="data", text="reading the data"))
    data = load_data(config.data_dir)
    emit(ev.Phase(name="device", text="preparing the device"))
    device, reason = prepare_machine(config)
    emit(ev.Phase(name="building", text="building the network"))
    trainer = Trainer(folder, config, data, device, reason, emit, control, saver)
    if contents is not None and is_other(before := data_before(folder), data.identity):
        trainer.instead_of = before
    if contents:
        with fitting(folder.checkpoint("last")):
            trainer.standing.restore(contents)
    return trainer


def _test_best(trainer: Trainer, folder: RunFolder, saver: SafeWriter, emit: Emit) -> ev.TestResult:
    assert trainer.standing.best is not None  # noqa: S101 - seen by the caller
    emit(ev.Phase(name="testing", text="testing the best weights"))
    trainer.standing.model.load_state_dict(trainer.standing.best.weights)
    device = next(trainer.standing.model.parameters()).device
    test, seen = look(
        trainer.standing.model, trainer.standing.config, trainer.data, device, "best", trainer.standing.best.epoch
    )
    keep(seen, folder.look("best"), saver)
    emit(ev.Tested(test=test, identity=trainer.data.identity))
    return test


def look(
    model: torch.nn.Module,
    config: TrainConfig,
    data: Dataset,
    device: torch.device,
    weights: ev.CheckpointKind,
    epoch: int,
) -> tuple[ev.TestResult, TestPredictions]:
    """One look at the test set: its figures and all it saw."""
    split = Split.of(data.test_images, data.test_labels, device)
    outcome = evaluate(model, split.images, split.labels, build_loss(config, training=False), config.loss)
    seen = TestPredictions(outcome.probabilities, data.test_labels, epoch, data.identity.digest)
    test = summarize(outcome, data.test_labels.astype("int64"), weights, epoch)
    return msgspec.structs.replace(test, overlap=count_overlap(data, config.train_images or None)), seen


def keep(seen: TestPredictions, path: Path, saver: SafeWriter) -> None:
    """Write what a look saw beside the run's log."""
    saver.save(path, lambda there: save_test_predictions(there, seen))


def evaluate_run(
    folder: RunFolder, weights: ev.CheckpointKind, emit: Emit, *, data_dir: str = "", other_data: bool = False
) -> None:
    """Test a checkpoint of a run. Raises `Problem` where that cannot be done.

    What is seen of other data than the run's (`other_data`) is told, and not kept beside the log.
    """
    config, contents = load_sound(folder, weights, "read")
    known = known_data(folder)
    config, data = meet_data(folder.name, config, known, data_dir=data_dir, other=other_data)
    device, _ = prepare_machine(config)
    model = build_model(config)
    with fitting(folder.checkpoint(weights)):
        model.load_state_dict(contents["model"])
        epoch = contents["best"]["epoch"] if weights == "best" and contents["best"] else contents["place"]["epoch"]
    test, seen = look(model.to(device), config, data, device, weights, epoch)
    if not is_other(known, data.identity):
        keep(seen, folder.look(weights), SafeWriter(folder, emit))
    emit(ev.Tested(test=test, identity=data.identity))


def finished(
    folder: RunFolder, trainer: Trainer | None, end: End, fault: ev.Fault, test: ev.TestResult | None
) -> ev.Finished:
    """How the run ended; the same is kept in ``result.json``."""
    place = trainer.place if trainer else None
    step, position = (place.step, trainer.position) if place and trainer else (0, 0.0)
    if trainer and end.diverged_at is not None:  # what was trained after it, before it was noticed, is told nowhere
        per_epoch = trainer.standing.batches.steps_per_epoch(trainer.standing.config.batch_size)
        position = round(position - (step - end.diverged_at) / per_epoch, 6)
        step = end.diverged_at
    return ev.Finished(
        time=round(time.time(), 3),
        run=folder.name,
        outcome=end.outcome,
        reason=end.reason,
        fault=fault,
        epochs=place.epoch if place else 0,
        step=step,
        position=position,
        best_epoch=trainer.standing.best.epoch if trainer and trainer.standing.best else None,
        seconds=round(place.seconds, 3) if place else 0.0,
        test=test,
        diverged_at=end.diverged_at,
    )


def _out_of_memory(config: TrainConfig, data: Dataset | None) -> str:
    """What takes the memory, and what to do: where the data are far more than the batches, those are named."""
    if data is not None:
        images = len(data.train_labels) + len(data.validation_labels) + len(data.test_labels)
        if images > _MANY_BATCHES * config.batch_size and images * IMAGE_BYTES > _LARGE:
            return (
                f"There is not enough memory for this run: its data set, {data.name} with {images} images, takes "
                f"{in_words(images * IMAGE_BYTES)} of it. Take a set with fewer images, or a smaller network."
            )
    return (
        f"There is not enough memory for this run; take a batch size below {config.batch_size}, or a smaller network."
    )


def _explain(error: Exception, config: TrainConfig, data: Dataset | None) -> tuple[ev.Fault, str]:
    """The kind of failure and a sentence; the traceback goes to the engine's log."""
    match error:
        case DataProblem():
            return "data", str(error)
        case ConfigProblem():
            return "config", str(error)
        case MemoryProblem():
            return "memory", str(error)
        case Problem():
            return "training", str(error)
    with contextlib.suppress(OSError):  # the log of what is printed may be on the disk that is full
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
        f"Training failed: {type(error).__name__}{': ' + first[0] if first else ''} (the Log screen has the rest).",
    )
