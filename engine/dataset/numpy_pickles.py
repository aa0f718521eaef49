"""What the names in a pickled numpy array stand for, as plain records: numpy's own constructors are never called.

numpy writes an array as a call of `_reconstruct` that makes an empty one, followed by its state (shape, type, order,
bytes); from protocol 5 on as one call of `_frombuffer`. See `numpy.ndarray.__reduce__` and `numpy.dtype.__reduce__`.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


class PickleRefusedError(Exception):
    """Why a pickle is not read, as the end of a sentence that starts with the file's name."""


class Name(enum.Enum):
    """What a pickled array refers to by name. Constants: nothing is imported, nothing can be called."""

    RECONSTRUCT = enum.auto()
    FROM_BUFFER = enum.auto()
    NDARRAY = enum.auto()
    DTYPE = enum.auto()
    ENCODE = enum.auto()


NAMES: Final = {
    "numpy.core.multiarray._reconstruct": Name.RECONSTRUCT,
    "numpy._core.multiarray._reconstruct": Name.RECONSTRUCT,
    "numpy.core.numeric._frombuffer": Name.FROM_BUFFER,
    "numpy._core.numeric._frombuffer": Name.FROM_BUFFER,
    "numpy.ndarray": Name.NDARRAY,
    "numpy.dtype": Name.DTYPE,
    "_codecs.encode": Name.ENCODE,
}
"""The only names that are admitted, as numpy 1 and numpy 2 write them."""

_NUMBERS: Final = frozenset({"f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"})
_ORDERS: Final = frozenset("<>=|")


@dataclass(slots=True)
class Dtype:
    """A type of numbers on its way: first its code, such as "f4", then its byte order."""

    code: str
    order: str = "|"


@dataclass(slots=True)
class Array:
    """An array on its way: an empty one first, filled when its state comes."""

    values: NDArray[Any] | None = None


def named(module: object, name: object) -> Name:
    """The constant for a name. Raises PickleRefusedError for every name but those an array of numbers needs."""
    full = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "something without a name"
    if full not in NAMES:
        raise PickleRefusedError(
            f"asks for {full}; pickles can run code, so this one is refused and nothing of it was run"
        )
    return NAMES[full]


def called(function: object, arguments: object) -> Dtype | Array | bytes:
    """What a call in a pickle makes. Raises PickleRefusedError for a call that is not one numpy writes for numbers."""
    match function, arguments:
        case Name.RECONSTRUCT, (Name.NDARRAY, *_):
            return Array()
        case Name.FROM_BUFFER, (bytes() as data, Dtype() as dtype, tuple() as shape, order, *_):
            return Array(_values(data, dtype, shape, _text(order)))
        case Name.DTYPE, (str() | bytes() as code, *_):
            return Dtype(_number(_text(code)))
        case Name.ENCODE, (str() as text, "latin1"):
            # How Python 3 writes bytes in protocols 0 to 2; any other codec could be one that unpacks or imports.
            return text.encode("latin-1")
    raise PickleRefusedError("makes a call that an array of numbers does not need; nothing of it was run")


def build(record: object, state: object) -> None:
    """Fill in a record. Raises PickleRefusedError for a state that is not that of a number type or an array of numbers."""
    match record, state:
        case Dtype(), (int(), str() | bytes() as order, None, None, None, *_) if _text(order) in _ORDERS:
            record.order = _text(order)
        case Array(values=None), (int(), tuple() as shape, Dtype() as dtype, fortran, bytes() as data):
            record.values = _values(data, dtype, shape, "F" if fortran else "C")
        case _:
            raise PickleRefusedError(
                "sets the state of something that is not an array of numbers; nothing of it was run"
            )


def _number(code: str) -> str:
    if code not in _NUMBERS:
        kind = "Python objects" if code.startswith("O") else "no plain numbers"
        raise PickleRefusedError(f"holds an array of type {code} ({kind}); expected numbers")
    return code


def _values(data: bytes, dtype: Dtype, shape: tuple[object, ...], order: str) -> NDArray[Any]:
    kind = np.dtype(dtype.order + dtype.code)
    sizes = [size for size in shape if isinstance(size, int) and size >= 0]
    if len(sizes) != len(shape) or len(sizes) > 3:
        raise PickleRefusedError("holds an array without a usable shape")
    if math.prod(sizes) * kind.itemsize != len(data):
        raise PickleRefusedError(f"is damaged: an array of {kind} with shape {tuple(sizes)} has {len(data)} bytes")
    values = np.frombuffer(data, kind)
    match order:
        case "C":
            return values.reshape(sizes)
        case "F":
            return values.reshape(sizes, order="F")
    raise PickleRefusedError(f"holds an array in the order {order}; expected C or F")


def _text(value: object) -> str:
    """Text as Python 3 or Python 2 pickled it."""
    return str(value, "ascii", "replace") if isinstance(value, bytes) else str(value)
