"""``events.jsonl``: append-only, one writer, one event a line, its sequence number its line number.

Whoever reads passes over what only a later version of mnist-tui knows; what is torn ends a log, and what is
no event in its middle is passed over (`engine.log.repair`).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from engine.errors import EngineProblem, reason
from engine.events import Event, Omitted, Renamed, RunCreated, RunStarted, SavedAgain, SaveFailed
from engine.log.log_file import LogFile
from engine.log.repair import Sieve, number_of
from engine.log.write_buffer import LIMIT, Backlog
from engine.protocol import decode_event, encode, is_later

RECENT = 4096
"""Lines kept in memory for clients that keep up."""
_NAMING = (b'{"type":"run_created"', b'{"type":"renamed"')
_PIECE = 64 * 1024
"""Bytes that are written at once of what had to wait."""


def read_lines(path: Path, since: int = 0) -> Iterator[bytes]:
    """The log's whole lines from number `since` on, without a torn last one; nothing where none can be read."""
    try:
        if not path.is_file():  # a pipe would wait for somebody to write
            return
        with path.open("rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    return
                if number >= since:
                    yield line
    except OSError:
        return


def read_events(path: Path, since: int = 0, without: tuple[bytes, ...] = ()) -> Iterator[Event]:
    """The log's events, but for lines that cannot be read (`engine.log.repair`); a line torn by a power cut ends it.

    Lines that begin as one of `without` are passed over.
    """
    sieve = Sieve(since - 1)
    for line in read_lines(path, since):
        if without and line.startswith(without) and not sieve.damaged:
            sieve.last += 1
            continue
        try:
            event = decode_event(line)
        except EngineProblem:
            if sieve.damaged or not is_later(line):
                sieve.takes(number_of(line))
            else:
                sieve.last += 1
            continue
        if sieve.takes(event.seq) and not (without and line.startswith(without)):
            yield event


def last_name(path: Path) -> str:
    """What the run of a log was called last; empty where it does not tell."""
    name = ""
    for line in read_lines(path):
        if line.startswith(_NAMING):
            with contextlib.suppress(EngineProblem):
                event = decode_event(line)
                name = event.run if isinstance(event, RunCreated | Renamed) else name
    return name


class EventLog:
    """The one writer of a log. May be used from several threads. Only opening it raises OSError.

    What cannot be written (disk full) is kept in memory, `room` bytes of it, and tried again with the next event.
    `fault` is why, while it is so: the log tells it itself, with a `save_failed` before the event that it befell, and a
    `saved_again` once all is written.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, room: int = LIMIT) -> None:
        self.path = path
        self.fault: OSError | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._file = LogFile(path)
        self.length = self._file.count
        self._recent: deque[bytes] = deque(maxlen=RECENT)
        self._backlog = Backlog(self.length, room)
        self._away: OSError | None = None
        """Why the file is not at its path: what is written goes to where nobody finds it."""
        self._unsynced: OSError | None = None
        self._lost = 0

    @property
    def created(self) -> float:
        """When the run of this log was created: it tells two runs of one name apart. 0 before that is known."""
        with self._lock:
            return self._created()

    def append(self, event: Event, then: Callable[[], object] | None = None) -> Event:
        """Number, date and write an event; return it as it was written.

        `then` is called before any reader of `lines` gets the event.
        """
        with self._lock:
            stamped = self._append(event)
            if then is not None:
                then()
        return stamped

    def lines(self, since: int) -> list[bytes]:
        """Some lines from number `since` on, oldest first: all that are recent, else a first portion from the disk."""
        since = max(since, 0)
        with self._lock:
            first = self.length - len(self._recent)
            if since >= first:
                return list(self._recent)[since - first :]
            if since >= self._backlog.first:
                return self._backlog.lines(since, RECENT)
            most = min(RECENT, self._file.at_once(since), self._backlog.first - since)
            created = self._created()
            try:
                found = self._file.lines(since, most)
            except OSError:
                found = iter(())
        portion: list[bytes] = []
        with contextlib.suppress(OSError):
            portion.extend(found)
        missing = range(since + len(portion), since + most)  # of a file that is gone: the numbers are told all the same
        return portion + [encode(Omitted(seq=seq, time=created)) for seq in missing]

    # where the file is

    def moved(self, path: Path) -> None:
        """The file is at another path now."""
        with self._lock:
            self.path = self._file.path = path

    def misplaced(self) -> OSError | None:
        """Why the file is not at its path, whole: deleted, replaced, cut short; None where it is."""
        with self._lock:
            return self._file.misplaced()

    def put_back(self) -> None:
        """Have the file be at its path again, as far as a file that is gone can still be read, else from memory."""
        with self._lock:
            lost = self._lost
            try:
                self._file.put_back(self._remembered())
            except OSError as fault:
                self._away, self._lost = fault, lost
            else:
                self._away = None
            self._settle(self._flush())

    def lose(self, fault: OSError) -> None:
        """The file cannot be at its path, for this reason."""
        with self._lock:
            self._away = fault
            self._settle(self._flush())

    def retry(self) -> None:
        """Write what waits, if it can be written by now."""
        with self._lock:
            if self.fault:
                self._away = self._away and self._file.misplaced()
                if self._unsynced:
                    self._sync()
                self._settle(self._flush())

    def sync(self) -> None:
        """Have the disk hold what was written."""
        with self._lock:
            self._sync()
            self._settle(self._flush())

    def is_current(self) -> bool:
        """Whether nobody else has written to the log since."""
        with self._lock:
            return self._file.is_current()

    def close(self) -> None:
        """Write what is left, unless somebody else has written meanwhile, and end."""
        with self._lock:
            if self._file.is_current():
                self._settle(self._flush())
            self._file.close()

    # under the lock

    def _append(self, event: Event) -> Event:
        if self.fault:
            self._settle(self._flush())
        at_once = not self._backlog
        stamped = self._add(event)
        if at_once and (fault := self._flush()):
            if isinstance(event, RunCreated):  # always event 0
                self._settle(fault)
                return stamped
            self._take_back()
            self._settle(fault)
            stamped = self._add(event)
        if self.fault and isinstance(event, RunStarted):  # which clears the faults of an earlier session
            self._add(SaveFailed(path=str(self.path), reason=reason(self.fault)))
        return stamped

    def _created(self) -> float:
        first = self._file.first or next(iter(self._backlog.lines(0, 1)), b"")
        try:
            event = decode_event(first)
        except EngineProblem:
            return 0.0
        return event.time if isinstance(event, RunCreated) else 0.0

    def _add(self, event: Event) -> Event:
        stamped = msgspec.structs.replace(event, seq=self.length, time=round(self._clock(), 3))
        line = encode(stamped)
        self._backlog.add(line)
        self._recent.append(line)
        self.length += 1
        return stamped

    def _take_back(self) -> None:
        self._backlog.take_back()
        self._recent.pop()
        self.length -= 1

    def _flush(self) -> OSError | None:
        """Write what waits; why not all of it could be written."""
        while self._backlog:
            before = self._file.count
            try:
                self._file.append(self._backlog.chunk(_PIECE))
            except OSError as fault:
                return fault
            finally:
                self._backlog.drop(self._file.count - before)
        return None

    def _settle(self, fault: OSError | None) -> None:
        """Tell where saving does not work, for whatever reason, and where it works again."""
        fault = fault or self._away or self._unsynced
        told, self.fault = self.fault, fault
        if fault is None:
            if told is not None:
                self._say_saved_again(told)
        elif told is None or reason(told) != reason(fault):
            self._add(SaveFailed(path=str(self.path), reason=reason(fault)))
            self._flush()

    def _say_saved_again(self, told: OSError) -> None:
        lost = self._lost + self._backlog.lost
        self._add(SavedAgain(path=str(self.path), lost=lost))
        if self._flush():
            self._take_back()
            self.fault = told
        else:
            self._lost = self._backlog.lost = 0

    def _sync(self) -> None:
        try:
            self._file.sync()
        except OSError as fault:
            self._unsynced = fault
        else:
            self._unsynced = None

    def _remembered(self) -> Iterator[bytes]:
        """Every line that was written, as far as memory has it."""
        recent = list(self._recent)
        first, created = self.length - len(recent), self._created()
        for number in range(self._file.count):
            if number >= first:
                yield recent[number - first]
            elif number == 0:
                yield self._file.first
            else:
                self._lost += 1
                yield encode(Omitted(seq=number, time=created))
