"""What a network read in each validation image after every epoch: ``readings.bin`` in a run's folder.

A header (16 bytes that name the format, the number of images N as a little-endian uint32, the CRC-32 of these 20 bytes),
then a record an epoch: its number, the step and the CRC-32 of all else in it as uint32, N bytes of digits, N bytes of
confidences (255 is 1). One writer; a record that was cut off is not read, and is overwritten by the next. Epochs rise:
one that is trained again after a resume takes the place of the earlier one and of all that came after it.

Version 0.1.0 wrote the same without the checksums, and zeros in the header's last four bytes. Such a file is read, and
written anew when an epoch is added.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.files import write_atomic
from engine.runs.validation_predictions_file import HEADER, MAGIC, MAGIC_1, header_of, images_in, is_whole

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class ValidationPredictions:
    """Readings of N images after E epochs.

    `epochs` and `steps` (E,) int64, rising; `digits` (E, N) uint8 from 0 to 9; `confidences` (E, N) uint8, where 255
    stands for a probability of 1. The last two may be views of the file. `damaged` counts the epochs that were left out
    since they do not match their checksum.
    """

    epochs: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    digits: Bytes
    confidences: Bytes
    damaged: int = 0

    def __len__(self) -> int:
        return len(self.epochs)

    def at(self, epoch: int) -> int:
        """The row of an epoch. Raises KeyError where it is not there."""
        (found,) = np.nonzero(self.epochs == epoch)
        if not len(found):
            raise KeyError(epoch)
        return int(found[0])


NONE = ValidationPredictions(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 0), np.uint8), np.empty((0, 0), np.uint8)
)
"""Where nothing was kept."""


def read_predictions(path: Path) -> ValidationPredictions:
    """What is kept at `path`; `NONE` where there is no file, or one that is none of ours."""
    try:
        if not path.is_file():
            return NONE
        data = np.memmap(path, np.uint8, mode="r")
    except (OSError, ValueError):
        return NONE
    header = data[:HEADER].tobytes()
    if (count := images_in(header)) is None:
        return NONE
    words = 3 if header.startswith(MAGIC) else 2
    size = 4 * words + 2 * count
    whole = (len(data) - HEADER) // size
    records = data[HEADER : HEADER + whole * size].reshape(whole, size)
    if words == 3 and (damaged := [row for row, record in enumerate(records) if not is_whole(record.tobytes())]):
        records = np.delete(records, damaged, axis=0)
    else:
        damaged = []
    numbers = np.ascontiguousarray(records[:, :8]).view("<u4").astype(np.int64)
    digits, confidences = records[:, 4 * words : 4 * words + count], records[:, 4 * words + count :]
    sound = bool((np.diff(numbers[:, 0]) > 0).all()) and int(digits.max(initial=0)) <= 9
    return ValidationPredictions(numbers[:, 0], numbers[:, 1], digits, confidences, len(damaged)) if sound else NONE


def append_predictions(path: Path, epoch: int, step: int, digits: npt.ArrayLike, confidences: npt.ArrayLike) -> None:
    """Add an epoch: `digits` (N,) from 0 to 9 and their probabilities (N,), 0 to 1. Raises OSError.

    Epochs from this one on that are there already make room; so does a file of another number of images.
    """
    read = np.asarray(digits).astype(np.uint8)
    sure = np.rint(np.nan_to_num(np.asarray(confidences, np.float64)).clip(0, 1) * 255).astype(np.uint8)
    record, header = _record(epoch, step, read, sure), header_of(len(read))
    if path.exists():
        _bring_up_to_date(path, len(read))
    with path.open("r+b" if path.exists() else "w+b") as file:
        if file.read(HEADER) != header:
            file.seek(0)
            file.truncate()
            file.write(header)
        end = HEADER
        while len(there := file.read(len(record))) == len(record):
            if is_whole(there) and int.from_bytes(there[:4], "little") >= epoch:
                break
            end += len(record)
        file.seek(end)
        file.truncate()
        file.write(record)


def _record(epoch: int, step: int, digits: Bytes, confidences: Bytes) -> bytes:
    numbers, read = np.array([epoch, step], "<u4").tobytes(), digits.tobytes() + confidences.tobytes()
    return numbers + zlib.crc32(numbers + read).to_bytes(4, "little") + read


def _bring_up_to_date(path: Path, count: int) -> None:
    """Write a file of version 0.1.0, of so many images, as this version does."""
    with path.open("rb") as file:
        header = file.read(HEADER)
    if header.startswith(MAGIC_1) and images_in(header) == count:
        kept = read_predictions(path)
        rows = zip(kept.epochs, kept.steps, kept.digits, kept.confidences, strict=True)
        write_atomic(
            path, header_of(count) + b"".join(_record(int(epoch), int(step), *read) for epoch, step, *read in rows)
        )
