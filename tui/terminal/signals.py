"""External ends of the program: signals, and a lost terminal."""

from __future__ import annotations

import select
import signal
from collections.abc import Callable

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
HUNG_UP = 128 + signal.SIGHUP
"""Exit status after a lost terminal, with or without a signal."""


def on_signals(end: Callable[[int], None]) -> None:
    """Call `end` with the exit status (128 + the signal's number) at each terminating signal.

    It runs in the signal handler, between two bytecode instructions of the main thread. Signals ignored at the start
    are handled too: the app is useless without its terminal.
    """
    for number in ENDING:
        signal.signal(number, lambda number, _frame: end(128 + number))


def hung_up(descriptor: int) -> bool:
    """Whether the terminal at this descriptor is gone."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
