"""Something on the screen at once, while the libraries of the real picture are still being loaded."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import TextIO

from tui.terminal.signals import ENDING

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_BOLD, _FAINT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_WRITABLE_SECONDS = 0.2


@contextlib.contextmanager
def opening(title: str, stream: TextIO | None = None) -> Iterator[None]:
    """Show the title where the app will have it. Whatever ends the program before the app draws, the terminal is
    left as it was.

    A signal ends the process in its handler, with status 128 + its number: there is nothing to be put away yet, and an
    exception raised in the middle of an import can be lost (Python drops those raised in callbacks of the collector).
    """
    out = stream or sys.__stderr__
    before = {number: signal.signal(number, _end) for number in ENDING}
    try:
        _write(out, f"{_ENTER} {_BOLD}mnist-tui{_PLAIN}  {title}\r\n\r\n {_FAINT}opening{_PLAIN}")
        yield
    except BaseException:
        _write(out, _LEAVE)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: object) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        terminal = sys.__stderr__.fileno()  # type: ignore[union-attr]
        if select.select([], [terminal], [], _WRITABLE_SECONDS)[1]:
            os.write(terminal, _LEAVE.encode())
    os._exit(128 + number)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:
        with contextlib.suppress(OSError, UnicodeEncodeError):
            stream.write(text)
            stream.flush()
