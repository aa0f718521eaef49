"""The run that a session is on: claimed, its folder looked after, its events logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine import events as ev
from engine.claims import claim, release
from engine.errors import RunProblem, reason
from engine.eventlog import EventLog
from engine.runs import RunFolder
from engine.worker.keeping import Keeper


class Current:
    """None at first; then one run after the other. `renewed` is called with a run whose folder was made again."""

    def __init__(self, socket_path: Path, renewed: Callable[[RunFolder], object]) -> None:
        self._socket_path, self._renewed = socket_path, renewed
        self.run: RunFolder | None = None
        self.log: EventLog | None = None
        self._keeper: Keeper | None = None

    @property
    def name(self) -> str:
        """The run's name; empty without one."""
        return self.run.name if self.run else ""

    def enter(self, run: RunFolder) -> None:
        """Make `run` the current one. Raises `RunProblem` where another engine has it, or it cannot be written."""
        try:
            claim(run, self._socket_path)
            same = self.log if self.log and self.log.path == run.events and self.log.is_current() else None
            log = same or EventLog(run.events)
        except OSError as fault:
            release(run)
            raise RunProblem(f"{run.path} cannot be written: {reason(fault)}.") from fault
        self.leave(keep=run, log=log)
        self.run, self.log = run, log
        self._keeper = Keeper(run, log, self._socket_path, lambda: self._renewed(run))

    def leave(self, keep: RunFolder | None = None, log: EventLog | None = None) -> None:
        """Be on no run any more; what goes on with the next one, `keep` with its `log`, is left open."""
        if self._keeper:
            self._keeper.end()
        if self.log and self.log is not log:
            self.log.close()
        if self.run and (keep is None or keep.path != self.run.path):
            release(self.run)

    def release(self, run: RunFolder) -> None:
        """Leave a run to others; its log stays open."""
        if self._keeper and self.run is run:
            self._keeper.end()
        release(run)

    def append(self, event: ev.Event) -> bool:
        """Number and log an event; whether there is a log. From any thread."""
        if self.log is None:
            return False
        if self._keeper:
            self._keeper.before(event)
        self.log.append(event)
        if isinstance(event, ev.Finished) and self.run:
            release(self.run)  # before anybody hears of it: whoever looks then finds the run at its end
        return True

    def look(self) -> bool:
        """See to the folder, also while nothing is told; whether there is news. From any thread."""
        if self._keeper is None or self.log is None:
            return False
        before = self.log.length
        self._keeper.look()
        return self.log.length != before
