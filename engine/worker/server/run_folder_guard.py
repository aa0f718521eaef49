"""Guards the folder of the run in training: makes it again where it was deleted, follows a rename, reports faults."""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Callable

from engine import events as ev
from engine.errors import RunProblem
from engine.files import write_atomic
from engine.log.event_log import EventLog
from engine.runs.lock import Claim, taken
from engine.runs.result_file import encode_result

_DELETED = "it was deleted; it is written again at the end of the epoch"


class RunFolderGuard:
    """Guards the folder of one claimed run. Thread-safe.

    `on_moved` is called when the folder was renamed or made again; in the latter case it holds only settings, claim and
    log. `on_lost` is called once, with a sentence, when another engine has claimed the run.
    """

    def __init__(
        self, held: Claim, log: EventLog, on_moved: Callable[[], object], on_lost: Callable[[str], object]
    ) -> None:
        self._run, self._claim, self._log = held.run, held, log
        self._on_moved, self._on_lost = on_moved, on_lost
        self._lock = threading.Lock()
        self._config = b""
        with contextlib.suppress(OSError):
            if self._run.config.is_file():  # reading a named pipe would block
                self._config = self._run.config.read_bytes()
        self._result: bytes | None = None
        """The contents of ``result.json`` while it could not be written."""
        self._result_failed = self._stopped = self._is_lost = False
        self._has_checkpoint = self._run.checkpoint("last").exists()

    def before_append(self, event: ev.Event) -> None:
        """Check the folder before an event is logged, unless it is a minor one."""
        if event.detail:
            return
        self.check()
        match event:
            case ev.CheckpointSaved(kind="last"):
                self._has_checkpoint = True
            case ev.SaveFailed(path=path) if path == str(self._run.result):
                self._result_failed = True
            case ev.Finished():
                self._log.sync()
                if self._result_failed:
                    self._result = encode_result(event, self._run.events)
                self.stop()

    def check(self) -> None:
        """Make the folder again if it is gone, and write what could not be written before."""
        with self._lock:
            if not self._stopped:
                self._follow_rename()
                self._restore_folder()
            self._log.retry()
            if self._result is not None and not self._log.misplaced():
                self._write_result(self._result)

    def stop(self) -> None:
        """The run is about to be released: a folder that is deleted from now on is not made again."""
        with self._lock:
            self._stopped = True

    def _follow_rename(self) -> None:
        if place := self._claim.new_place():
            self._run.path = self._run.path.with_name(place.name)
            self._log.moved(self._run.events)
            self._log.append(ev.Renamed(run=self._run.name))
            self._on_moved()

    def _restore_folder(self) -> None:
        lost = self._log.misplaced()
        try:
            if lost is None and taken(self._run) is None and self._run.session.exists() and self._run.config.exists():
                return
            if lost:
                self._log.lose(lost)
            self._claim.restore(self._config)
        except OSError as fault:
            why = fault
        except RunProblem as problem:
            why = OSError(errno.EBUSY, str(problem))
            if not self._is_lost:
                self._is_lost = True
                self._on_lost(str(problem))
        else:
            if lost:
                self._log.put_back()
                self._report_lost_checkpoint()
                self._on_moved()
            return
        if lost or self._is_lost:
            self._log.lose(why)

    def _report_lost_checkpoint(self) -> None:
        last = self._run.checkpoint("last")
        if self._has_checkpoint and not last.exists():
            self._has_checkpoint = False
            self._log.append(ev.SaveFailed(path=str(last), reason=_DELETED))

    def _write_result(self, result: bytes) -> None:
        try:
            write_atomic(self._run.result, result)
        except OSError:
            return
        self._result = None
        self._log.append(ev.SavedAgain(path=str(self._run.result)))
