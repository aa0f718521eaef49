"""The published MNIST: its file names and checksums, and how its contents are recognized."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.dataset.types import SIDE, Images, Labels, Splits

TRAIN_IMAGES: Final = "train-images-idx3-ubyte"
TRAIN_LABELS: Final = "train-labels-idx1-ubyte"
TEST_IMAGES: Final = "t10k-images-idx3-ubyte"
TEST_LABELS: Final = "t10k-labels-idx1-ubyte"

NAMES: Final = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
"""The four files of MNIST in the IDX format, without the `.gz` they are published with."""

SHA256: Final[Mapping[str, str]] = MappingProxyType(
    {
        TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    }
)
"""SHA-256 of each file, decompressed."""


def is_mnist(splits: Splits) -> bool:
    """Whether the splits are MNIST's, byte for byte and in the same order, whatever format they came in.

    The arrays are hashed as the IDX files they would make, labels first: another set is told apart at once.
    """
    train, validation, test = splits
    return (
        _labels_sum([test.labels]) == SHA256[TEST_LABELS]
        and _labels_sum([train.labels, validation.labels]) == SHA256[TRAIN_LABELS]
        and _images_sum([test.images]) == SHA256[TEST_IMAGES]
        and _images_sum([train.images, validation.images]) == SHA256[TRAIN_IMAGES]
    )


def _labels_sum(parts: list[Labels]) -> str:
    return _sum(struct.pack(">HBBI", 0, 8, 1, sum(map(len, parts))), parts)


def _images_sum(parts: list[Images]) -> str:
    return _sum(struct.pack(">HBBIII", 0, 8, 3, sum(map(len, parts)), SIDE, SIDE), parts)


def _sum(header: bytes, parts: list[NDArray[np.uint8]]) -> str:
    digest = hashlib.sha256(header)
    for part in parts:
        digest.update(part.data)
    return digest.hexdigest()
