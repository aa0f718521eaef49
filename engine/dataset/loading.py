"""The front door: find a data set, read it in whichever format it is, name it."""

from __future__ import annotations

from pathlib import Path

from engine.dataset.idx import IdxFiles, read_idx
from engine.dataset.locate import NpzFile, PickleFile, Source, locate
from engine.dataset.mnist import is_mnist
from engine.dataset.npz import read_npz
from engine.dataset.pickled import read_pickled
from engine.dataset.types import Dataset, Splits

MNIST = "mnist"


def load(data_dir: Path | None = None) -> Dataset:
    """Load a data set from a folder, or from an .npz or .pkl.gz file; by default the MNIST that comes with the program.

    The last sixth of the training images validates, the test file tests (MNIST: 50 000, 10 000 and 10 000 images);
    mnist.pkl.gz has its own splits. Everything is checked first: shapes, counts, labels from 0 to 9, checksums of
    gzip and zip. Nothing is written.

    Raises DataProblem, with the file, what was found and what was expected.
    """
    source = locate(data_dir)
    splits, path = _read(source)
    return Dataset(
        name=MNIST if is_mnist(splits) else _name(path),
        source=str(path),
        train_images=splits.train.images,
        train_labels=splits.train.labels,
        validation_images=splits.validation.images,
        validation_labels=splits.validation.labels,
        test_images=splits.test.images,
        test_labels=splits.test.labels,
    )


def _read(source: Source) -> tuple[Splits, Path]:
    match source:
        case IdxFiles(folder=folder):
            return read_idx(source), folder
        case NpzFile(path=path):
            return read_npz(path), path
        case PickleFile(path=path):
            return read_pickled(path), path


def _name(path: Path) -> str:
    """What to call a set that is not MNIST: its file's name where that says something, else its folder's."""
    stem, *suffixes = path.name.split(".")
    if suffixes and path.is_file():
        if stem.lower() != MNIST:
            return stem
        path = path.parent
    if path.name.lower() == "raw":
        path = path.parent
    return MNIST if path.name.lower() == MNIST else path.name or str(path)
