"""When to paint: at once after a quiet time, else as soon as enough time has passed since the last painting."""

from __future__ import annotations

from collections.abc import Callable

INTERVAL = 0.4
"""Least time between two paintings, in seconds."""


SLOW_LINE = 900.0
"""What is sent over a slow line in a second, in bytes: 9600 baud carry 960, at ten bits a byte."""


class Line:
    """What a line still has to carry, if it carries `rate` bytes a second."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._free = float("-inf")

    def send(self, size: int) -> None:
        """So many bytes are on their way."""
        self._free = max(self._free, self._clock()) + size / self._rate

    @property
    def busy(self) -> float:
        """Seconds until all of it has arrived."""
        return max(0.0, self._free - self._clock())


class Pace:
    """Many changes, few paintings: `paint` is called at most once in `interval` seconds and never without a change.

    `later(seconds, callback)` calls back once; there is no timer while nothing changes. The last change is never left
    unpainted. `busy` tells for how many seconds from now there is no use in painting.
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
        """Something is to be painted."""
        if not self._planned:
            self._planned = True
            self._later(max(0.0, self._last + self._interval - self._clock(), self._busy()), self._now)

    def _now(self) -> None:
        self._planned = False
        if self._busy() > 0:  # with what was painted after this was planned
            self.changed()
            return
        self._last = self._clock()
        self._paint()
