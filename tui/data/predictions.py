"""Images of a split with a run's predictions at one of its epochs, for the single-digit screens."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.dataset import Stamp, expect_same, load, stamp
from engine.errors import Problem
from engine.events import DataIdentity
from engine.runs.folder import RunFolder
from engine.runs.integrity import archive_damage
from engine.runs.run_data import data_dir_of
from engine.runs.test_predictions import read_test_predictions
from engine.runs.validation_predictions import NONE, ValidationPredictions, read_predictions
from engine.runs.validation_predictions_file import damage
from engine.state.run_state import RunState
from tui.data.digit_selection import Choice, SplitName

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    """N labeled images with the predictions of the run `run`.

    `images` (N, 28, 28), `labels` and `predictions` (N,) uint8; `confidences` (N,) float32, the probability of the
    predicted class. They are exact for the test set, which also has `probabilities` (N, 10), and quantized to 1/255
    for the validation set, which also has the available `epochs` and their `history`.
    """

    run: str
    split: SplitName
    epoch: int
    images: Bytes
    labels: Bytes
    predictions: Bytes
    confidences: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32] | None = None
    epochs: tuple[int, ...] = ()
    history: ValidationPredictions = NONE

    @property
    def misclassified(self) -> npt.NDArray[np.bool_]:
        """(N,): whether each image is misclassified."""
        misclassified: npt.NDArray[np.bool_] = self.predictions != self.labels
        return misclassified

    def label_probability(self) -> npt.NDArray[np.float32] | None:
        """(N,): the probability of the true class; None if it was not stored."""
        if self.probabilities is None:
            return None
        true: npt.NDArray[np.float32] = self.probabilities[np.arange(len(self.labels)), self.labels]
        return true


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """The images and labels of the validation and test sets."""

    validation: Bytes
    validation_labels: Bytes
    test: Bytes
    test_labels: Bytes
    identity: DataIdentity

    def of(self, split: SplitName) -> tuple[Bytes, Bytes]:
        """Images (N, 28, 28) and labels (N,) of a split."""
        return (self.test, self.test_labels) if split == "test" else (self.validation, self.validation_labels)


def images_of(data_dir: str) -> Images:
    """The images of a data set, cached while its files are unchanged. Raises `DataProblem`."""
    return _images_of(data_dir, stamp(Path(data_dir) if data_dir else None))


@functools.lru_cache(maxsize=1)
def _images_of(data_dir: str, _stamp: Stamp) -> Images:
    data = load(Path(data_dir) if data_dir else None)
    return Images(  # copies, which let the training images be freed
        np.array(data.validation_images),
        np.array(data.validation_labels),
        np.array(data.test_images),
        np.array(data.test_labels),
        data.identity,
    )


def images_of_run(state: RunState) -> Images:
    """The images of the run's data set. Raises `OtherDataProblem` if its folder now has other data."""
    images = images_of(data_dir_of(state.config, state.data))
    expect_same(state.run, state.data, images.identity)
    return images


def inspect(run: RunFolder, state: RunState, choice: Choice) -> Inspected | str:
    """The predictions to show, or a sentence why there are none. Reads files, so must not run in the event loop."""
    try:
        images, labels = images_of_run(state).of(choice.split)
    except Problem as fault:
        return str(fault)
    if choice.split == "test":
        return _test(run, state, images, labels)
    return _validation(run, state, choice, images, labels)


def _test(run: RunFolder, state: RunState, images: Bytes, labels: Bytes) -> Inspected | str:
    if state.tested is None:
        return "The test set has not been evaluated yet: that happens once, when the run ends."
    stored = read_test_predictions(run.look(state.tested.weights))
    if stored is None and (reason := archive_damage(run.look(state.tested.weights))):
        return f"{run.look(state.tested.weights)} is damaged: {reason}; press e on the Test screen to evaluate again."
    if stored is None or (stored.digest and state.data and stored.digest != state.data.digest):
        return "This run has no stored test predictions. Press e on the Test screen to evaluate it."
    if not np.array_equal(stored.labels, labels):
        return f"{run.name} was tested on different images than the ones in its data folder."
    return Inspected(
        run=run.name,
        split="test",
        epoch=stored.epoch,
        images=images,
        labels=labels,
        predictions=stored.predictions,
        confidences=stored.confidences,
        probabilities=stored.probabilities,
    )


def probability(kept: Bytes) -> npt.NDArray[np.float32]:
    """Probabilities from bytes that store them in steps of 1/255. 255 includes all higher ones, so it maps to just below 1."""
    highest = 1 - 0.25 / 255
    result: npt.NDArray[np.float32] = np.minimum(kept.astype(np.float32) / np.float32(255), np.float32(highest))
    return result


def _validation(run: RunFolder, state: RunState, choice: Choice, images: Bytes, labels: Bytes) -> Inspected | str:
    history = read_predictions(run.predictions)
    last = state.epochs[-1].epoch if state.epochs else 0
    epochs = tuple(int(epoch) for epoch in history.epochs if state.data_since < epoch <= last)
    if not epochs:
        if reason := damage(run.predictions):
            return f"{run.predictions} is damaged: {reason}; the predictions of all epochs are lost."
        return "No predictions yet: they come with the first epoch's validation."
    if history.digits.shape[1] != len(labels):
        return f"{run.name} was validated on different images than the ones in its data folder."
    epoch = choice.epoch if choice.epoch in epochs else epochs[-1]
    row = history.at(epoch)
    return Inspected(
        run=run.name,
        split="validation",
        epoch=epoch,
        images=images,
        labels=labels,
        predictions=np.array(history.digits[row]),
        confidences=probability(history.confidences[row]),
        epochs=epochs,
        history=history,
    )
