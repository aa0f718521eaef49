"""A file that is not whole yet: beside its place, under a name of its own, and locked as long as somebody writes it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self


@dataclass(frozen=True, slots=True)
class Part:
    """One such file. Leaving its `with` block removes it, unless it has become what it was to be."""

    path: Path
    file: BinaryIO

    @classmethod
    def beside(cls, path: Path) -> Part:
        """A new one for the file at `path`. Raises OSError."""
        while True:
            part = path.with_name(f".{path.name}.{os.urandom(8).hex()}.part")
            part.touch(exist_ok=False)
            file = part.open("r+b")
            if not _is_locked_by_others(file) and os.fstat(file.fileno()).st_nlink:
                return cls(part, file)
            file.close()  # another took it for one that was left, just as it was made

    def become(self, path: Path, content: bytes | bytearray) -> None:
        """Be the file at `path`, with this content, in one step. Raises OSError."""
        self.file.write(content)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.path.replace(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.path.unlink()
        with suppress(OSError):
            self.file.close()


def sweep(folder: Path) -> None:
    """Remove what was left by those who were killed; what is being written stays. Never raises.

    On a file system without locks nobody can tell the one from the other, and all of it stays.
    """
    with suppress(OSError):
        for part in folder.glob(".*.gz.*.part"):
            with suppress(OSError), part.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()


def _is_locked_by_others(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no locks here
        return False
    return False
