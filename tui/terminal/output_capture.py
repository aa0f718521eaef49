"""Captures output and warnings of libraries and child processes for the Log screen."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import TextIO

_OUTPUT, _ERROR = 1, 2
_READ_SECONDS = 0.2
"""How long to wait for the last output; a program that still runs may keep the pipe open."""


@contextlib.contextmanager
def warnings_to(note: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, pass warnings from any thread to `note`."""
    before = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        note(f"{category.__name__}: {message} ({PurePath(filename).name}, line {lineno})")

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


class OutputCapture:
    """Passes everything written to standard output and error to `note`, line by line, between `start` and `stop`.

    This includes output of C libraries and child processes. `note` is called from a thread.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._before: tuple[int, int] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start capturing, unless started."""
        if self._before is not None:
            return
        self._flush()
        self._before = os.dup(_OUTPUT), os.dup(_ERROR)
        here, there = os.pipe()
        os.dup2(there, _OUTPUT)
        os.dup2(there, _ERROR)
        os.close(there)
        self._reader = threading.Thread(target=self._read, args=(here,), name="strays", daemon=True)
        self._reader.start()

    def stop(self) -> None:
        """Stop capturing and restore the descriptors."""
        if self._before is None:
            return
        self._flush()
        for mine, before in zip((_OUTPUT, _ERROR), self._before, strict=True):
            os.dup2(before, mine)
            os.close(before)
        self._before = None
        if self._reader is not None:
            self._reader.join(_READ_SECONDS)

    def _flush(self) -> None:
        for stream in (sys.__stdout__, sys.__stderr__):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()  # type: ignore[union-attr]

    def _read(self, descriptor: int) -> None:
        with open(descriptor, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.strip():
                    self._note(line.rstrip())
