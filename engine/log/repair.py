"""A log with lines in its middle that are no events any more: what is sound before and behind them is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from engine.errors import EngineProblem
from engine.events import Omitted
from engine.protocol import decode_event, encode, is_later


class Sieve:
    """Tells, line by line, which number a line of a log has, or that it is damaged.

    A line's number is the one after the last sound line's; behind damaged ones it is further by as many as these, give or
    take one, since a changed byte can join two lines or cut one in two. What was put between two lines took no number:
    what stands behind that is not believed.
    """

    def __init__(self, last: int = -1) -> None:
        self.last = last
        self.damaged = 0
        """Lines since the last sound one that were none."""

    def takes(self, number: int | None) -> bool:
        """Whether a line with this number (None: it cannot be read) is sound here."""
        if number is not None:
            if not self.damaged and number <= self.last + 1:  # of a log that two engines wrote some numbers come again
                self.last = max(self.last, number)
                return True
            if self.damaged and self.last + 2 <= number <= self.last + 2 + self.damaged:
                self.last, self.damaged = number, 0
                return True
        self.damaged += 1
        return False


def number_of(line: bytes) -> int | None:
    """The number that an event has, of this version or a later one; None for what is none."""
    try:
        return decode_event(line).seq
    except EngineProblem:
        if not is_later(line):
            return None
    found: dict[str, Any] = msgspec.json.decode(line)
    return int(found["seq"])


def repaired(lines: Iterable[bytes]) -> tuple[list[bytes], int]:
    """A log's sound lines, with an `omitted` event for each that is missing between them, and how many of these there are.

    What comes behind the last sound line is left out: it was torn.
    """
    sieve, kept, lost = Sieve(), list[bytes](), 0
    time = 0.0
    for line in lines:
        before, number = sieve.last, number_of(line)
        if not sieve.takes(number):
            continue
        for missing in range(before + 1, sieve.last):
            kept.append(encode(Omitted(seq=missing, time=time)))
            lost += 1
        kept.append(line)
        time = msgspec.json.decode(line, type=_Stamp).time
    return kept, lost


class _Stamp(msgspec.Struct):
    time: float = 0.0


def unreadable(lines: Iterable[bytes]) -> Iterator[int]:
    """The numbers of a log's events that cannot be read, behind which it goes on."""
    sieve = Sieve()
    for line in lines:
        before = sieve.last
        if sieve.takes(number_of(line)):
            yield from range(before + 1, sieve.last)
