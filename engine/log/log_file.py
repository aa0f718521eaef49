"""The file of an event log: opened with its torn end cut off, appended to in whole lines, put back where it was lost."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from engine.errors import EngineProblem
from engine.log.repair import repaired
from engine.protocol import decode_event, is_later

INDEXED = 1024
"""Of every so many lines the place in the file is known, for readers that are far behind."""
_PIECE = 256 * 1024
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC


class LogFile:
    """A log open for appending: `count` whole lines in `size` bytes. Not thread-safe. Everything may raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = b""
        """The first line, once there is one."""
        self._file = os.open(path, _FLAGS | os.O_CREAT, 0o644)
        self._torn = True
        """Whether there may be something behind the whole lines."""
        try:
            self._find_sound_part()
            if self._repair():
                self._find_sound_part()
            self._cut()
        except BaseException:
            self.close()
            raise

    def append(self, lines: bytes) -> None:
        """Write whole lines. Where not all of them can be written, those that were count, and nothing is left half."""
        if self._torn:
            self._cut()
        written, view = 0, memoryview(lines)
        self._torn = True
        try:
            while written < len(lines):
                written += os.write(self._file, view[written:])
        except OSError:
            self._grow(lines[: lines.rfind(b"\n", 0, written) + 1])
            with contextlib.suppress(OSError):
                self._cut()
            raise
        self._torn = False
        self._grow(lines)

    def at_once(self, since: int) -> int:
        """How many lines from number `since` on are read best together: up to the next whose place is known."""
        return INDEXED - since % INDEXED

    def lines(self, since: int, most: int) -> Iterator[bytes]:
        """At most `most` lines from number `since` on. Goes on with the file it began with, wherever it is read."""
        if since >= self.count:
            return iter(())
        descriptor, end, offset = self._reader(), self.size, self._offsets[since // INDEXED]
        most = min(most, self.count - since)

        def read() -> Iterator[bytes]:
            try:
                yield from islice(_lines(descriptor, offset, end), since % INDEXED, since % INDEXED + most)
            finally:
                os.close(descriptor)

        return read()

    def misplaced(self) -> OSError | None:
        """Why the log is not at its path any more, whole; None where it is, and after `close`."""
        if self._file < 0:
            return None
        try:
            ours, there = os.fstat(self._file), self.path.stat()
        except OSError as fault:
            return fault
        if not os.path.samestat(ours, there):
            return OSError(errno.ENOENT, "another file is in its place")
        if there.st_size < self.size:
            return OSError(errno.EIO, "it was cut short")
        return None

    def is_current(self) -> bool:
        """Whether the log is at its path and ends as it was left, but for what is torn."""
        try:
            return (
                self._file >= 0 and self.misplaced() is None and (self._torn or self.path.stat().st_size == self.size)
            )
        except OSError:
            return False

    def put_back(self, memory: Iterable[bytes]) -> None:
        """Have the log be at its path, from what was written; where that cannot be read any more, from `memory`.

        `memory` has a line for each of the `count` lines. It is begun only where it is needed.
        """
        if self._adopt():
            return
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        made = os.open(beside, _FLAGS | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            remembered = not self._copy_to(made)
            if remembered:
                os.ftruncate(made, 0)
                for line in memory:
                    _write(made, line)
            beside.replace(self.path)
        except BaseException:
            os.close(made)
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
        self._take(made)
        if remembered:
            self._find_sound_part()

    def sync(self) -> None:
        """Have the disk hold what was written."""
        try:
            os.fsync(self._file)
        except OSError as fault:
            if fault.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that has no such thing
                raise

    def close(self) -> None:
        """Give the file up."""
        descriptor, self._file = self._file, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _reader(self) -> int:
        """A descriptor to read with; after `close`, of the path, where the log still is."""
        if self._file >= 0:
            return os.dup(self._file)
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        if os.pread(descriptor, len(self.first), 0) != self.first:
            os.close(descriptor)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))
        return descriptor

    def _find_sound_part(self) -> None:
        self.count = self.size = 0
        self._offsets: list[int] = []
        for line in _lines(self._file, 0):
            if not _is_sound(line):
                break
            self._grow(line)

    def _repair(self) -> bool:
        """Have `omitted` events stand for damaged lines behind which the log goes on; whether there were any.

        The log as it was is kept beside it.
        """
        if os.fstat(self._file).st_size == self.size:
            return False
        kept, lost = repaired(_lines(self._file, 0))
        if not lost or len(kept) <= self.count:
            return False
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        made = os.open(beside, _FLAGS | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            _write(made, b"".join(kept))
            shutil.copyfile(self.path, self.path.with_name(f"{self.path.name}.damaged"))
            beside.replace(self.path)
        except BaseException:
            os.close(made)
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
        self._take(made)
        return True

    def _grow(self, lines: bytes) -> None:
        begin = 0
        while begin < len(lines):
            if self.count % INDEXED == 0:
                self._offsets.append(self.size)
            end = lines.index(b"\n", begin) + 1
            self.first = self.first or lines[begin:end]
            self.count, self.size, begin = self.count + 1, self.size + end - begin, end

    def _cut(self) -> None:
        os.ftruncate(self._file, self.size)
        self._torn = False

    def _take(self, descriptor: int) -> None:
        with contextlib.suppress(OSError):
            self.close()
        self._file, self._torn = descriptor, True

    def _adopt(self) -> bool:
        """Whether the very log is at the path again: a file system that went away and came back, a folder moved back."""
        try:
            found = os.open(self.path, _FLAGS)
        except OSError:
            return False
        with contextlib.suppress(OSError):
            if self._same_as(found):
                self._take(found)
                return True
        os.close(found)
        return False

    def _same_as(self, other: int) -> bool:
        """Whether another file holds what was written, as far as its length and its ends tell."""
        if not self.count or os.fstat(other).st_size < self.size:
            return False
        block = (self.count - 1) // INDEXED
        last = list(_lines(other, self._offsets[block], self.size))
        numbers = range(block * INDEXED, self.count)
        first = os.pread(other, len(self.first), 0)
        return first == self.first and len(last) == len(numbers) and all(map(_has_number, last, numbers))

    def _copy_to(self, descriptor: int) -> bool:
        """Copy what was written; False where it cannot be read any more."""
        at = 0
        while at < self.size:
            try:
                piece = os.pread(self._file, min(_PIECE, self.size - at), at)
            except OSError:
                return False
            if not piece:
                return False
            _write(descriptor, piece)
            at += len(piece)
        return True


def _is_sound(line: bytes) -> bool:
    """Whether a line is an event, of this version or a later one."""
    try:
        decode_event(line)
    except EngineProblem:
        return is_later(line)
    return True


def _has_number(line: bytes, number: int) -> bool:
    try:
        return decode_event(line).seq == number
    except EngineProblem:
        return is_later(line)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _lines(descriptor: int, offset: int, end: int | None = None) -> Iterator[bytes]:
    """The whole lines from a place in a file on."""
    rest = b""
    while piece := os.pread(descriptor, _PIECE if end is None else min(_PIECE, end - offset), offset):
        offset += len(piece)
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line + b"\n"
