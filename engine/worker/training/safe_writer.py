"""Writes a run's files; a failure is reported as an event instead of ending the run."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from engine import events as ev
from engine.errors import reason
from engine.runs.folder import RunFolder
from engine.runs.lock import taken


class SafeWriter:
    """Writes files of one run. Emits `SaveFailed` once for each reason, and `SavedAgain` when a later write succeeds."""

    def __init__(self, folder: RunFolder, emit: Callable[[ev.Event], object]) -> None:
        self._folder, self._emit = folder, emit
        self._failing: dict[str, str] = {}
        """Reasons by file name: the folder may be renamed."""

    def save(self, path: Path, write: Callable[[Path], object]) -> bool:
        """Write a file by calling `write`. Returns whether that succeeded. A folder claimed by another engine is not touched."""
        if self._try(path, write):
            return True
        here = self._folder.path / path.name
        # emitting the failure may have revealed that the folder was renamed
        return here != path and self._try(here, write)

    def _try(self, path: Path, write: Callable[[Path], object]) -> bool:
        try:
            if other := taken(self._folder):
                raise OSError(errno.EBUSY, f"process {other.pid} on {other.host} has this run now")
            write(path)
        except OSError as fault:
            why = reason(fault)
            if self._failing.get(path.name) != why:
                self._failing[path.name] = why
                self._emit(ev.SaveFailed(path=str(path), reason=why))
            return False
        if self._failing.pop(path.name, None):
            self._emit(ev.SavedAgain(path=str(path)))
        return True

    def is_failing(self, path: Path) -> bool:
        """Whether the last attempt to write this file failed."""
        return path.name in self._failing

    def is_missing(self, path: Path) -> bool:
        """Whether a file does not exist; True where that cannot be determined."""
        try:
            return not path.exists()
        except OSError:
            return True
