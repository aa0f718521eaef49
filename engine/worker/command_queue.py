"""The queue of commands from the session to the trainer, which checks it between two steps."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass

from engine.commands import Abort, Change, PlannedChange, Steering, Stop


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes at known steps, in order, and the step to stop at: how a replay repeats an earlier run."""

    changes: tuple[PlannedChange, ...] = ()
    stop_at: int | None = None


class CommandQueue:
    """Commands for the run in training. `post` and `abort_because` are called from any thread, the rest from the trainer's."""

    def __init__(self, plan: Plan | None = None) -> None:
        self._queue: queue.SimpleQueue[Steering] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ending = False
        self.is_stopping = False
        """Whether the trainer has taken a `Stop`: validation and test may take a while."""
        plan = plan or Plan()
        self._changes = list(plan.changes)
        self._stop_at = plan.stop_at
        self.why = ""
        """Why the run is aborted, as a sentence, unless a person aborted it."""

    def post(self, command: Steering) -> bool:
        """Queue a command. Returns False once the run is ending, unless the command is `Stop` or `Abort`."""
        ends = isinstance(command, Stop | Abort)
        with self._lock:
            if self._ending and not ends:
                return False
            self._ending = self._ending or ends
            self._queue.put(command)
        return True

    def abort_because(self, why: str) -> None:
        """Abort the run for the reason `why`."""
        self.why = why
        self.post(Abort())

    @property
    def ending(self) -> bool:
        """Whether only `Stop` and `Abort` are accepted."""
        with self._lock:
            return self._ending

    def take(self, step: int) -> Steering | None:
        """The next command before step number `step`, or None. Cheap enough to call before every step."""
        if self._changes and self._changes[0].step <= step:
            return Change(values=self._changes.pop(0).values)
        if self._stop_at is not None and self._stop_at <= step:
            self._stop_at = None
            return Stop()
        return None if self._queue.empty() else self.wait()

    def overrides_early_stopping(self, step: int) -> bool:
        """Whether the plan continues the run before step number `step` even if early stopping would trigger."""
        return any(change.step <= step and not change.values for change in self._changes)

    def wait(self) -> Steering:
        """Block until there is a command (the run is paused)."""
        command = self._queue.get()
        self.is_stopping = self.is_stopping or isinstance(command, Stop)
        return command

    def end_if_idle(self) -> bool:
        """Accept no further commands if the queue is empty. Returns whether the run is ending."""
        with self._lock:
            self._ending = self._ending or self._queue.empty()
            return self._ending

    def end(self, step: int) -> list[Change]:
        """Accept no further commands; the changes left in the queue."""
        with self._lock:
            self._ending = True
        left = []
        while (command := self.take(step)) is not None:
            if isinstance(command, Change):
                left.append(command)
        return left
