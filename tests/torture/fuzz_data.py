"""Damaged data sets in every supported format."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.dataset import Dataset, load
from engine.dataset.idx import read_images, read_labels
from engine.dataset.npz import read_npz
from engine.dataset.pickled import read_pickled
from engine.errors import DataProblem
from tests.engine.dataset.pickles import Call, old_numpy, python2_dumps, three_pairs
from tests.kit import TRAIN_IMAGES, idx_bytes, tiny_contents, tiny_digits
from tests.torture.damage import Damaged, damaged, junk, rezipped
from tests.torture.fuzz import Shelf, Target, told

_IMAGES, _LABELS = tiny_digits(12)
_IDX = (idx_bytes(_IMAGES), idx_bytes(_LABELS), idx_bytes(_LABELS.astype(np.int32)), idx_bytes(_IMAGES[:0]))
_TINY = ((np.zeros((1, 784), np.float32), np.zeros(1, np.int64)),) * 3


def targets(folder: Path) -> list[Target]:
    """One target per format, plain and compressed."""
    shelf = Shelf(folder)
    (folder / "marker").unlink(missing_ok=True)
    pickles = _pickles(folder / "marker")
    idx = damaged(_IDX) | junk(b"\0\0\x08\x03", b"\0\0\x08\x01", b"\x1f\x8b", b"<html>")
    return [
        Target("IDX", idx, _check(shelf, "images", read_images, read_labels), 14),
        Target("gzipped IDX", packed(_IDX), _check(shelf, "images.gz", read_images, read_labels), 8),
        Target(
            "npz", damaged(_archives()) | rezipped(_archives()) | junk(b"PK\3\4"), _check(shelf, "x.npz", read_npz), 7
        ),
        Target(
            "pickle",
            damaged(pickles) | junk(b"\x80\4", b"(", b"cos\nsystem\n"),
            _check(shelf, "x.pkl", read_pickled),
            10,
        ),
        Target("gzipped pickle", packed(pickles), _check(shelf, "x.pkl.gz", read_pickled), 4),
        Target("a folder", damaged([idx_bytes(_IMAGES)]), _check_folder(shelf), 2),
    ]


def packed(samples: tuple[bytes, ...]) -> st.SearchStrategy[Damaged]:
    """Damaged content in valid gzip, or valid content in damaged gzip."""
    whole = tuple(gzip.compress(sample, 1, mtime=0) for sample in samples)
    inside = damaged(samples).map(lambda d: Damaged(gzip.compress(d.content, 1, mtime=0), d.sample, (*d.edits, "gzip")))
    return damaged(whole) | inside


def _check(shelf: Shelf, name: str, *readers: Callable[[Path], Any]) -> Callable[[Damaged], None]:
    """Each reader returns byte arrays or raises a sentence that names the file."""

    def check(given: Damaged) -> None:
        with shelf.lay({name: given.content}) as folder:
            path = folder / name
            for read in readers:
                try:
                    _arrays_in(read(path))
                except DataProblem as problem:
                    told(problem)
                    assert path.name in str(problem)

    return check


def _arrays_in(found: Any) -> None:
    """Assert that the data can be trained on."""
    if isinstance(found, np.ndarray):
        assert found.dtype == np.uint8
        return
    for examples in found:
        assert examples.images.dtype == examples.labels.dtype == np.uint8
        assert examples.images.shape == (len(examples.labels), 28, 28)
        assert len(examples.labels) > 0 and examples.labels.max() < 10


def _check_folder(shelf: Shelf) -> Callable[[Damaged], None]:
    """`load` with one of the four files damaged."""
    sound = tiny_contents(12, 4)

    def check(given: Damaged) -> None:
        with shelf.lay(sound | {TRAIN_IMAGES: given.content}) as folder:
            try:
                assert isinstance(load(folder), Dataset)
            except DataProblem as problem:
                told(problem)

    return check


def _archives() -> tuple[bytes, ...]:
    arrays: dict[str, Any] = {"x_train": _IMAGES, "y_train": _LABELS, "x_test": _IMAGES[:3], "y_test": _LABELS[:3]}
    objects = arrays | {"y_train": np.array([Call(print, "run")] * 12)}
    files = []
    for kind, content in ((np.savez, arrays), (np.savez_compressed, arrays), (np.savez, objects)):
        file = io.BytesIO()
        kind(file, **content)
        files.append(file.getvalue())
    assert all(zipfile.is_zipfile(io.BytesIO(content)) for content in files)
    return tuple(files)


def _pickles(marker: Path) -> tuple[bytes, ...]:
    """Valid files of every kind, and some that would create a file if executed."""
    sound = [pickle.dumps(_TINY, protocol) for protocol in range(6)]
    old = [old_numpy(sound[2]), *(python2_dumps(_TINY, protocol) for protocol in range(3))]
    real = pickle.dumps(three_pairs(), 2)
    evil = [pickle.dumps((Call(Path.touch, marker), *_TINY), protocol) for protocol in (0, 2, 4)]
    return (*sound, *old, real, *evil)
