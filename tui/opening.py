"""Something on the screen at once, while the libraries of the real picture are still being loaded."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import TextIO

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_BOLD, _FAINT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def opening(title: str, stream: TextIO | None = None) -> Iterator[None]:
    """Show the title where the app will have it. Whatever ends the program before the app draws, the terminal is
    left as it was.
    """
    out = stream or sys.__stderr__
    before = {number: signal.signal(number, _end) for number in _ENDING}
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
    raise SystemExit(128 + number)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:
        with contextlib.suppress(OSError, UnicodeEncodeError):
            stream.write(text)
            stream.flush()
