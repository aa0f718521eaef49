"""Captures what the engine process prints, warns or logs in a file, and reads it back as log lines."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_MAX_LINES = 50
_MAX_LINE_LENGTH = 2000


class OutputCapture:
    """Reads the file that standard output and standard error are redirected to, and can redirect them to another."""

    def __init__(self, path: Path) -> None:
        self._path, self._read, self._rest = path, 0, b""
        self._held: list[str] = []

    def redirect(self, path: Path) -> None:
        """Append the output to `path` from now on; lines printed before are returned by the next `new_lines`."""
        self._held = self.new_lines()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o644)
        except OSError:
            return
        with contextlib.suppress(OSError):  # on a full disk the output is lost
            sys.stdout.flush()
            sys.stderr.flush()
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        self._path, self._rest = path, b""
        self._read = os.fstat(descriptor).st_size
        os.close(descriptor)

    def new_lines(self) -> list[str]:
        """The lines printed since the last call; if they are too many, the last ones and the number of lines omitted."""
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
        if len(self._rest) > _MAX_LINE_LENGTH:
            whole, self._rest = [*whole, self._rest], b""
        lines = [line.decode("utf-8", "replace").rstrip()[:_MAX_LINE_LENGTH] for line in whole]
        lines = held + [line for line in lines if line]
        if len(lines) > _MAX_LINES:
            omitted = len(lines) - _MAX_LINES
            lines = [f"… {omitted} more lines in {self._path}", *lines[-_MAX_LINES:]]
        return lines
