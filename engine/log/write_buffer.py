"""Lines of a log that wait for a disk to take them: in order, numbered without gaps, and bounded in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from engine.events import SUPERSEDED, Omitted, RunCreated, RunStarted, line_starts
from engine.protocol import encode

LIMIT = 16 * 1024 * 1024
"""Bytes of lines that are kept; at twelve events a second, more than an hour of training."""
_OVERHEAD = 64
"""Bytes that a line takes beside its characters."""


_DETAILS = line_starts(*SUPERSEDED)
_FRAME = line_starts(RunCreated, RunStarted)


class _Stamp(msgspec.Struct):
    time: float = 0.0


class _Gap(msgspec.Struct):
    """Lines one after the other that were given up; `time` is that of the first."""

    count: int
    time: float


class Backlog:
    """The lines from number `first` on.

    Where they come to more than `limit` bytes, the oldest details (progress, previews, printed lines) are given up
    first, then the oldest of everything but what a run began with. A line that was given up keeps its number: it reads
    as an `omitted` event, and `lost` counts it.
    """

    def __init__(self, first: int, limit: int = LIMIT) -> None:
        self.first, self.lost = first, 0
        self._limit, self._size, self._count = limit, 0, 0
        self._items: deque[bytes | _Gap] = deque()

    def __len__(self) -> int:
        return self._count

    def add(self, line: bytes) -> None:
        """Put a line at the end."""
        self._items.append(line)
        self._count += 1
        self._size += len(line) + _OVERHEAD
        if self._size > self._limit:
            self._shed(lambda each: each.startswith(_DETAILS))
            if self._size > self._limit * 3 // 4:
                self._shed(lambda each: not each.startswith(_FRAME))

    def take_back(self) -> None:
        """Undo the last `add`."""
        line = self._items.pop()
        assert isinstance(line, bytes)  # noqa: S101 - the last line is never given up
        self._count -= 1
        self._size -= len(line) + _OVERHEAD

    def lines(self, since: int, most: int) -> list[bytes]:
        """At most `most` lines from number `since` on."""
        return list(islice(self._all(since), most))

    def chunk(self, size: int) -> bytes:
        """The first lines, together, until they come to `size` bytes."""
        lines, total = [], 0
        for line in self._all(self.first):
            lines.append(line)
            total += len(line)
            if total >= size:
                break
        return b"".join(lines)

    def drop(self, count: int) -> None:
        """The first `count` lines are written."""
        self.first += count
        self._count -= count
        while count:
            item = self._items[0]
            if isinstance(item, _Gap) and item.count > count:
                item.count -= count
                return
            self._items.popleft()
            if isinstance(item, _Gap):
                count -= item.count
            else:
                count -= 1
                self._size -= len(item) + _OVERHEAD

    def _all(self, since: int) -> Iterator[bytes]:
        number = self.first
        for item in self._items:
            if isinstance(item, bytes):
                if number >= since:
                    yield item
                number += 1
                continue
            for seq in range(max(number, since), number + item.count):
                yield encode(Omitted(seq=seq, time=item.time))
            number += item.count

    def _shed(self, may_go: Callable[[bytes], bool]) -> None:
        """Give up lines, the oldest first and never the last, until half of the room is free."""
        kept: deque[bytes | _Gap] = deque()
        last = self._items[-1]
        for item in self._items:
            if isinstance(item, _Gap):
                gap = item
            elif item is last or self._size <= self._limit // 2 or not may_go(item):
                kept.append(item)
                continue
            else:
                self._size -= len(item) + _OVERHEAD
                self.lost += 1
                gap = _Gap(1, msgspec.json.decode(item, type=_Stamp).time)
            if kept and isinstance(before := kept[-1], _Gap):
                before.count += gap.count
            else:
                kept.append(gap)
        self._items = kept
