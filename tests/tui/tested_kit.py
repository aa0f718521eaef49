"""Run folders as tested runs leave them: log, readings of every validation, the look at the test set."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine import events as ev
from engine.dataset import load
from engine.runs.folder import RunFolder
from engine.runs.test_predictions import TestPredictions, save_test_predictions
from engine.runs.validation_predictions import append_predictions
from tests.events_kit import BLOG, ending, epoch_ended, numbered, opening, test_result
from tests.kit import write_tiny_set
from tests.tui.cli_kit import make_run

Digits = NDArray[np.uint8]


class Digital:
    """A tiny data set, 64 test images, and runs that read it as they are told to."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.folder = write_tiny_set(folder, train=300, test=64, seed=seed)
        data = load(self.folder)
        self.validation, self.test = np.array(data.validation_labels), np.array(data.test_labels)
        self.config = msgspec.structs.replace(BLOG, epochs=2, data_dir=str(self.folder))

    def off(self, labels: Digits, *places: int, by: int = 1) -> Digits:
        """The labels, wrong at these places."""
        read = labels.copy()
        read[list(places)] = (read[list(places)] + by) % 10
        return read

    def run(
        self,
        name: str,
        *,
        test: Digits | None = None,
        validation: Digits | None = None,
        sure: float = 0.9,
        test_evaluations: int = 1,
        weights: tuple[ev.CheckpointKind, ...] = ("best",),
    ) -> RunFolder:
        """A run's folder. What it reads are the labels where nothing is given; `looks` 0: it was never tested."""
        read = self.validation if validation is None else validation
        right = float((read == self.validation).mean())
        epochs = [msgspec.structs.replace(epoch_ended(self.config, n), validation_accuracy=right) for n in (1, 2)]
        look = look_of(self.test if test is None else test, self.test, sure)
        end = ending(self.config, 2, run=name)
        tested = [ev.Tested(test=result_of(look, weights[n % len(weights)])) for n in range(test_evaluations)]
        folder = make_run(numbered([*opening(self.config, run=name), *epochs, *tested[:1], *end, *tested[1:]]), name)
        for epoch in epochs:
            append_predictions(folder.predictions, epoch.epoch, epoch.step, read, np.full(len(read), sure))
        for kind in weights[:test_evaluations]:
            save_test_predictions(folder.look(kind), look)
        return folder


def look_of(read: Digits, labels: Digits, sure: float = 0.9) -> TestPredictions:
    """A look at test images with these labels, in which these digits were read, the later the surer."""
    probabilities = np.full((len(read), 10), (1 - sure) / 9, np.float32)
    probabilities[np.arange(len(read)), read] = sure + np.arange(len(read)) * 1e-4
    return TestPredictions(probabilities, labels, 2)


def result_of(look: TestPredictions, weights: ev.CheckpointKind = "best") -> ev.TestResult:
    """The figures of a look."""
    table = np.zeros((10, 10), int)
    np.add.at(table, (look.labels, look.predictions), 1)
    wrong = tuple(
        ev.WrongImage(int(i), int(look.labels[i]), int(look.predictions[i]), round(float(look.confidences[i]), 6))
        for i in np.flatnonzero(look.predictions != look.labels)
    )
    result = test_result(tuple(tuple(int(n) for n in row) for row in table), look.epoch)
    return msgspec.structs.replace(result, weights=weights, wrong_images=wrong)
