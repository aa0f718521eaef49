"""The run that this engine has claimed: its folder is guarded and its events are logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine import events as ev
from engine.errors import RunProblem, reason
from engine.log.event_log import EventLog, last_name
from engine.runs.folder import RunFolder
from engine.runs.lock import Claim, claim
from engine.worker.server.run_folder_guard import RunFolderGuard


class ActiveRun:
    """None at first, then one run after the other.

    `on_moved` is called with a run whose folder was made again or renamed, `on_lost` with a sentence when another engine
    has claimed the run.
    """

    def __init__(
        self, socket_path: Path, on_moved: Callable[[RunFolder], object], on_lost: Callable[[str], object]
    ) -> None:
        self._socket_path, self._on_moved, self._on_lost = socket_path, on_moved, on_lost
        self.run: RunFolder | None = None
        self.log: EventLog | None = None
        self._claim: Claim | None = None
        self._guard: RunFolderGuard | None = None

    @property
    def name(self) -> str:
        """The run's name; empty without a run."""
        return self.run.name if self.run else ""

    @property
    def held(self) -> RunFolder | None:
        """The run while this engine holds its claim."""
        return self._claim.run if self._claim else None

    def enter(self, run: RunFolder, *, take_over: bool = False) -> None:
        """Claim `run` and make it the current one.

        `take_over`: also if it belongs to an engine on another machine that has gone silent. Raises `RunProblem` where
        another engine has claimed it, or its folder is not writable.
        """
        before = self._claim
        ours = before if before and before.run == run else None
        made: Claim | None = None
        try:
            if ours is None:
                ours = made = claim(run, self._socket_path, take_over=take_over)
            same = self.log if self.log and self.log.path == run.events and self.log.is_current() else None
            log = same or EventLog(run.events)
        except OSError as fault:
            if made:
                made.release()
            raise RunProblem(f"{run.path} cannot be written: {reason(fault)}.") from fault
        self.leave(keep=ours, log=log)
        self.run, self.log, self._claim = run, log, ours
        self._guard = RunFolderGuard(ours, log, lambda: self._on_moved(run), self._on_lost)
        if log.length and last_name(run.events) not in ("", run.name):
            log.append(ev.Renamed(run=run.name))

    def leave(self, keep: Claim | None = None, log: EventLog | None = None) -> None:
        """Release the run and close its log, except for `keep` and `log`, which the next run uses."""
        if self._guard:
            self._guard.stop()
        if self.log and self.log is not log:
            self.log.close()
        if self._claim is not keep:
            self._release_claim()

    def release(self, run: RunFolder) -> None:
        """Release the claim on `run`; its log stays open."""
        if self.run is run:
            if self._guard:
                self._guard.stop()
            self._release_claim()

    def append(self, event: ev.Event) -> bool:
        """Number and log an event. Returns False without a log. Thread-safe."""
        if self.log is None:
            return False
        if self._guard:
            self._guard.before_append(event)
        # Released before any client gets the end: whoever checks then finds the run finished.
        self.log.append(event, self._release_claim if isinstance(event, ev.Finished) else None)
        return True

    def check_folder(self) -> bool:
        """Check and repair the run's folder. Returns whether that logged an event. Thread-safe."""
        if self._guard is None or self.log is None:
            return False
        before = self.log.length
        self._guard.check()
        return self.log.length != before

    def beat(self) -> None:
        """Renew the claim's heartbeat. Thread-safe."""
        if held := self._claim:
            held.beat()

    def set_socket(self, socket_path: Path) -> None:
        """Record another socket at which clients reach this engine."""
        self._socket_path = socket_path
        if held := self._claim:
            held.sign(socket_path)

    def _release_claim(self) -> None:
        held, self._claim = self._claim, None
        if held:
            held.release()
