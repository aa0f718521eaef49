"""Ends the app with the terminal restored, by force if that takes too long."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

from tui.terminal.signals import HUNG_UP

GRACE_SECONDS = 2.0
"""Time for a regular end before a forced one: a terminal that does not read blocks everything."""
_FAULT_GRACE_SECONDS = 6.0
"""The same after an exception in the app: the traceback must still be written."""
_WRITABLE_SECONDS = 0.2
_INPUT = 0
_LEAVE = (
    b"\x18\x1b[?2004l\x1b[?2048l\x1b[?1016l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1000l\x1b[?1004l\x1b[?7h"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""CAN, in case a sequence was cut off. Off: bracketed paste, size, mouse and focus reports. On: line wrap. Main screen, cursor."""


class Shutdown:
    """Makes sure that the program ends after `begin`.

    A thread waits for `begin`, and calls `gone` with an exit status if the terminal is lost. Without `watch` there is no
    thread and no forced end. `terminal` is the descriptor to draw on.
    """

    terminal = 2

    def __init__(self, gone: Callable[[int], None]) -> None:
        self._gone = gone
        self._begun: tuple[int, str, float] | None = None
        self._wake: int | None = None
        self._attributes: list[Any] | None = None
        self._in_order = False

    def watch(self) -> None:
        """Save the terminal and its settings, and start the thread."""
        self.terminal = os.dup(2)
        with contextlib.suppress(termios.error):
            self._attributes = termios.tcgetattr(_INPUT)
        wait, self._wake = os.pipe()
        threading.Thread(target=self._watch, args=(wait,), name="ending", daemon=True).start()

    def begin(self, status: int, words: str = "", *, fault: bool = False) -> bool:
        """End the app with this exit status and final message; False if that has begun already.

        Safe to call in a signal handler.
        """
        if self._begun is not None:
            return False
        self._begun = (status, words, _FAULT_GRACE_SECONDS if fault else GRACE_SECONDS)
        if self._wake is not None:
            os.write(self._wake, b".")
        return True

    def in_order(self) -> None:
        """Record that the terminal was restored and the final message printed."""
        self._in_order = True

    def at_once(self) -> None:
        """Exit now, without touching the terminal: it belongs to another program."""
        self._in_order = True
        self._end(self._begun or (0, "", 0.0), printed=False)

    def _watch(self, wait: int) -> None:
        signal.pthread_sigmask(
            signal.SIG_BLOCK, {signal.SIGTTOU}
        )  # it would stop us if another program has the terminal
        if hasattr(select, "poll"):
            events = select.poll()
            events.register(wait, select.POLLIN)
            events.register(_INPUT, 0)
            while self._begun is None:
                for descriptor, what in events.poll():
                    if descriptor == _INPUT:
                        events.unregister(_INPUT)
                        if what & (select.POLLHUP | select.POLLERR):
                            self._gone(HUNG_UP)
        os.read(wait, 1)
        begun = self._begun or (0, "", 0.0)
        time.sleep(begun[2])
        self._end(begun, printed=self._in_order)

    def _end(self, begun: tuple[int, str, float], *, printed: bool) -> None:
        status, words, _ = begun
        data = b"" if printed or not words else f"{words}\n".encode("utf-8", "replace")
        with contextlib.suppress(OSError, termios.error):
            terminal = os.dup(self.terminal)
            if not self._in_order:
                self._restore(terminal)
                data = _LEAVE + data
            if select.select([], [terminal], [], _WRITABLE_SECONDS)[1]:
                os.write(terminal, data)
        os._exit(status)

    def _restore(self, terminal: int) -> None:
        """Restore the terminal as far as it responds; a thread may hang in the middle of a frame."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.terminal)  # for pending output
        termios.tcflush(terminal, termios.TCIOFLUSH)
        if self._attributes:
            termios.tcsetattr(terminal, termios.TCSANOW, self._attributes)
