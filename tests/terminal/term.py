"""A real pseudo-terminal with a program in it: type keys, read the screen, see what is left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pyte

_MODES = {1049: "alternate screen", 1000: "mouse", 1002: "mouse", 1003: "mouse", 1006: "mouse", 2004: "bracketed paste"}


class Term:
    """One program in a pty. Use as a context manager; every wait is bounded and shows the screen when it fails."""

    def __init__(
        self, argv: list[str], columns: int = 120, rows: int = 35, env: Mapping[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.sent = bytearray()
        self.master, self.slave = pty.openpty()
        self._size(columns, rows)
        self._before = termios.tcgetattr(self.slave)
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **(env or {}),
        }
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            argv,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one system call
        )

    def __enter__(self) -> Term:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait(self, pattern: str, seconds: float = 60.0) -> str:
        """Read until the screen matches; the screen."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            left = end - time.monotonic()
            alive = self._read(min(0.2, max(left, 0)))
            if left <= 0 or (not alive and self.process.poll() is not None):
                if re.search(pattern, self.text):
                    break
                raise AssertionError(f"no {pattern!r} on the screen (exit {self.process.poll()}):\n{self.text}")
        return self.text

    def wait_end(self, seconds: float = 30.0) -> int:
        """Read until the program has ended; its exit status."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            self._read(0.05)
            if time.monotonic() > end:
                raise AssertionError(f"still running after {seconds} s:\n{self.text}")
        while self._read(0.05):
            pass
        return self.process.wait()

    def key(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        self._size(columns, rows)
        self.screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def left_behind(self) -> list[str]:
        """What the ended program left switched on; nothing is clean."""
        on: dict[int, bool] = {}
        for modes, letter in re.findall(rb"\x1b\[\?([\d;]+)([hl])", bytes(self.sent)):
            on.update(dict.fromkeys(map(int, modes.split(b";")), letter == b"h"))
        found = [name for code, name in _MODES.items() if on.get(code)]
        if on.get(25) is False:
            found.append("hidden cursor")
        cooked = termios.ICANON | termios.ECHO | termios.ISIG
        if (termios.tcgetattr(self.slave)[3] ^ self._before[3]) & cooked:
            found.append("raw terminal")
        return found

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.sent += data
        with contextlib.suppress(Exception):  # pyte does not know every private sequence
            self._stream.feed(data)
        return bool(data)


def app(home: Path, *arguments: str, columns: int = 120, rows: int = 35, **env: str) -> Term:
    """mnist-tui in a terminal, its files below `home`."""
    argv = [sys.executable, "-P", "-m", "tui", *arguments]
    return Term(argv, columns, rows, {"MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1", **env})
