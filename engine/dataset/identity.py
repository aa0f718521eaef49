"""Which data set it is: a digest of all that decides which image is where, so that another set is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.dataset.data_files import printable
from engine.dataset.types import Splits
from engine.errors import OtherDataProblem
from engine.events import DataIdentity

MNIST_SIZES: Final = (50_000, 10_000, 10_000)
MNIST_DIGESTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "images": "f0b3e11d34b50ea967dba4cfd6f99f6a",
        "labels": "ee16bb508c1ce6c65c6369b21374996a",
        "digest": "2c17c7dae83880e955b96d143082d8e9",
    }
)
"""Of MNIST with the classic split, so that nothing needs to be hashed once more where the contents are known to be MNIST's."""

_SIZE: Final = 16
"""Bytes of a digest."""
_SHOWN: Final = 8
"""Characters of a digest that people are shown."""


def identify(splits: Splits, path: str, *, mnist: bool = False) -> DataIdentity:
    """The identity of a set that was read from `path`. `mnist`: its contents are known to be MNIST's."""
    sizes = tuple(len(part.labels) for part in splits)
    if mnist and sizes == MNIST_SIZES:
        return DataIdentity(path=path, is_mnist=True, **MNIST_DIGESTS)
    images = _digest(part.images for part in splits)
    labels = _digest(part.labels for part in splits)
    whole = hashlib.blake2b(f"{sizes} {images} {labels}".encode(), digest_size=_SIZE).hexdigest()
    return DataIdentity(path=path, digest=whole, images=images, labels=labels, is_mnist=mnist)


def _digest(parts: Iterable[NDArray[np.uint8]]) -> str:
    made = hashlib.blake2b(digest_size=_SIZE)
    for part in parts:
        made.update(np.ascontiguousarray(part).data)
    return made.hexdigest()


def short_digest(identity: DataIdentity) -> str:
    """The first characters of the digest, for people."""
    return identity.digest[:_SHOWN]


def is_other(known: DataIdentity | None, found: DataIdentity | None) -> bool:
    """Whether both are known and they are two sets. Where a set lies does not matter."""
    return known is not None and found is not None and known.digest != found.digest


def difference(known: DataIdentity, found: DataIdentity) -> str:
    """What differs between two sets, in words."""
    parts = [name for name in ("images", "labels") if getattr(known, name) != getattr(found, name)]
    return f"the {' and the '.join(parts)} differ" if parts else "the split differs"


def told_apart(run: str, known: DataIdentity, found: DataIdentity) -> str:
    """That `run` was trained on other data than those found, in a sentence that names both."""
    was, now = printable(known.path), printable(found.path)
    if was == now:
        return (
            f"The data in {now} are not the ones that {run} was trained on: {difference(known, found)} "
            f"(digest {short_digest(known)} then, {short_digest(found)} now)."
        )
    return (
        f"{run} was trained on the data of {was} (digest {short_digest(known)}), and those of {now} "
        f"({short_digest(found)}) are others: {difference(known, found)}."
    )


def expect_same(run: str, known: DataIdentity | None, found: DataIdentity) -> None:
    """Raise `OtherDataProblem` where `run` is known to have been trained on other data than those found."""
    if known is not None and is_other(known, found):
        raise OtherDataProblem(told_apart(run, known, found))
