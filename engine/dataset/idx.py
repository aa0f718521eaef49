"""Reading IDX, the format MNIST is published in.

An IDX file is a header of big-endian numbers and then the values, nothing else: two zero bytes, one byte for the type of
the values, one for the number of dimensions, four bytes for the size of each dimension, the values in C order.
See LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset.checks import checked_labels, paired, split
from engine.dataset.data_files import LIMIT, Stream, is_web_page, read_up_to, reading, replace, show, web_page
from engine.dataset.types import SIDE, Images, Labels, Splits
from engine.errors import DataProblem

What = Literal["images", "labels"]

_UBYTE: Final = 0x08
_TYPES: Final = {
    _UBYTE: "unsigned byte",
    0x09: "signed byte",
    0x0B: "16-bit integer",
    0x0C: "32-bit integer",
    0x0D: "32-bit float",
    0x0E: "64-bit float",
}
_DIMENSIONS: Final[dict[What, int]] = {"images": 3, "labels": 1}


@dataclass(frozen=True, slots=True)
class IdxFiles:
    """Where the four files of a set are."""

    folder: Path
    train_images: Path
    train_labels: Path
    test_images: Path
    test_labels: Path


def read_idx(files: IdxFiles) -> Splits:
    """The three splits of a set in four files. Raises DataProblem."""
    training = paired(
        read_images(files.train_images),
        read_labels(files.train_labels),
        show(files.train_images),
        show(files.train_labels),
    )
    test = paired(
        read_images(files.test_images),
        read_labels(files.test_labels),
        show(files.test_images),
        show(files.test_labels),
    )
    return split(training, test, show(files.folder))


def read_images(path: Path) -> Images:
    """The images of an IDX file, plain or gzipped: uint8 of shape (N, 28, 28). Raises DataProblem."""
    return _read(path, "images")


def read_labels(path: Path) -> Labels:
    """The labels of an IDX file, plain or gzipped: uint8 of shape (N,), values 0 to 9. Raises DataProblem."""
    return checked_labels(_read(path, "labels"), show(path))


def _read(path: Path, what: What) -> NDArray[np.uint8]:
    with reading(path) as stream:
        shape = _read_shape(stream, path, what)
        size = math.prod(shape)
        values = read_up_to(stream, size + 1)
    declared = f"its header declares {shape[0]} {what} ({size} bytes)"
    if len(values) < size:
        raise DataProblem(f"{show(path)} is cut short: {declared}, {len(values)} were found; {replace(path)}")
    if len(values) > size:
        raise DataProblem(f"{show(path)} is too long: {declared}, more bytes follow; {replace(path)}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_shape(stream: Stream, path: Path, what: What) -> tuple[int, ...]:
    """The sizes in the header, once it is known to be that of a set of images or labels."""
    magic = read_up_to(stream, 4)
    if magic[:2] != b"\0\0" or len(magic) < 4:
        raise _not_idx(path, magic + read_up_to(stream, 508))
    _expect_magic(path, what, type_code=magic[2], dimensions=magic[3])
    sizes = read_up_to(stream, 4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataProblem(f"{show(path)} is cut short: it stops within the header; {replace(path)}")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    if shape[1:] not in ((), (SIDE, SIDE)):
        raise DataProblem(f"{show(path)} holds images of {shape[1]}×{shape[2]} pixels; expected {SIDE}×{SIDE}")
    if math.prod(shape) > LIMIT:
        raise DataProblem(
            f"{show(path)} declares {shape[0]} {what} ({math.prod(shape)} bytes); expected at most {LIMIT} bytes"
        )
    return shape


def _not_idx(path: Path, start: bytearray) -> DataProblem:
    if is_web_page(start):
        return web_page(path)
    return DataProblem(
        f"{show(path)} is not an IDX file: it starts with the bytes {start[:4].hex(' ')}, expected two zero bytes, "
        f"the type and the number of dimensions; {replace(path)}"
    )


def _expect_magic(path: Path, what: What, *, type_code: int, dimensions: int) -> None:
    if type_code != _UBYTE:
        found = _TYPES.get(type_code, "unknown")
        raise DataProblem(
            f"{show(path)} holds values of type {type_code:#04x} ({found}); expected {_UBYTE:#04x} ({_TYPES[_UBYTE]})"
        )
    wanted = _DIMENSIONS[what]
    if dimensions == wanted:
        return
    message = (
        f"{show(path)} has {dimensions} dimensions (magic number {type_code << 8 | dimensions}); expected {what}, "
        f"which have {wanted} (magic number {type_code << 8 | wanted})"
    )
    if dimensions in _DIMENSIONS.values():
        message += ": images and labels files seem to be exchanged"
    raise DataProblem(message)
