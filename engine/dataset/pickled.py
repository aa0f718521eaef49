"""Reading mnist.pkl.gz, the set of the Theano tutorials and of Nielsen's "Neural Networks and Deep Learning".

Three pairs of arrays, pickled: the splits that train, validate and test. Images are floats from 0 to 1, shape (N, 784).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.dataset.checks import checked_labels, describe, paired
from engine.dataset.data_files import LIMIT, printable, read_up_to, reading, replace, show
from engine.dataset.numpy_pickles import Array, PickleRefusedError
from engine.dataset.types import SIDE, Examples, Images, Splits
from engine.dataset.unpickle import unpickle
from engine.errors import DataProblem

SCALES: Final = (255, 256)
"""What bytes may have been divided by. The published file was divided by 256: its brightest pixel is 255/256."""

TOLERANCE: Final = 1e-3
"""How far a scaled pixel may be from a whole number: more than float32's rounding, less than the wrong scale makes of 1."""

_BATCH: Final = 4096


def read_pickled(path: Path) -> Splits:
    """The file's own three splits, gzipped or not. No code in the file is run. Raises DataProblem."""
    with reading(path) as stream:
        content = read_up_to(stream, LIMIT + 1)
    if len(content) > LIMIT:
        raise DataProblem(f"{show(path)} unpacks to more than {LIMIT} bytes; expected a set of the size of MNIST")
    try:
        value = unpickle(content)
    except PickleRefusedError as refusal:
        raise DataProblem(f"{show(path)} {printable(str(refusal), 300)}; {replace(path)}") from refusal
    match value:
        case ((x1, y1), (x2, y2), (x3, y3)):
            return Splits(
                train=_examples(x1, y1, "training", path),
                validation=_examples(x2, y2, "validation", path),
                test=_examples(x3, y3, "test", path),
            )
    raise DataProblem(
        f"{show(path)} does not hold the splits of mnist.pkl.gz; expected a tuple of three pairs, each of images and labels"
    )


def _examples(images: object, labels: object, part: str, path: Path) -> Examples:
    images_name, labels_name = (f"the {part} {what} in {show(path)}" for what in ("images", "labels"))
    found = paired(
        _bytes(_array(images, images_name), images_name),
        checked_labels(_array(labels, labels_name), labels_name),
        images_name,
        labels_name,
    )
    if len(found.images) == 0:
        raise DataProblem(f"{images_name} are none; expected at least 1")
    return found


def _array(value: object, where: str) -> NDArray[Any]:
    match value:
        case Array(values=np.ndarray() as values):
            return values
    raise DataProblem(f"{where} are no array; expected an array of numbers")


def _bytes(images: NDArray[Any], where: str) -> Images:
    """Floats from 0 to 1, shape (N, 784), as the bytes they were made from, shape (N, 28, 28)."""
    if images.dtype.kind != "f" or images.shape[1:] != (SIDE * SIDE,):
        raise DataProblem(f"{where} are {describe(images)}; expected floats of shape (N, {SIDE * SIDE})")
    # Written so that a NaN, which compares with nothing, is refused too.
    if not ((images >= 0) & (images <= 1)).all():
        raise DataProblem(f"{where} go from {images.min():g} to {images.max():g}; expected pixels from 0 to 1")
    for scale in SCALES:
        if (pixels := _scaled(images, scale)) is not None:
            return pixels.reshape(-1, SIDE, SIDE)
    raise DataProblem(
        f"{where} are not bytes divided by 255 or 256; expected MNIST's pixels, unchanged but for the scale"
    )


def _scaled(images: NDArray[Any], scale: int) -> Images | None:
    """Images times a scale, as bytes; None when that does not give whole numbers up to 255. A batch at a time, to save memory."""
    pixels = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH].astype(np.float64) * scale
        whole = np.rint(batch)
        if whole.max() > 255 or np.abs(batch - whole).max() > TOLERANCE:
            return None
        pixels[start : start + _BATCH] = whole
    return pixels
