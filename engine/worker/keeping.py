"""Looking after the folder of the run under way: made anew where somebody deletes it, told where it cannot be."""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Callable
from pathlib import Path

from engine import events as ev
from engine.claims import restore
from engine.errors import RunProblem
from engine.eventlog import EventLog
from engine.results import encode_result
from engine.runs import RunFolder, write_atomic

_DELETED = "it was deleted; the end of the epoch writes it again"
_DETAILS = (ev.Progress, ev.Layers, ev.Distributions, ev.Previews, ev.PreviewDigits, ev.LogLine)


class Keeper:
    """Of one run, entered once. May be used from several threads.

    `renewed` is called when the folder was made again: it is an empty one, but for settings, claim and log.
    """

    def __init__(self, run: RunFolder, log: EventLog, socket_path: Path, renewed: Callable[[], object]) -> None:
        self._run, self._log, self._socket_path, self._renewed = run, log, socket_path, renewed
        self._lock = threading.Lock()
        self._config = b""
        with contextlib.suppress(OSError):
            if run.config.is_file():  # a pipe would wait for somebody to write
                self._config = run.config.read_bytes()
        self._result: bytes | None = None
        """What ``result.json`` should hold, where it could not be written."""
        self._result_failed = self._ended = False
        self._has_checkpoint = run.checkpoint("last").exists()

    def before(self, event: ev.Event) -> None:
        """An event is about to be logged: see that the log is where it belongs, but not for each small one."""
        if isinstance(event, _DETAILS):
            return
        self.look()
        match event:
            case ev.CheckpointSaved(kind="last"):
                self._has_checkpoint = True
            case ev.SaveFailed(path=path) if path == str(self._run.result):
                self._result_failed = True
            case ev.Finished():
                self._log.sync()
                if self._result_failed:
                    self._result = encode_result(event, self._run.events)
                self.end()

    def look(self) -> None:
        """Make the folder again where it is gone, and write what waits."""
        with self._lock:
            if not self._ended:
                self._make_again()
            self._log.retry()
            if self._result is not None and not self._log.misplaced():
                self._save_result(self._result)

    def end(self) -> None:
        """The run is about to be released: a folder that is deleted from now on stays away."""
        with self._lock:
            self._ended = True

    def _make_again(self) -> None:
        lost = self._log.misplaced()
        try:
            if lost is None and self._run.session.exists() and self._run.config.exists():
                return
            if lost:
                self._log.lose(lost)
            restore(self._run, self._config, self._socket_path)
        except OSError as fault:
            why = fault
        except RunProblem as problem:
            why = OSError(errno.EBUSY, str(problem))
        else:
            if lost:
                self._log.put_back()
                self._tell_of_checkpoint()
                self._renewed()
            return
        if lost:
            self._log.lose(why)

    def _tell_of_checkpoint(self) -> None:
        last = self._run.checkpoint("last")
        if self._has_checkpoint and not last.exists():
            self._has_checkpoint = False
            self._log.append(ev.SaveFailed(path=str(last), reason=_DELETED))

    def _save_result(self, result: bytes) -> None:
        try:
            write_atomic(self._run.result, result)
        except OSError:
            return
        self._result = None
        self._log.append(ev.SavedAgain(path=str(self._run.result)))
