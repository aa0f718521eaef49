"""What a network read in each validation image after every epoch: ``readings.bin`` in a run's folder.

A header (16 bytes that name the format, the number of images N as a little-endian uint32, four zero bytes), then a
record an epoch: its number and the step as uint32, N bytes of digits, N bytes of confidences (255 is 1). One writer;
a record that was cut off is not read, and is overwritten by the next. Epochs rise: one that is trained again after a
resume takes the place of the earlier one and of all that came after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

MAGIC = b"mnist-tui read 1"
_HEADER = len(MAGIC) + 8
_MOST_IMAGES = 10_000_000

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Readings of N images after E epochs.

    `epochs` and `steps` (E,) int64, rising; `digits` (E, N) uint8 from 0 to 9; `confidences` (E, N) uint8, where 255
    stands for a probability of 1. The last two may be views of the file.
    """

    epochs: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    digits: Bytes
    confidences: Bytes

    def __len__(self) -> int:
        return len(self.epochs)

    def at(self, epoch: int) -> int:
        """The row of an epoch. Raises KeyError where it is not there."""
        (found,) = np.nonzero(self.epochs == epoch)
        if not len(found):
            raise KeyError(epoch)
        return int(found[0])


NONE = Readings(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 0), np.uint8), np.empty((0, 0), np.uint8))
"""Where nothing was kept."""


def read_readings(path: Path) -> Readings:
    """What is kept at `path`; `NONE` where there is no file, or one that is none of ours."""
    try:
        if not path.is_file():
            return NONE
        data = np.memmap(path, np.uint8, mode="r")
    except (OSError, ValueError):
        return NONE
    count = _count(data[:_HEADER].tobytes())
    if count is None:
        return NONE
    size = 8 + 2 * count
    whole = (len(data) - _HEADER) // size
    records = data[_HEADER : _HEADER + whole * size].reshape(whole, size)
    numbers = np.ascontiguousarray(records[:, :8]).view("<u4").astype(np.int64)
    digits, confidences = records[:, 8 : 8 + count], records[:, 8 + count :]
    sound = whole == 0 or (bool((np.diff(numbers[:, 0]) > 0).all()) and int(digits.max(initial=0)) <= 9)
    return Readings(numbers[:, 0], numbers[:, 1], digits, confidences) if sound else NONE


def keep_readings(path: Path, epoch: int, step: int, digits: npt.ArrayLike, confidences: npt.ArrayLike) -> None:
    """Add an epoch: `digits` (N,) from 0 to 9 and their probabilities (N,), 0 to 1. Raises OSError.

    Epochs from this one on that are there already make room; so does a file of another number of images.
    """
    read = np.asarray(digits).astype(np.uint8)
    sure = np.rint(np.nan_to_num(np.asarray(confidences, np.float64)).clip(0, 1) * 255).astype(np.uint8)
    record = np.array([epoch, step], "<u4").tobytes() + read.tobytes() + sure.tobytes()
    header = MAGIC + np.array([len(read), 0], "<u4").tobytes()
    with path.open("r+b" if path.exists() else "w+b") as file:
        if file.read(_HEADER) != header:
            file.seek(0)
            file.truncate()
            file.write(header)
        end = _HEADER
        while len(head := file.read(8)) == 8:
            if int.from_bytes(head[:4], "little") >= epoch or len(file.read(2 * len(read))) < 2 * len(read):
                break
            end += len(record)
        file.seek(end)
        file.truncate()
        file.write(record)


def _count(header: bytes) -> int | None:
    """The number of images; None where the header is none of ours."""
    if len(header) < _HEADER or header[: len(MAGIC)] != MAGIC:
        return None
    count = int.from_bytes(header[len(MAGIC) : len(MAGIC) + 4], "little")
    return count if 0 < count <= _MOST_IMAGES else None
