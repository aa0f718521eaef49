"""Looking after the folder of the run under way: made anew where somebody deletes it, told where it cannot be."""

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

_DELETED = "it was deleted; the end of the epoch writes it again"
_DETAILS = (ev.Progress, ev.Layers, ev.Distributions, ev.Previews, ev.PreviewDigits, ev.LogLine)


class Keeper:
    """Of one run, entered once. May be used from several threads.

    `moved` is called when the folder was renamed, or was made again: it is an empty one then, but for settings, claim and
    log. `ousted` is called, once, with the sentence that another engine has the run.
    """

    def __init__(
        self, held: Claim, log: EventLog, moved: Callable[[], object], ousted: Callable[[str], object]
    ) -> None:
        self._run, self._claim, self._log = held.run, held, log
        self._moved, self._ousted = moved, ousted
        self._lock = threading.Lock()
        self._config = b""
        with contextlib.suppress(OSError):
            if self._run.config.is_file():  # a pipe would wait for somebody to write
                self._config = self._run.config.read_bytes()
        self._result: bytes | None = None
        """What ``result.json`` should hold, where it could not be written."""
        self._result_failed = self._ended = self._is_out = False
        self._has_checkpoint = self._run.checkpoint("last").exists()

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
                self._follow()
                self._make_again()
            self._log.retry()
            if self._result is not None and not self._log.misplaced():
                self._save_result(self._result)

    def end(self) -> None:
        """The run is about to be released: a folder that is deleted from now on stays away."""
        with self._lock:
            self._ended = True

    def _follow(self) -> None:
        """Go with a folder that was renamed."""
        if place := self._claim.new_place():
            self._run.path = self._run.path.with_name(place.name)
            self._log.moved(self._run.events)
            self._log.append(ev.Renamed(run=self._run.name))
            self._moved()

    def _make_again(self) -> None:
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
            if not self._is_out:
                self._is_out = True
                self._ousted(str(problem))
        else:
            if lost:
                self._log.put_back()
                self._tell_of_checkpoint()
                self._moved()
            return
        if lost or self._is_out:
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
