"""A run before its first step: whether it has come so far, and its end where the trainer's thread does not get there."""

from __future__ import annotations

import threading
import time

from engine import events as ev
from engine.runs.folder import RunFolder

_AFTER_A_STEP = (ev.Progress, ev.Layers, ev.Paused, ev.EpochEnded, ev.Validation, ev.Finished)


class Beginning:
    """Hears all that the trainer tells of the run under way. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came = self._is_cut = False

    def begin(self) -> None:
        """A run is about to be trained."""
        with self._lock:
            self._came = self._is_cut = False

    @property
    def waits(self) -> bool:
        """Whether no step is known of."""
        return not self._came

    @property
    def is_cut(self) -> bool:
        """Whether the run was ended before its first step."""
        return self._is_cut

    def takes(self, event: ev.Event) -> bool:
        """Note an event; whether it counts: of a run that was cut off nothing does any more."""
        with self._lock:
            if self._is_cut:
                return False
            self._came = self._came or isinstance(event, _AFTER_A_STEP)
            return True

    def cut(self) -> bool:
        """Hear nothing more of the run, unless it has come to a step meanwhile; whether it has not."""
        with self._lock:
            self._is_cut = self._is_cut or not self._came
            return self._is_cut


def ending_of(run: RunFolder, outcome: ev.Outcome, reason: str, fault: ev.Fault = "") -> ev.Finished:
    """The end of a run as its log leaves it."""
    state = run.state()
    return ev.Finished(
        time=round(time.time(), 3),
        run=run.name,
        outcome=outcome,
        reason=reason,
        fault=fault,
        epochs=len(state.epochs),
        step=state.step,
        position=state.position,
        best_epoch=state.best.epoch if state.best else None,
        seconds=state.progress.seconds if state.progress else 0.0,
        test=None,
    )
