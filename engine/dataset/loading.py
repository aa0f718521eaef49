"""The front door: find a data set, read it in whichever format it is, name it."""

from __future__ import annotations

from pathlib import Path

from engine.dataset.data_files import show
from engine.dataset.identity import identify
from engine.dataset.idx import IdxFiles, read_idx
from engine.dataset.locate import NpzFile, PickleFile, Source, locate
from engine.dataset.memory import expect_room
from engine.dataset.mnist import is_mnist
from engine.dataset.npz import read_npz
from engine.dataset.pickled import read_pickled
from engine.dataset.types import Dataset, Splits
from engine.errors import DataProblem, reason

MNIST = "mnist"


def load(data_dir: Path | None = None) -> Dataset:
    """Load a data set from a folder, or from an .npz or .pkl.gz file; by default the MNIST that comes with the program.

    The last sixth of the training images validates, the test file tests (MNIST: 50,000, 10,000 and 10,000 images);
    mnist.pkl.gz has its own splits. Everything is checked first: shapes, counts, labels from 0 to 9, checksums of
    gzip and zip. Nothing is written.

    Raises DataProblem, with the file, what was found and what was expected, and MemoryProblem for a set that takes more
    memory than is free.
    """
    source = locate(data_dir)
    expect_room(source)
    splits, path = _read(source)
    mnist = is_mnist(splits)
    return Dataset(
        name=MNIST if mnist else _name(path),
        source=str(path),
        train_images=splits.train.images,
        train_labels=splits.train.labels,
        validation_images=splits.validation.images,
        validation_labels=splits.validation.labels,
        test_images=splits.test.images,
        test_labels=splits.test.labels,
        identity=identify(splits, str(path.absolute()), mnist=mnist),
        is_mnist=mnist,
    )


Stamp = tuple[tuple[str, int, int, int, int], ...]
"""Of each file of a set its path, inode, size and times."""


def stamp(data_dir: Path | None = None) -> Stamp:
    """What is another one as soon as the files that `load` would read are replaced. Raises `DataProblem`."""
    return tuple(map(_file_stamp, _files(locate(data_dir))))


def _files(source: Source) -> tuple[Path, ...]:
    match source:
        case IdxFiles():
            return source.train_images, source.train_labels, source.test_images, source.test_labels
        case NpzFile(path=path) | PickleFile(path=path):
            return (path,)


def _file_stamp(path: Path) -> tuple[str, int, int, int, int]:
    try:
        found = path.stat()
    except OSError as fault:
        raise DataProblem(f"{show(path)} cannot be read: {reason(fault)}") from fault
    return str(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


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
