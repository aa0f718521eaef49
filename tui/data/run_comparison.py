"""What several runs read in the same images: the best weights' looks at the test set, the best epochs' validations."""

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
"""Runs that read fewer rightly are no witnesses against a label."""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """What the best weights of the run `run`, of epoch `epoch`, read in N images labeled `labels` (N,).

    `readings` (N,) uint8, `confidences` (N,) float32: the digit read, and its probability.
    """

    run: str
    epoch: int
    labels: Bytes
    predictions: Bytes
    confidences: npt.NDArray[np.float32]
    digest: str = ""
    """Of the data set that the images are from, where it is known."""

    @property
    def right(self) -> int:
        """How many are read rightly."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share read rightly."""
        return self.right / max(len(self.labels), 1)

    @property
    def interval(self) -> tuple[float, float]:
        """Its bounds with 95% confidence (Wilson)."""
        return wilson_interval(self.right, len(self.labels))


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """The images that several runs read in another way than their labels say, and which runs were heard."""

    runs: tuple[str, ...]
    suspects: tuple[Suspect, ...]


def tested(run: RunFolder) -> Reader | None:
    """What the run's best weights read in its test set when they were last tested; None where that is not kept."""
    path = run.look("best")
    stamp = _stamp(path)
    return _tested(run, *stamp) if stamp else None


def tested_alike(first: Reader, runs: Iterable[RunFolder] | None = None) -> list[Reader]:
    """The other runs that were tested on the images that `first` was tested on, the newest first."""
    found = (tested(run) for run in _newest(runs) if run.name != first.run)
    return [each for each in found if each and _alike(each, first.labels, first.digest)]


def _alike(reader: Reader, labels: Bytes, digest: str) -> bool:
    """Whether it read the images with these labels, of the data set with this digest, where both are known."""
    return _same(reader.digest, digest) and np.array_equal(reader.labels, labels)


def _same(one: str, other: str) -> bool:
    """Whether two digests are of one set, as far as they are known."""
    return not one or not other or one == other


def validated(run: RunFolder, labels: Bytes, data: DataIdentity | None = None) -> Reader | None:
    """What the run read in validation images with these labels (N,) at its best epoch so far; None where it did not.

    `data` is the set that they are from, where it is known. That it was these images is seen from the accuracy, too: it
    comes out as it was logged.
    """
    best, known, since = _best(run, _stamp(run.events))
    if not _same(known, data.digest if data else "") or (best is not None and best.epoch <= since):
        return None
    history = read_predictions(run.predictions)
    if best is None or history.digits.shape[1] != len(labels) or best.epoch not in history.epochs:
        return None
    row = history.at(best.epoch)
    sure = (history.confidences[row] / 255).astype(np.float32)
    found = Reader(run.name, best.epoch, labels, np.array(history.digits[row]), sure)
    return found if abs(found.accuracy - best.validation_accuracy) * len(labels) < 0.5 else None


def validation_witnesses(
    labels: Bytes, runs: Iterable[RunFolder] | None = None, *, data: DataIdentity | None = None
) -> Witnesses:
    """What all runs on the set `data` have against the labels (N,) of its validation images. Not for the event loop: reads files."""
    return _witnesses(labels, (validated(run, labels, data) for run in _newest(runs)))


def test_witnesses(
    labels: Bytes, runs: Iterable[RunFolder] | None = None, *, data: DataIdentity | None = None
) -> Witnesses:
    """The same of the test images, from the looks there were."""
    readers, digest = (tested(run) for run in _newest(runs)), data.digest if data else ""
    return _witnesses(labels, (each for each in readers if each and _alike(each, labels, digest)))


def compared(first: Reader, second: Reader) -> Comparison:
    """Two runs held against each other. Raises `RunProblem` where they were tested on different images."""
    if not _alike(second, first.labels, first.digest):
        raise RunProblem(
            f"{first.run} and {second.run} were tested on different images{_places(first, second)}; only readings of the same ones "
            "compare."
        )
    return compare(first.labels, first.predictions, second.predictions)


def _places(*readers: Reader) -> str:
    """Which data sets these are, where the logs of all of them tell."""
    known = [known_data(RunFolder(runs_dir() / reader.run)) for reader in readers]
    return f", those of {' and those of '.join(placed(data) for data in known if data)}" if all(known) else ""


def _witnesses(labels: Bytes, readers: Iterable[Reader | None]) -> Witnesses:
    heard = [each for each in readers if each and each.accuracy >= LEAST_ACCURACY]
    if not heard:
        return Witnesses((), ())
    predictions, sure = np.stack([each.predictions for each in heard]), np.stack([each.confidences for each in heard])
    return Witnesses(tuple(each.run for each in heard), tuple(find_suspects(labels, predictions, sure)))


def _newest(runs: Iterable[RunFolder] | None) -> list[RunFolder]:
    return list(reversed(all_runs())) if runs is None else list(runs)


def _stamp(path: Path) -> tuple[int, int] | None:
    """When a file was written, and its length; None where it is not there."""
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
    """The run's best epoch, the digest of its data set, and the epochs that were trained on another before."""
    state = outline(run)
    return state.best, state.data.digest if state.data else "", state.data_since
