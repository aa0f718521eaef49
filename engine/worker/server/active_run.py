"""The run that a session is on: claimed, its folder looked after, its events logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine import events as ev
from engine.errors import RunProblem, reason
from engine.log.event_log import EventLog, last_name
from engine.runs.folder import RunFolder
from engine.runs.lock import Claim, claim
from engine.worker.server.run_folder_guard import Keeper


class Current:
    """None at first; then one run after the other.

    `moved` is called with a run whose folder was made again or renamed, `ousted` with the sentence that another engine
    has the run.
    """

    def __init__(
        self, socket_path: Path, moved: Callable[[RunFolder], object], ousted: Callable[[str], object]
    ) -> None:
        self._socket_path, self._moved, self._ousted = socket_path, moved, ousted
        self.run: RunFolder | None = None
        self.log: EventLog | None = None
        self._claim: Claim | None = None
        self._keeper: Keeper | None = None

    @property
    def name(self) -> str:
        """The run's name; empty without one."""
        return self.run.name if self.run else ""

    @property
    def held(self) -> RunFolder | None:
        """The run, while it is ours alone."""
        return self._claim.run if self._claim else None

    def enter(self, run: RunFolder, *, take_over: bool = False) -> None:
        """Make `run` the current one. Raises `RunProblem` where another engine has it, or it cannot be written.

        `take_over`: also where an engine on another machine has gone silent.
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
        self._keeper = Keeper(ours, log, lambda: self._moved(run), self._ousted)
        if log.length and last_name(run.events) not in ("", run.name):
            log.append(ev.Renamed(run=run.name))

    def leave(self, keep: Claim | None = None, log: EventLog | None = None) -> None:
        """Be on no run any more; what goes on with the next one, `keep` with its `log`, is left open."""
        if self._keeper:
            self._keeper.end()
        if self.log and self.log is not log:
            self.log.close()
        if self._claim is not keep:
            self._give_up()

    def release(self, run: RunFolder) -> None:
        """Leave a run to others; its log stays open."""
        if self.run is run:
            if self._keeper:
                self._keeper.end()
            self._give_up()

    def append(self, event: ev.Event) -> bool:
        """Number and log an event; whether there is a log. From any thread."""
        if self.log is None:
            return False
        if self._keeper:
            self._keeper.before(event)
        # Released before any client gets the end: whoever checks then finds the run finished.
        self.log.append(event, self._give_up if isinstance(event, ev.Finished) else None)
        return True

    def look(self) -> bool:
        """See to the folder, also while nothing is told; whether there is news. From any thread."""
        if self._keeper is None or self.log is None:
            return False
        before = self.log.length
        self._keeper.look()
        return self.log.length != before

    def beat(self) -> None:
        """Give a sign of life. From any thread."""
        if held := self._claim:
            held.beat()

    def reached_by(self, socket_path: Path) -> None:
        """Clients reach this engine at another socket now."""
        self._socket_path = socket_path
        if held := self._claim:
            held.sign(socket_path)

    def _give_up(self) -> None:
        held, self._claim = self._claim, None
        if held:
            held.release()
