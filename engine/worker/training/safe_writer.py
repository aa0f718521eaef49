"""Writing a run's files: what cannot be written costs nothing but itself, and is told."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from engine import events as ev
from engine.errors import reason
from engine.runs.folder import RunFolder
from engine.runs.lock import taken


class SafeWriter:
    """Writes files of one run, and tells what cannot be written: once for each reason, and again when it can be."""

    def __init__(self, folder: RunFolder, emit: Callable[[ev.Event], object]) -> None:
        self._folder, self._emit = folder, emit
        self._failing: dict[str, str] = {}
        """By the files' names: the folder may be renamed."""

    def save(self, path: Path, write: Callable[[Path], object]) -> bool:
        """Have `write` write a file of the run; whether it is there. A folder that another engine has is left alone."""
        if self._try(path, write):
            return True
        here = self._folder.path / path.name
        return here != path and self._try(
            here, write
        )  # renamed meanwhile, as telling of the fault has brought to light

    def _try(self, path: Path, write: Callable[[Path], object]) -> bool:
        try:
            if other := taken(self._folder):
                raise OSError(errno.EBUSY, f"process {other.pid} on {other.host} has this run now")
            write(path)
        except OSError as fault:
            said = reason(fault)
            if self._failing.get(path.name) != said:
                self._failing[path.name] = said
                self._emit(ev.SaveFailed(path=str(path), reason=said))
            return False
        if self._failing.pop(path.name, None):
            self._emit(ev.SavedAgain(path=str(path)))
        return True

    def is_failing(self, path: Path) -> bool:
        """Whether the latest that was to be written there is not."""
        return path.name in self._failing

    def is_missing(self, path: Path) -> bool:
        """Whether a file that was written is gone, or was never written."""
        try:
            return not path.exists()
        except OSError:
            return True
