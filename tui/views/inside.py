"""What the Inside screen is told, in types of its own: answers of `engine.worker.queries` and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engine import answers
from engine.commands import Corruption
from engine.events import CheckpointKind
from engine.state.run_state import RunState
from engine.text import numbers

Pane = Literal["weights", "occlusion", "activations", "robustness"]
PANES: tuple[Pane, ...] = ("weights", "occlusion", "activations", "robustness")
CORRUPTIONS: tuple[Corruption, ...] = ("noise", "rotation", "shift", "thickness")
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """Where weights are from."""

    weights: CheckpointKind
    epoch: int
    step: int

    @classmethod
    def of(cls, answer: answers.NetworkAnswer) -> Place:
        return cls(answer.weights, answer.epoch, answer.step)

    @property
    def words(self) -> str:
        """ "epoch 12's weights (last)"."""
        return f"epoch {self.epoch}'s weights ({self.weights})"


def newest(state: RunState, weights: CheckpointKind) -> Place | None:
    """The newest such weights the run is known to have; None before its first checkpoint."""
    if weights == "best":
        return Place("best", state.best.epoch, state.best.step) if state.best else None
    saved = state.checkpoint
    if saved is not None and saved.kind == "last":
        return Place("last", saved.epoch, saved.step)
    return Place("last", state.epochs[-1].epoch, state.epochs[-1].step) if state.epochs else None


def newer(state: RunState, place: Place) -> str:
    """That there are weights newer than an answer's, in words; "" where there are none."""
    now = newest(state, place.weights)
    if now is None or now.step == place.step:
        return ""
    if now.epoch == place.epoch:
        return f"step {now.step} of epoch {now.epoch + 1} is there: enter asks again"
    return f"epoch {now.epoch} is there: enter asks again"


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Pictures of a first layer: `pictures` (C, height, width), each from -1 to 1, in units of its own largest weight.

    `indices` and `norms` are C long; `count` is how many neurons or filters the layer has.
    """

    place: Place
    kind: Literal["templates", "neurons", "filters"]
    count: int
    indices: tuple[int, ...]
    norms: tuple[float, ...]
    pictures: Floats


def weights_of(result: Mapping[str, Any]) -> Weights:
    """The answer to `ShowWeights`."""
    answer = answers.decode_result(answers.FirstLayerWeights, result)
    steps = np.frombuffer(answer.pictures, np.int8).reshape(-1, answer.height, answer.width)
    return Weights(
        Place.of(answer),
        answer.kind,
        answer.count,
        answer.indices,
        answer.norms,
        (steps / 127).astype(np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Occlusion:
    """A digit and what its reading hangs on: `pixels` (28, 28) uint8 of validation image `index`, which is a `label`.

    `probabilities` (10,) of the bare digit, `covered` (28, 28, 10) with a patch of paper centered on each pixel.
    """

    place: Place
    index: int
    label: int
    pixels: npt.NDArray[np.uint8]
    patch: int
    probabilities: Floats
    covered: Floats

    @property
    def prediction(self) -> int:
        """The digit read in it."""
        return int(self.probabilities.argmax())

    def fall(self, digit: int) -> Floats:
        """(28, 28): how much less probable `digit` is with the patch there; negative where it is more so."""
        fall: Floats = self.probabilities[digit] - self.covered[:, :, digit]
        return fall

    def others(self) -> list[tuple[int, int]]:
        """What is read instead, with the number of places the patch does it from, the most frequent first."""
        read = self.covered.argmax(axis=2)
        counts = np.bincount(read.ravel(), minlength=10)
        found = [(int(counts[digit]), digit) for digit in range(10) if counts[digit] and digit != self.prediction]
        return [(digit, times) for times, digit in sorted(found, key=lambda pair: (-pair[0], pair[1]))]


def occlusion_of(result: Mapping[str, Any], index: int, label: int, pixels: npt.NDArray[np.uint8]) -> Occlusion:
    """The answer to `MapOcclusion` of a validation image."""
    answer = answers.decode_result(answers.OcclusionMap, result)
    probabilities = np.array(answer.probabilities, np.float32)
    covered = np.array(answer.covered, np.float32).reshape(28, 28, 10)
    return Occlusion(Place.of(answer), index, label, pixels, answer.patch, probabilities, covered)


@dataclass(frozen=True, slots=True)
class Spread:
    """Values: mean, standard deviation, and a histogram of equal bins from `low` to `high`."""

    mean: float
    deviation: float
    low: float
    high: float
    bins: tuple[int, ...]

    @classmethod
    def of(cls, values: answers.ValueDistribution) -> Spread:
        return cls(values.mean, values.deviation, values.low, values.high, values.bins)


@dataclass(frozen=True, slots=True)
class Layer:
    """A hidden layer on a sample of images; see `engine.worker.queries.activations`."""

    activation: str
    kind: str
    units: int
    never: int
    always: int
    above: float
    saturated: float | None
    stuck: int | None
    before: Spread
    after: Spread


@dataclass(frozen=True, slots=True)
class Activations:
    """The hidden layers on a sample of so many images."""

    place: Place
    images: int
    layers: tuple[Layer, ...]


def activations_of(result: Mapping[str, Any]) -> Activations:
    """The answer to `MeasureActivations`."""
    answer = answers.decode_result(answers.Activations, result)
    layers = [
        Layer(
            layer.activation,
            layer.kind,
            layer.units,
            layer.never,
            layer.always,
            layer.above,
            layer.saturated,
            layer.stuck,
            Spread.of(layer.before),
            Spread.of(layer.after),
        )
        for layer in answer.layers
    ]
    return Activations(Place.of(answer), answer.images, tuple(layers))


@dataclass(frozen=True, slots=True)
class Robustness:
    """The accuracy on a sample of so many images, for each amount of one corruption."""

    place: Place
    corruption: Corruption
    images: int
    amounts: tuple[float, ...]
    accuracies: tuple[float, ...]


def robustness_of(result: Mapping[str, Any]) -> Robustness:
    """The answer to `MeasureRobustness`."""
    answer = answers.decode_result(answers.Robustness, result)
    return Robustness(
        Place.of(answer),
        answer.corruption,
        answer.images,
        answer.amounts,
        answer.accuracies,
    )


Answer = Weights | Occlusion | Activations | Robustness
"""What a pane shows."""


def title(pane: Pane, answer: Answer | None) -> str:
    """What a pane is called, with how much was looked at where that is known."""
    match pane, answer:
        case "weights", Weights(kind="templates"):
            return "First layer's weights: ten templates"
        case "weights", Weights(kind=kind, count=count):
            return f"First layer's weights: {numbers.count(count)} {kind}"
        case "weights", _:
            return "First layer's weights"
        case "occlusion", _:
            return "Occlusion of a validation digit"
        case "activations", Activations(images=images):
            return f"Hidden layers on {numbers.count(images)} validation images"
        case "activations", _:
            return "Hidden layers"
        case _, Robustness(images=images):
            return f"Validation accuracy, {numbers.count(images)} corrupted images"
        case _:
            return "Validation accuracy"
