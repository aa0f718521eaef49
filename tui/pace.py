"""When to paint: at once after a quiet time, else as soon as enough time has passed since the last painting."""

from __future__ import annotations

from collections.abc import Callable

INTERVAL = 0.4
"""Least time between two paintings, in seconds."""


class Pace:
    """Many changes, few paintings: `paint` is called at most once in `interval` seconds and never without a change.

    `later(seconds, callback)` calls back once; there is no timer while nothing changes. The last change is never left
    unpainted.
    """

    def __init__(
        self,
        paint: Callable[[], None],
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float],
        interval: float = INTERVAL,
    ) -> None:
        self._paint, self._later, self._clock, self._interval = paint, later, clock, interval
        self._last = float("-inf")
        self._planned = False

    def changed(self) -> None:
        """Something is to be painted."""
        if not self._planned:
            self._planned = True
            self._later(max(0.0, self._last + self._interval - self._clock()), self._now)

    def _now(self) -> None:
        self._planned = False
        self._last = self._clock()
        self._paint()
