"""``events.jsonl``: append-only, one writer, one event a line, its sequence number its line number."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from engine.errors import EngineProblem
from engine.events import Event
from engine.protocol import decode_event, encode

RECENT = 4096
"""Lines kept in memory for clients that keep up."""


def read_lines(path: Path, since: int = 0) -> Iterator[bytes]:
    """The log's whole lines from number `since` on, without a torn last one; nothing where there is no log."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    return
                if number >= since:
                    yield line
    except FileNotFoundError:
        return


def read_events(path: Path, since: int = 0) -> Iterator[Event]:
    """The log's events; what cannot be read (a line torn by a power cut) ends it."""
    for line in read_lines(path, since):
        try:
            yield decode_event(line)
        except EngineProblem:
            return


class EventLog:
    """The one writer of a log. May be used from several threads.

    What cannot be written (disk full) is kept and tried again with the next event; `fault` says so meanwhile.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.fault: OSError | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._unsaved: list[bytes] = []
        self.length, self._size = self._sound_part()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        os.ftruncate(self._file, self._size)
        self._recent: deque[bytes] = deque(maxlen=RECENT)

    def _sound_part(self) -> tuple[int, int]:
        count = size = 0
        for line in read_lines(self.path):
            try:
                decode_event(line)
            except EngineProblem:
                break
            count, size = count + 1, size + len(line)
        return count, size

    def append(self, event: Event) -> Event:
        """Number, date and write an event; the event as it was written."""
        with self._lock:
            stamped = msgspec.structs.replace(event, seq=self.length, time=round(self._clock(), 3))
            line = encode(stamped)
            self.length += 1
            self._recent.append(line)
            self._unsaved.append(line)
            self._write()
        return stamped

    def _write(self) -> None:
        data = b"".join(self._unsaved)
        try:
            if self.fault:  # what was begun may still be there
                os.ftruncate(self._file, self._size)
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as fault:
            self.fault = fault
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            return
        self.fault = None
        self._size += len(data)
        self._unsaved.clear()

    def lines(self, since: int) -> list[bytes]:
        """Some lines from number `since` on, oldest first: all that are recent, else a first portion from the disk."""
        with self._lock:
            first = self.length - len(self._recent)
            if since >= first:
                return list(self._recent)[since - first :]
            saved = self.length - len(self._unsaved)
            if since >= saved:
                return self._unsaved[since - saved :][:RECENT]
        portion: list[bytes] = []
        for line in read_lines(self.path, since):
            portion.append(line)
            if len(portion) >= RECENT:
                break
        return portion or list(self._recent)

    def sync(self) -> None:
        """Have the disk hold what was written."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)

    def close(self) -> None:
        """Write what is left, and end."""
        with self._lock:
            if self._unsaved:
                self._write()
            os.close(self._file)
