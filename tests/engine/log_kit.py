"""Helpers for tests of the event log: writing it, reading it strictly, and a disk that fails as told."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.events import Event, LogLine
from engine.log.event_log import EventLog
from engine.protocol import decode_event


def write(path: Path, *texts: str) -> None:
    """Append lines, and close."""
    log = EventLog(path)
    for text in texts:
        log.append(LogLine(text=text))
    log.close()


def strictly(path: Path) -> list[Event]:
    """All events of a log; asserts that it is sound from its first byte to its last."""
    content = path.read_bytes()
    assert content == b"" or content.endswith(b"\n")
    events = [decode_event(line) for line in content.splitlines()]
    assert [event.seq for event in events] == list(range(len(events)))
    return events


def texts(path: Path) -> list[str]:
    """What a sound log says."""
    return [event.text for event in strictly(path) if isinstance(event, LogLine)]


def kinds(path: Path) -> list[str]:
    """The types of a sound log's events, and of lines what they say."""
    return [event.text if isinstance(event, LogLine) else type(event).__name__ for event in strictly(path)]


def followed(log: EventLog, since: int = 0) -> list[Event]:
    """What a client that has `since` lines is sent: portion after portion until there is no more, without a gap."""
    sent: list[Event] = []
    while lines := log.lines(since + len(sent)):
        sent += [decode_event(line) for line in lines]
        assert [event.seq for event in sent] == list(range(since, since + len(sent)))
    return sent


class Disk:
    """Stands between a log and its file: takes `room` bytes more, `at_once` in each call; may refuse to cut.

    `number` is the fault that it refuses with.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path, room: int, at_once: int = 10**9) -> None:
        self.room, self.at_once, self.cuts, self.number = room, at_once, True, errno.ENOSPC
        real_write, real_cut = os.write, os.ftruncate

        def write(descriptor: int, data: bytes) -> int:
            if not self._is_ours(descriptor, path):
                return real_write(descriptor, data)
            if not self.room:
                raise OSError(self.number, os.strerror(self.number))
            written = real_write(descriptor, data[: min(self.room, self.at_once)])
            self.room -= written
            return written

        def cut(descriptor: int, size: int) -> None:
            if self._is_ours(descriptor, path):
                if not self.cuts:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                self.room += os.fstat(descriptor).st_size - size
            real_cut(descriptor, size)

        monkeypatch.setattr(os, "write", write)
        monkeypatch.setattr(os, "ftruncate", cut)

    @staticmethod
    def _is_ours(descriptor: int, path: Path) -> bool:
        return path.exists() and os.path.samestat(os.fstat(descriptor), path.stat())
