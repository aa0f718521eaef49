"""What several runs read in the same images: the best weights' looks at the test set, the best epochs' validations."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.comparison import Comparison, compare
from engine.errors import RunProblem
from engine.events import EpochEnded
from engine.looks import read_look
from engine.readings import read_readings
from engine.runs import RunFolder, all_runs
from engine.statistics import wilson_interval
from engine.suspects import Suspect, find_suspects
from tui.outline import outline

Bytes = npt.NDArray[np.uint8]
LEAST_ACCURACY = 0.9
"""Runs that read fewer rightly are no witnesses against a label."""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """What the best weights of the run `run`, of epoch `epoch`, read in N images labelled `labels` (N,).

    `readings` (N,) uint8, `confidences` (N,) float32: the digit read, and its probability.
    """

    run: str
    epoch: int
    labels: Bytes
    readings: Bytes
    confidences: npt.NDArray[np.float32]

    @property
    def right(self) -> int:
        """How many are read rightly."""
        return int((self.readings == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share read rightly."""
        return self.right / max(len(self.labels), 1)

    @property
    def interval(self) -> tuple[float, float]:
        """Its bounds with 95 % confidence (Wilson)."""
        return wilson_interval(self.right, len(self.labels))


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """The images that several runs read in another way than their labels say, and which runs were heard."""

    runs: tuple[str, ...]
    suspects: tuple[Suspect, ...]


def tested(run: RunFolder) -> Reader | None:
    """What the run's best weights read in the test set when they were last tested; None where that is not kept."""
    path = run.look("best")
    stamp = _stamp(path)
    return _tested(run, *stamp) if stamp else None


def tested_alike(first: Reader, runs: Iterable[RunFolder] | None = None) -> list[Reader]:
    """The other runs that were tested on the images that `first` was tested on, the newest first."""
    found = (tested(run) for run in _newest(runs) if run.name != first.run)
    return [each for each in found if each and np.array_equal(each.labels, first.labels)]


def validated(run: RunFolder, labels: Bytes) -> Reader | None:
    """What the run read in validation images with these labels (N,) at its best epoch so far; None where it did not.

    That it was these images is seen from the accuracy: it comes out as it was logged.
    """
    best = _best(run, _stamp(run.events))
    history = read_readings(run.readings)
    if best is None or history.digits.shape[1] != len(labels) or best.epoch not in history.epochs:
        return None
    row = history.at(best.epoch)
    sure = (history.confidences[row] / 255).astype(np.float32)
    found = Reader(run.name, best.epoch, labels, np.array(history.digits[row]), sure)
    return found if abs(found.accuracy - best.validation_accuracy) * len(labels) < 0.5 else None


def validation_witnesses(labels: Bytes, runs: Iterable[RunFolder] | None = None) -> Witnesses:
    """What all runs have against the labels (N,) of the validation images. Reads files: not for the event loop."""
    return _witnesses(labels, (validated(run, labels) for run in _newest(runs)))


def test_witnesses(labels: Bytes, runs: Iterable[RunFolder] | None = None) -> Witnesses:
    """The same of the test images, from the looks there were."""
    readers = (tested(run) for run in _newest(runs))
    return _witnesses(labels, (each for each in readers if each and np.array_equal(each.labels, labels)))


def compared(first: Reader, second: Reader) -> Comparison:
    """Two runs held against each other. Raises `RunProblem` where they were tested on different images."""
    if not np.array_equal(first.labels, second.labels):
        raise RunProblem(
            f"{first.run} and {second.run} were tested on different images; only readings of the same ones compare."
        )
    return compare(first.labels, first.readings, second.readings)


def _witnesses(labels: Bytes, readers: Iterable[Reader | None]) -> Witnesses:
    heard = [each for each in readers if each and each.accuracy >= LEAST_ACCURACY]
    if not heard:
        return Witnesses((), ())
    readings, sure = np.stack([each.readings for each in heard]), np.stack([each.confidences for each in heard])
    return Witnesses(tuple(each.run for each in heard), tuple(find_suspects(labels, readings, sure)))


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
    look = read_look(run.look("best"))
    return Reader(run.name, look.epoch, look.labels, look.readings, look.confidences) if look else None


@functools.lru_cache(maxsize=256)
def _best(run: RunFolder, _stamp: tuple[int, int] | None) -> EpochEnded | None:
    return outline(run).best
