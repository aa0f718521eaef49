"""All probabilities of a look at the test set: ``look-best.npz`` and ``look-last.npz`` in a run's folder."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.files import write_atomic
from engine.runs.integrity import archive_damage


@dataclass(frozen=True, slots=True, eq=False)
class TestPredictions:
    """A network's probabilities (N, 10) float32 on N test images with `labels` (N,) uint8, by the weights of `epoch`.

    `digest` identifies the data set; it is empty where an early version wrote the file.
    """

    __test__ = False  # not a pytest class

    probabilities: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]
    epoch: int
    digest: str = ""

    @property
    def predictions(self) -> npt.NDArray[np.uint8]:
        """(N,): the digit read in each."""
        read: npt.NDArray[np.uint8] = self.probabilities.argmax(axis=1).astype(np.uint8)
        return read

    @property
    def confidences(self) -> npt.NDArray[np.float32]:
        """(N,): the probability of the digit read."""
        sure: npt.NDArray[np.float32] = self.probabilities.max(axis=1)
        return sure


def save_test_predictions(path: Path, look: TestPredictions) -> None:
    """Write a look, whole or not at all. Raises OSError."""
    buffer = io.BytesIO()
    epoch, digest = np.int64(look.epoch), np.bytes_(look.digest)
    np.savez(buffer, probabilities=look.probabilities, labels=look.labels, epoch=epoch, digest=digest)
    write_atomic(path, buffer.getvalue())


def read_test_predictions(path: Path) -> TestPredictions | None:
    """The look kept at `path`; None where there is none, or none of ours."""
    try:
        if not path.is_file() or archive_damage(path):  # before numpy takes its headers for what they say
            return None
        with np.load(path, allow_pickle=False) as kept:
            probabilities, labels, epoch = kept["probabilities"], kept["labels"], kept["epoch"]
            digest = bytes(kept["digest"].item()).decode("ascii", "replace") if "digest" in kept else ""
    except Exception:  # numpy and zipfile meet foreign bytes with errors of many kinds
        return None
    shape = (len(labels), 10) if labels.ndim == 1 else None
    if probabilities.shape != shape or probabilities.dtype != np.float32 or labels.dtype != np.uint8 or epoch.shape:
        return None
    if not np.isfinite(probabilities).all():  # version 0.1.0 kept what weights gave that were not finite
        return None
    return TestPredictions(probabilities, labels, int(epoch), digest)
