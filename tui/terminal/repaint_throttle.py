"""Repaint throttle: paints immediately after a quiet time, otherwise after a minimum interval."""

from __future__ import annotations

from collections.abc import Callable

INTERVAL = 0.4
"""Minimum time between two paints, in seconds."""


SLOW_LINE = 900.0
"""Bytes per second to send over a slow line: 9600 baud carry 960 at ten bits per byte."""


class LineBudget:
    """Estimates when a line that carries `rate` bytes per second has transmitted everything."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._free = float("-inf")

    def send(self, size: int) -> None:
        """Record that `size` bytes were sent."""
        self._free = max(self._free, self._clock()) + size / self._rate

    @property
    def busy(self) -> float:
        """Seconds until everything has arrived."""
        return max(0.0, self._free - self._clock())


class RepaintThrottle:
    """Calls `paint` at most once per `interval` seconds, never without a change, and always after the last change.

    `later(seconds, callback)` schedules one call; no timer runs while nothing changes. `busy` returns the seconds
    during which painting is useless.
    """

    def __init__(
        self,
        paint: Callable[[], None],
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float],
        interval: float = INTERVAL,
        busy: Callable[[], float] = float,
    ) -> None:
        self._paint, self._later, self._clock, self._interval, self._busy = paint, later, clock, interval, busy
        self._last = float("-inf")
        self._planned = False

    def changed(self) -> None:
        """Request a paint."""
        if not self._planned:
            self._planned = True
            self._later(max(0.0, self._last + self._interval - self._clock(), self._busy()), self._now)

    def _now(self) -> None:
        self._planned = False
        if self._busy() > 0:  # with output sent after this call was scheduled
            self.changed()
            return
        self._last = self._clock()
        self._paint()
