"""What anything in the engine prints, warns or logs: caught in a file from birth, told as log lines."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_MOST_LINES = 50
_LONGEST_LINE = 2000


class Output:
    """Follows the file that standard output and error go to, and can put another in its place."""

    def __init__(self, path: Path) -> None:
        self._path, self._read, self._rest = path, 0, b""
        self._held: list[str] = []

    def redirect(self, path: Path) -> None:
        """From now on, have what is printed go to `path` (appended); lines printed before are not forgotten."""
        self._held = self.new_lines()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o644)
        except OSError:
            return
        with contextlib.suppress(OSError):  # what the disk has no room for is lost
            sys.stdout.flush()
            sys.stderr.flush()
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        self._path, self._rest = path, b""
        self._read = os.fstat(descriptor).st_size
        os.close(descriptor)

    def new_lines(self) -> list[str]:
        """The lines that have come since the last call; of a flood, the last ones and how many were left out."""
        held, self._held = self._held, []
        try:
            if self._path.stat().st_size <= self._read:
                return held
            with self._path.open("rb") as file:
                file.seek(self._read)
                data = file.read(1 << 20)
        except OSError:
            return held
        self._read += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        lines = [line.decode("utf-8", "replace").rstrip()[:_LONGEST_LINE] for line in whole]
        lines = held + [line for line in lines if line]
        if len(lines) > _MOST_LINES:
            left_out = len(lines) - _MOST_LINES
            lines = [f"… {left_out} lines more, in {self._path}", *lines[-_MOST_LINES:]]
        return lines
