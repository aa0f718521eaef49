"""A real pseudo-terminal with a program: type keys, read the screen, check what it leaves behind."""

from __future__ import annotations

import contextlib
import copy
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
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pyte

_MODES = {
    1049: "alternate screen",
    **dict.fromkeys((1000, 1002, 1003, 1006, 1015, 1016), "mouse"),
    1004: "focus reports",
    2004: "bracketed paste",
    2048: "size reports",
}


class Screen(pyte.Screen):  # type: ignore[misc]
    """pyte's screen with an alternate screen: blank on entry, and the main screen is restored on exit."""

    _main: Any = None

    def set_mode(self, *modes: int, **options: Any) -> None:
        super().set_mode(*modes, **options)
        if options.get("private") and 1049 in modes and self._main is None:
            self._main = copy.deepcopy(self.buffer), self.cursor.x, self.cursor.y
            self.erase_in_display(2)
            self.cursor_position()

    def reset_mode(self, *modes: int, **options: Any) -> None:
        super().reset_mode(*modes, **options)
        if options.get("private") and 1049 in modes and self._main is not None:
            (self.buffer, self.cursor.x, self.cursor.y), self._main = self._main, None
            self.dirty.update(range(self.lines))


class Term:
    """One program in a pty. Use as a context manager; every wait is bounded and shows the screen when it fails."""

    def __init__(
        self,
        argv: list[str],
        columns: int = 120,
        rows: int = 35,
        env: Mapping[str, str] | None = None,
        *,
        controlling: bool = True,
    ) -> None:
        """`controlling`: whether it is the program's controlling terminal, so the program gets SIGHUP when it is closed."""
        self.screen = Screen(columns, rows)
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
            "MNIST_TUI_TOUR": "off",
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
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controlling else None,  # noqa: PLW1509
        )

    def __enter__(self) -> Term:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait(self, pattern: str, seconds: float = 60.0) -> str:
        """Read until the screen matches, and return it. A paint may arrive in parts: match everything that is checked."""
        return self.until(lambda text: re.search(pattern, text) is not None, repr(pattern), seconds)

    def until(self, holds: Callable[[str], bool], what: str, seconds: float = 60.0) -> str:
        """Read until `holds` is true for the screen's text, and return the screen."""
        end = time.monotonic() + seconds
        while not holds(self.text):
            left = end - time.monotonic()
            alive = self._read(min(0.2, max(left, 0)))
            if left <= 0 or (not alive and self.process.poll() is not None):
                if holds(self.text):
                    break
                raise AssertionError(f"no {what} on the screen (exit {self.process.poll()}):\n{self.text}")
        return self.text

    def wait_end(self, seconds: float = 30.0) -> int:
        """Read until the program has ended; return its exit status."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            self._read(0.05)
            if time.monotonic() > end:
                raise AssertionError(f"still running after {seconds} s:\n{self.text}")
        while self._read(0.05):
            pass
        return self.process.wait()

    def read_for(self, seconds: float) -> None:
        """Read output for this many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self._read(left) and self.process.poll() is not None:
                time.sleep(min(left, 0.01))

    def hang_up(self) -> None:
        """Close the terminal, like a lost connection."""
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)
        self.master = self.slave = -1

    def key(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        self._size(columns, rows)
        self.screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def left_behind(self) -> list[str]:
        """Terminal modes that the ended program left on; empty if clean."""
        on: dict[int, bool] = {}
        for modes, letter in re.findall(rb"\x1b\[\?([\d;]+)([hl])", bytes(self.sent)):
            on.update(dict.fromkeys(map(int, modes.split(b";")), letter == b"h"))
        found = [name for code, name in _MODES.items() if on.get(code)]
        found += [name for code, name in ((25, "hidden cursor"), (7, "no line wrap")) if on.get(code) is False]
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
    """mnist-tui in a terminal, with its files below `home`."""
    argv = [sys.executable, "-P", "-m", "tui", *arguments]
    return Term(argv, columns, rows, {"MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1", **env})


def engines(home: Path) -> list[psutil.Process]:
    """The engine processes whose files are below `home`."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if "engine.worker" in (process.info["cmdline"] or []) and process.environ().get("MNIST_TUI_HOME") == str(
                home
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found
