"""Test helpers: small learnable data sets in MNIST's formats."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
NAMES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)

_TIMES = {"seq", "time", "seconds", "validation_seconds", "total_seconds", "images_per_second", "starved", "waited"}

_TYPE_CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}

# The digits 0 to 9, seven rows of five dots each.
_GLYPHS = """
.###. ..#.. .###. ####. ...#. ##### .###. ##### .###. .###.
#...# .##.. #...# ....# ..##. #.... #.... ....# #...# #...#
#..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...#
#.#.# ..#.. ...#. .###. #..#. ....# ####. ..#.. .###. .####
##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#
#...# ..#.. .#... ....# ...#. #...# #...# .#... #...# ....#
.###. .###. ##### ####. ...#. .###. .###. .#... .###. .###.
"""


def idx_bytes(array: NDArray[np.generic]) -> bytes:
    """An array as the content of an IDX file (not gzipped)."""
    code = _TYPE_CODES[array.dtype.name]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def tiny_digits(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (count, 28, 28) and labels (count,): dot-matrix digits with random position, brightness and noise.

    The ten digits are there in equal numbers, in random order. The same seed gives the same digits.
    """
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % 10).astype(np.uint8)
    glyphs = _glyphs()
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = random.integers(1, 7), random.integers(3, 11)
        ink = random.integers(180, 256)
        image[row : row + 21, column : column + 15] = glyphs[label] * ink
        noise = random.integers(-40, 41, (28, 28)) * (random.random((28, 28)) < 0.1)
        image[:] = np.clip(image.astype(np.int16) + noise, 0, 255)
    return images, labels


def write_tiny_set(folder: Path, train: int = 256, test: int = 64, seed: int = 0) -> Path:
    """Write the four gzipped IDX files of `tiny_digits` into a folder, created if missing; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tiny_contents(train, test, seed).items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, compresslevel=1, mtime=0))
    return folder


def tiny_contents(train: int = 256, test: int = 64, seed: int = 0) -> dict[str, bytes]:
    """The decompressed content of the four files, by name (without `.gz`)."""
    train_images, train_labels = tiny_digits(train, seed)
    test_images, test_labels = tiny_digits(test, seed + 1_000_003)
    arrays = (train_images, train_labels, test_images, test_labels)
    return {name: idx_bytes(array) for name, array in zip(NAMES, arrays, strict=True)}


def _glyphs() -> NDArray[np.uint8]:
    """The ten digits, shape (10, 21, 15), values 0 and 1."""
    rows = [line.split() for line in _GLYPHS.strip().splitlines()]
    dots = np.array([[[dot == "#" for dot in row[digit]] for row in rows] for digit in range(10)], np.uint8)
    return dots.repeat(3, axis=1).repeat(3, axis=2)


@contextmanager
def home_of_our_own(home: Path) -> Iterator[None]:
    """Keep runs and sockets below `home`, for engine processes too, and limit them to one thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_TUI_HOME", str(home))
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.delenv("XDG_RUNTIME_DIR", raising=False)
        yield


def timeless(figures: msgspec.Struct) -> dict[str, Any]:
    """Everything that does not depend on time, speed, or other processes."""
    return {name: value for name, value in msgspec.structs.asdict(figures).items() if name not in _TIMES}
