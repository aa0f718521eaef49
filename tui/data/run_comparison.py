"""Predictions of several runs on the same images: tests of the best weights, and validations at the best epochs."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis.intervals import wilson_interval
from engine.analysis.label_errors import Suspect, find_suspects
from engine.analysis.mcnemar import Comparison, compare
from engine.errors import RunProblem
from engine.events import DataIdentity, EpochEnded
from engine.paths import runs_dir
from engine.runs.folder import RunFolder, all_runs
from engine.runs.run_data import known_data
from engine.runs.test_predictions import read_test_predictions
from engine.runs.validation_predictions import read_predictions
from tui.data.run_summary import outline, placed

Bytes = npt.NDArray[np.uint8]
LEAST_ACCURACY = 0.9
"""Runs with a lower accuracy have no vote against a label."""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Predictions of the best weights of the run `run`, from epoch `epoch`, on N images with `labels` (N,).

    `predictions` (N,) uint8 are the predicted classes, `confidences` (N,) float32 their probabilities.
    """

    run: str
    epoch: int
    labels: Bytes
    predictions: Bytes
    confidences: npt.NDArray[np.float32]
    digest: str = ""
    """The digest of the data set, if known."""

    @property
    def correct(self) -> int:
        """The number of correct predictions."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share of correct predictions."""
        return self.correct / max(len(self.labels), 1)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% confidence interval of the accuracy (Wilson)."""
        return wilson_interval(self.correct, len(self.labels))


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """Images that several runs predict differently from their labels, and the runs that voted."""

    runs: tuple[str, ...]
    suspects: tuple[Suspect, ...]


def tested(run: RunFolder) -> Reader | None:
    """The latest test predictions of the run's best weights; None if none are stored."""
    path = run.look("best")
    stamp = _stamp(path)
    return _tested(run, *stamp) if stamp else None


def tested_alike(first: Reader, runs: Iterable[RunFolder] | None = None) -> list[Reader]:
    """The other runs tested on the same images as `first`, newest first."""
    found = (tested(run) for run in _newest(runs) if run.name != first.run)
    return [each for each in found if each and _alike(each, first.labels, first.digest)]


def _alike(reader: Reader, labels: Bytes, digest: str) -> bool:
    """Whether the predictions are for images with these labels, from the data set with this digest if known."""
    return _same(reader.digest, digest) and np.array_equal(reader.labels, labels)


def _same(one: str, other: str) -> bool:
    """Whether two digests are equal or one of them is unknown."""
    return not one or not other or one == other


def validated(run: RunFolder, labels: Bytes, data: DataIdentity | None = None) -> Reader | None:
    """The run's predictions on the validation images with these labels (N,) at its best epoch so far, if there are any.

    `data` is the images' data set, if known. We also verify that the images match by recomputing the logged accuracy.
    """
    best, known, since = _best(run, _stamp(run.events))
    if not _same(known, data.digest if data else "") or (best is not None and best.epoch <= since):
        return None
    history = read_predictions(run.predictions)
    if best is None or history.digits.shape[1] != len(labels) or best.epoch not in history.epochs:
        return None
    row = history.at(best.epoch)
    confidences = (history.confidences[row] / 255).astype(np.float32)
    found = Reader(run.name, best.epoch, labels, np.array(history.digits[row]), confidences)
    return found if abs(found.accuracy - best.validation_accuracy) * len(labels) < 0.5 else None


def validation_witnesses(
    labels: Bytes, runs: Iterable[RunFolder] | None = None, *, data: DataIdentity | None = None
) -> Witnesses:
    """The votes of all runs on the set `data` against its validation labels (N,). Must not run in the event loop."""
    return _witnesses(labels, (validated(run, labels, data) for run in _newest(runs)))


def test_witnesses(
    labels: Bytes, runs: Iterable[RunFolder] | None = None, *, data: DataIdentity | None = None
) -> Witnesses:
    """The same for the test images, from stored test predictions."""
    readers, digest = (tested(run) for run in _newest(runs)), data.digest if data else ""
    return _witnesses(labels, (each for each in readers if each and _alike(each, labels, digest)))


def compared(first: Reader, second: Reader) -> Comparison:
    """McNemar's comparison of two runs. Raises `RunProblem` if they were tested on different images."""
    if not _alike(second, first.labels, first.digest):
        raise RunProblem(
            f"{first.run} and {second.run} were tested on different images{_data_sets(first, second)}; a comparison needs "
            "the same ones."
        )
    return compare(first.labels, first.predictions, second.predictions)


def _data_sets(*readers: Reader) -> str:
    """The data sets, if the logs of all runs name them."""
    known = [known_data(RunFolder(runs_dir() / reader.run)) for reader in readers]
    return f", those of {' and '.join(placed(data) for data in known if data)}" if all(known) else ""


def _witnesses(labels: Bytes, readers: Iterable[Reader | None]) -> Witnesses:
    voters = [each for each in readers if each and each.accuracy >= LEAST_ACCURACY]
    if not voters:
        return Witnesses((), ())
    predictions = np.stack([each.predictions for each in voters])
    confidences = np.stack([each.confidences for each in voters])
    return Witnesses(tuple(each.run for each in voters), tuple(find_suspects(labels, predictions, confidences)))


def _newest(runs: Iterable[RunFolder] | None) -> list[RunFolder]:
    return list(reversed(all_runs())) if runs is None else list(runs)


def _stamp(path: Path) -> tuple[int, int] | None:
    """A file's modification time and size; None if it does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=256)
def _tested(run: RunFolder, _written: int, _size: int) -> Reader | None:
    look = read_test_predictions(run.look("best"))
    return Reader(run.name, look.epoch, look.labels, look.predictions, look.confidences, look.digest) if look else None


@functools.lru_cache(maxsize=256)
def _best(run: RunFolder, _stamp: tuple[int, int] | None) -> tuple[EpochEnded | None, str, int]:
    """The run's best epoch, the digest of its data set, and the number of earlier epochs on other data."""
    state = outline(run)
    return state.best, state.data.digest if state.data else "", state.data_since
