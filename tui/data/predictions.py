"""What the screens on single digits show: the images of a split with what a run reads in them, at one of its epochs."""

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
    """N labeled images and what the run `run` reads in them.

    `images` (N, 28, 28), `labels`, `readings` (N,) uint8; `confidences` (N,) float32, the probability of what is read.
    Of the test set they are exact, with all `probabilities` (N, 10); of the validation set they are kept in steps of
    1/255, and `epochs` are those that can be chosen, with `history` over them.
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
    def wrong(self) -> npt.NDArray[np.bool_]:
        """(N,): whether each is read wrongly."""
        wrong: npt.NDArray[np.bool_] = self.predictions != self.labels
        return wrong

    def label_probability(self) -> npt.NDArray[np.float32] | None:
        """(N,): the probability of the right digit, where it is known."""
        if self.probabilities is None:
            return None
        right: npt.NDArray[np.float32] = self.probabilities[np.arange(len(self.labels)), self.labels]
        return right


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """The images and labels of the two splits that are looked into."""

    validation: Bytes
    validation_labels: Bytes
    test: Bytes
    test_labels: Bytes
    identity: DataIdentity

    def of(self, split: SplitName) -> tuple[Bytes, Bytes]:
        """Images (N, 28, 28) and labels (N,) of a split."""
        return (self.test, self.test_labels) if split == "test" else (self.validation, self.validation_labels)


def images_of(data_dir: str) -> Images:
    """A data set's, without its training images, kept as long as its files are the same. Raises `DataProblem`."""
    return _images_of(data_dir, stamp(Path(data_dir) if data_dir else None))


@functools.lru_cache(maxsize=1)
def _images_of(data_dir: str, _stamp: Stamp) -> Images:
    data = load(Path(data_dir) if data_dir else None)
    return Images(  # copies: the rest of the file's memory can go
        np.array(data.validation_images),
        np.array(data.validation_labels),
        np.array(data.test_images),
        np.array(data.test_labels),
        data.identity,
    )


def images_of_run(state: RunState) -> Images:
    """Those of the data set that a run was trained on. Raises `OtherDataProblem` where its place has another by now."""
    images = images_of(data_dir_of(state.config, state.data))
    expect_same(state.run, state.data, images.identity)
    return images


def inspect(run: RunFolder, state: RunState, choice: Choice) -> Inspected | str:
    """What there is to see, or why there is nothing, in a sentence. Reads files: not for the event loop."""
    try:
        images, labels = images_of_run(state).of(choice.split)
    except Problem as fault:
        return str(fault)
    if choice.split == "test":
        return _test(run, state, images, labels)
    return _validation(run, state, choice, images, labels)


def _test(run: RunFolder, state: RunState, images: Bytes, labels: Bytes) -> Inspected | str:
    if state.tested is None:
        return "The test set has not been looked at: that is done once, when the run ends."
    look = read_test_predictions(run.look(state.tested.weights))
    if look is None and (reason := archive_damage(run.look(state.tested.weights))):
        return f"{run.look(state.tested.weights)} is damaged: {reason}; e on the Test screen looks again."
    if look is None or (look.digest and state.data and look.digest != state.data.digest):
        return "What the test saw was not kept with this run; e on the Test screen looks again."
    if not np.array_equal(look.labels, labels):
        return f"{run.name} was tested on other images than those at hand."
    return Inspected(
        run=run.name,
        split="test",
        epoch=look.epoch,
        images=images,
        labels=labels,
        predictions=look.predictions,
        confidences=look.confidences,
        probabilities=look.probabilities,
    )


def probability(kept: Bytes) -> npt.NDArray[np.float32]:
    """The probabilities that are kept in steps of 1/255; the highest stands for all above it, and is not quite 1."""
    highest = 1 - 0.25 / 255
    sure: npt.NDArray[np.float32] = np.minimum(kept.astype(np.float32) / np.float32(255), np.float32(highest))
    return sure


def _validation(run: RunFolder, state: RunState, choice: Choice, images: Bytes, labels: Bytes) -> Inspected | str:
    history = read_predictions(run.predictions)
    last = state.epochs[-1].epoch if state.epochs else 0
    epochs = tuple(int(epoch) for epoch in history.epochs if state.data_since < epoch <= last)
    if not epochs:
        if reason := damage(run.predictions):
            return f"{run.predictions} is damaged: {reason}; what was read after each epoch is lost."
        return "Nothing has been read yet: the first readings come with the first epoch's validation."
    if history.digits.shape[1] != len(labels):
        return f"{run.name} was validated on other images than those at hand."
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
