"""The letter box between the session and the trainer: commands in, one look a step."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass

from engine.commands import Abort, Change, PlannedChange, Steering, Stop


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen at steps known beforehand: changes, in order, and a stop."""

    changes: tuple[PlannedChange, ...] = ()
    stop_at: int | None = None


class Control:
    """Commands for the run under way. `post` from any thread; the rest from the trainer's."""

    def __init__(self, plan: Plan | None = None) -> None:
        self._queue: queue.SimpleQueue[Steering] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ending = False
        self.is_stopping = False
        """Whether the trainer has taken a `Stop`: the validation and the test may take their time."""
        plan = plan or Plan()
        self._changes = list(plan.changes)
        self._stop_at = plan.stop_at
        self.why = ""
        """The sentence about why the run is ended, where it was not a person who ended it."""

    def post(self, command: Steering) -> bool:
        """Leave a command for the trainer; whether it will heed it. Once the run is ending, it takes no more than an end."""
        ends = isinstance(command, Stop | Abort)
        with self._lock:
            if self._ending and not ends:
                return False
            self._ending = self._ending or ends
            self._queue.put(command)
        return True

    def end_because(self, why: str) -> None:
        """Have the run end without a test, for a reason."""
        self.why = why
        self.post(Abort())

    @property
    def ending(self) -> bool:
        """Whether it takes no more than an end."""
        with self._lock:
            return self._ending

    def take(self, step: int) -> Steering | None:
        """The next command before step number `step`, or None; costs next to nothing."""
        if self._changes and self._changes[0].step <= step:
            return Change(values=self._changes.pop(0).values)
        if self._stop_at is not None and self._stop_at <= step:
            self._stop_at = None
            return Stop()
        return None if self._queue.empty() else self.wait()

    def goes_on(self, step: int) -> bool:
        """Whether the plan has the run go on before step number `step`, though it be time to stop early."""
        return any(change.step <= step and not change.values for change in self._changes)

    def wait(self) -> Steering:
        """The next command, however long it takes (the run is paused)."""
        command = self._queue.get()
        self.is_stopping = self.is_stopping or isinstance(command, Stop)
        return command

    def end_if_idle(self) -> bool:
        """Take nothing more from anybody, but where something has come meanwhile; whether it is so."""
        with self._lock:
            self._ending = self._ending or self._queue.empty()
            return self._ending

    def end(self, step: int) -> list[Change]:
        """Take nothing more from anybody; the changes that were left here and not taken any more."""
        with self._lock:
            self._ending = True
        left = []
        while (command := self.take(step)) is not None:
            if isinstance(command, Change):
                left.append(command)
        return left
