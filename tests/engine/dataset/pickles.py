"""Pickles for tests: as each protocol, each numpy and Python 2 writes them, and as someone with bad intent does."""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tests.kit import tiny_digits

Pair = tuple[NDArray[Any], NDArray[Any]]


def three_pairs(scale: int = 255, kind: str = "float32") -> tuple[Pair, Pair, Pair]:
    """Twelve, five and four tiny digits, as the splits of mnist.pkl.gz: images are floats of shape (N, 784)."""
    pairs = []
    for seed, count in enumerate((12, 5, 4)):
        images, labels = tiny_digits(count, seed)
        pairs.append(((images.reshape(count, 784) / scale).astype(kind), labels.astype(np.int64)))
    train, validation, test = pairs
    return train, validation, test


def old_numpy(content: bytes) -> bytes:
    """The same pickle, protocols 0 to 2, as numpy 1 writes it: its module had another name."""
    return content.replace(b"numpy._core.", b"numpy.core.")


class _Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings: as themselves, or quoted in protocol 0."""

    dispatch: ClassVar[dict[type, Any]] = pickle._Pickler.dispatch.copy()

    def save_string(self, value: bytes | str) -> None:
        string = value if isinstance(value, bytes) else value.encode("ascii")
        if self.bin:
            self.write(pickle.BINSTRING + struct.pack("<i", len(string)) + string)
        else:
            self.write(pickle.STRING + repr(string)[1:].encode() + b"\n")
        self.memoize(value)

    dispatch[bytes] = save_string
    dispatch[str] = save_string


def python2_dumps(value: object, protocol: int) -> bytes:
    """A pickle of protocol 0, 1 or 2 as Python 2 with numpy 1 wrote it."""
    file = io.BytesIO()
    _Python2Pickler(file, protocol).dump(value)
    return old_numpy(file.getvalue())


class Call:
    """Pickles as a call of a function, which a plain reader of pickles makes."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[object, ...]]:
        return self.call


class State:
    """Pickles as an array whose state is something else."""

    def __init__(self, state: object) -> None:
        self.state = state

    def __reduce__(self) -> tuple[Any, ...]:
        function, arguments, _ = np.zeros(1).__reduce__()
        return function, arguments, self.state
