"""Small files that hold one thing each: read with care, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TypeVar

import msgspec

_T = TypeVar("_T")


def read_json(path: Path, kind: type[_T]) -> _T | None:
    """What a file holds; None where it is not there, not whole, or no file."""
    try:
        if not path.is_file():  # a pipe would wait for somebody to write
            return None
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def write_atomic(path: Path, data: bytes) -> None:
    """Have `path` hold `data` or what it held before, never a part; raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
