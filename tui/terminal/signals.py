"""What ends the program from outside: a signal, or a terminal that is gone."""

from __future__ import annotations

import select
import signal
from collections.abc import Callable

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
HUNG_UP = 128 + signal.SIGHUP
"""Exit status where the terminal is gone, whether a signal told of it or not."""


def on_signals(end: Callable[[int], None]) -> None:
    """From now on call `end` with the exit status (128 + the signal's number) instead of dying.

    It is called at each signal, between two instructions of the main thread. That a signal was ignored from the start
    changes nothing: a screen without its terminal is of no use.
    """
    for number in ENDING:
        signal.signal(number, lambda number, _frame: end(128 + number))


def hung_up(descriptor: int) -> bool:
    """Whether the terminal there is gone."""
    if not hasattr(select, "poll"):
        return False
    look = select.poll()
    look.register(descriptor, 0)
    return any(what & (select.POLLHUP | select.POLLERR) for _, what in look.poll(0))
