"""Reading mnist.npz, the archive Keras publishes: four arrays in a zip file.

Each member is looked at before it is read: its declared size, then its header (type and shape). So an archive that
would unpack to gigabytes is refused at once, and Python objects, which numpy keeps as pickles, are never loaded.
"""

from __future__ import annotations

import math
import warnings
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from engine.dataset.checks import checked_images, checked_labels, paired, split
from engine.dataset.data_files import LIMIT, opened, printable, replace, show
from engine.dataset.types import Examples, Splits
from engine.errors import DataProblem

KEYS: Final = ("x_train", "y_train", "x_test", "y_test")

_DEFLATE_RATIO: Final = 1032
"""The most bytes that one byte of deflated data can stand for (zlib's documentation, "Maximum compression factor")."""

_METHODS: Final = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: _DEFLATE_RATIO}


def read_npz(path: Path) -> Splits:
    """The three splits of an archive with x_train, y_train, x_test and y_test.

    Images are uint8 of shape (N, 28, 28), labels integers of any type, shape (N,). Raises DataProblem.
    """
    arrays = _read_arrays(path)
    training, test = (_examples(arrays, path, part) for part in ("train", "test"))
    return split(training, test, show(path))


def _examples(arrays: dict[str, NDArray[Any]], path: Path, part: str) -> Examples:
    images_name, labels_name = (f"{axis}_{part} in {show(path)}" for axis in "xy")
    images = checked_images(arrays[f"x_{part}"], images_name)
    labels = checked_labels(arrays[f"y_{part}"], labels_name)
    return paired(images, labels, images_name, labels_name)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    with opened(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = _members(archive, path)
                return {key: _read_array(archive, member, f"{key} in {show(path)}") for key, member in members.items()}
        except zipfile.BadZipFile as fault:
            raise DataProblem(
                f"{show(path)} is not a sound zip archive ({printable(str(fault), 200)}); {replace(path)}"
            ) from fault
        except (DataProblem, OSError):
            raise
        # zipfile and numpy meet damaged bytes with errors of many kinds, struct.error and NotImplementedError among them.
        except Exception as fault:
            reason = printable(f"{type(fault).__name__}: {fault}", 200)
            raise DataProblem(f"{show(path)} is damaged ({reason}); {replace(path)}") from fault


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The archive's entry for each array, once all four are there and of a size that can be true."""
    entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
    if missing := [key for key in KEYS if key not in entries]:
        found = printable(", ".join(sorted(entries)), 200) or "nothing"
        raise DataProblem(
            f"{show(path)} misses {', '.join(missing)}; found {found}, expected the arrays {', '.join(KEYS)}"
        )
    members = {key: entries[key] for key in KEYS}
    for key, entry in members.items():
        if entry.compress_type not in _METHODS:
            raise DataProblem(
                f"{key} in {show(path)} is compressed with method {entry.compress_type}; expected it stored or deflated"
            )
        most = min(LIMIT, entry.compress_size * _METHODS[entry.compress_type])
        if entry.file_size > most:
            raise DataProblem(
                f"{key} in {show(path)} declares {entry.file_size} bytes made from {entry.compress_size}; "
                f"expected at most {most}"
            )
    return members


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> NDArray[Any]:
    content = BytesIO(archive.read(entry))
    shape, fortran_order, dtype = _read_header(content, where)
    if dtype.hasobject:
        raise DataProblem(f"{where} holds Python objects, which could run code when loaded; expected numbers")
    values = content.getbuffer()[content.tell() :]
    size = math.prod(shape) * dtype.itemsize
    if len(values) != size:
        declared = printable(f"{dtype} of shape {shape}", 200)
        raise DataProblem(f"{where} holds {len(values)} bytes; its header declares {declared}, {size} bytes")
    return np.asarray(np.frombuffer(values, dtype).reshape(shape, order="F" if fortran_order else "C"), order="C")


def _read_header(content: BytesIO, where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and type, from the header of an .npy file."""
    version = npy.read_magic(content)
    if version != (1, 0):
        raise DataProblem(f"{where} is of .npy version {version[0]}.{version[1]}; expected 1.0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # files written by Python 2 make numpy say so
        return npy.read_array_header_1_0(content)
