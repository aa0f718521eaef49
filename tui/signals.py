"""Signals that end the program: told to the app, so that the terminal is put in order first."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def on_signals(end: Callable[[int], None]) -> Iterator[None]:
    """Call `end` with the exit status (128 + the signal's number) instead of dying. In a running event loop only."""
    loop = asyncio.get_running_loop()
    for number in _ENDING:
        loop.add_signal_handler(number, end, 128 + number)
    try:
        yield
    finally:
        for number in _ENDING:
            loop.remove_signal_handler(number)
