"""The letter box between the session and the trainer: commands in, one look a step."""

from __future__ import annotations

import queue

from engine.commands import Steering


class Control:
    """Commands for the run under way. `post` from any thread; `take` and `wait` from the trainer's."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Steering] = queue.SimpleQueue()

    def post(self, command: Steering) -> None:
        """Leave a command for the trainer."""
        self._queue.put(command)

    def take(self) -> Steering | None:
        """The next command, or None; costs next to nothing."""
        return None if self._queue.empty() else self._queue.get()

    def wait(self) -> Steering:
        """The next command, however long it takes (the run is paused)."""
        return self._queue.get()
