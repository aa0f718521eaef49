"""The phases of the engine's work on a run, and the legal transitions between them."""

from __future__ import annotations

import enum
import threading

from engine import events as ev

_AFTER_FIRST_STEP = (ev.Progress, ev.Layers, ev.Paused, ev.EpochEnded, ev.Validation)


class Phase(enum.Enum):
    """What the engine is doing."""

    IDLE = enum.auto()
    PREPARING = enum.auto()
    """A command is being carried out that may start a run, evaluates one, or starts an experiment's next run."""
    STARTING = enum.auto()
    """The trainer thread has a run that has not made its first step."""
    TRAINING = enum.auto()
    FINISHED = enum.auto()
    """`Finished` has been emitted; the trainer thread is about to return."""
    CUT_OFF = enum.auto()
    """The session ended a run whose trainer thread hangs before the first step; the process exits."""


_TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.IDLE: frozenset({Phase.PREPARING}),
    Phase.PREPARING: frozenset({Phase.IDLE, Phase.STARTING}),
    Phase.STARTING: frozenset({Phase.TRAINING, Phase.FINISHED, Phase.CUT_OFF, Phase.IDLE}),
    Phase.TRAINING: frozenset({Phase.FINISHED, Phase.IDLE}),
    Phase.FINISHED: frozenset({Phase.PREPARING, Phase.IDLE}),
    Phase.CUT_OFF: frozenset(),
}
"""STARTING and TRAINING lead straight to IDLE only where the trainer's job was canceled before it ran."""


class PhaseTracker:
    """The current phase. Thread-safe: the trainer thread emits the events that advance it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._phase = Phase.IDLE

    @property
    def current(self) -> Phase:
        """The current phase."""
        return self._phase

    @property
    def is_busy(self) -> bool:
        """Whether the engine takes no command that starts a run."""
        return self._phase is not Phase.IDLE

    @property
    def has_job(self) -> bool:
        """Whether the trainer thread works on a run."""
        return self._phase not in (Phase.IDLE, Phase.PREPARING)

    @property
    def is_steerable(self) -> bool:
        """Whether the run takes commands such as pause and stop."""
        return self.has_job and self._phase is not Phase.FINISHED

    def move(self, to: Phase) -> None:
        """Enter another phase. Raises RuntimeError for an illegal transition."""
        with self._lock:
            self._move(to)

    def accept(self, event: ev.Event) -> bool:
        """Advance the phase by an event of the trainer. Returns False once the run is cut off: the event is dropped."""
        with self._lock:
            if self._phase is Phase.CUT_OFF:
                return False
            if self._phase is Phase.STARTING and isinstance(event, _AFTER_FIRST_STEP):
                self._move(Phase.TRAINING)
            elif self._phase in (Phase.STARTING, Phase.TRAINING) and isinstance(event, ev.Finished):
                self._move(Phase.FINISHED)
            return True

    def cut_off(self) -> bool:
        """Drop all further events of a run that has not made its first step. Returns False where it has."""
        with self._lock:
            if self._phase is not Phase.STARTING:
                return False
            self._move(Phase.CUT_OFF)
            return True

    def _move(self, to: Phase) -> None:
        if to not in _TRANSITIONS[self._phase]:
            raise RuntimeError(f"illegal transition from {self._phase.name} to {to.name}")
        self._phase = to
