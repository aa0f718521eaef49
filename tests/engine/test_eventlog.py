"""The event log: whole lines, numbered without gaps, through crashes, full disks and many threads."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import eventlog
from engine.eventlog import EventLog, read_events, read_lines
from engine.events import LogLine
from engine.protocol import decode_event, encode
from tests.engine.strategies import examples


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def write(path: Path, *texts: str) -> None:
    """Append lines, and close."""
    log = EventLog(path)
    for text in texts:
        log.append(LogLine(text=text))
    log.close()


def texts(path: Path) -> list[str]:
    """What the log says; asserts that it is sound from its first byte to its last."""
    content = path.read_bytes()
    assert content == b"" or content.endswith(b"\n")
    events = [decode_event(line) for line in content.splitlines()]
    assert [event.seq for event in events] == list(range(len(events)))
    return [event.text for event in events if isinstance(event, LogLine)]


# written and read


def test_events_are_numbered_and_dated(path: Path) -> None:
    times = iter([1.00049, 2.5])
    log = EventLog(path, clock=lambda: next(times))
    first = log.append(LogLine(text="a", seq=99, time=99.0))
    second = log.append(LogLine(text="b"))
    log.close()
    assert (first, second) == (LogLine(text="a", seq=0, time=1.0), LogLine(text="b", seq=1, time=2.5))
    assert list(read_events(path)) == [first, second]
    assert path.read_bytes() == encode(first) + encode(second)
    assert log.length == 2


def test_an_event_is_on_its_way_to_the_disk_at_once(path: Path) -> None:
    log = EventLog(path)
    log.append(LogLine(text="a"))
    assert texts(path) == ["a"]
    log.sync()
    log.close()


def test_a_log_is_gone_on_with(path: Path) -> None:
    write(path, "a", "b")
    write(path, "c")
    assert texts(path) == ["a", "b", "c"]


def test_reading_can_begin_in_the_middle(path: Path) -> None:
    write(path, "a", "b", "c")
    assert [event.seq for event in read_events(path, 1)] == [1, 2]
    assert list(read_lines(path, 3)) == []


def test_no_log_holds_nothing(path: Path) -> None:
    assert list(read_lines(path)) == []
    assert list(read_events(path)) == []


# crashes


def test_a_last_line_torn_at_any_byte_is_cut_off(path: Path) -> None:
    write(path, "a", "b")
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    for cut in range(start, len(whole)):
        path.write_bytes(whole[:cut])
        assert [event.seq for event in read_events(path)] == [0]
        log = EventLog(path)
        assert log.length == 1
        assert log.append(LogLine(text="new")).seq == 1
        log.close()
        assert texts(path) == ["a", "new"]


JUNK = {
    "zero bytes": bytes(4096),
    "zero bytes and a line feed": bytes(100) + b"\n",
    "half a line and zero bytes": b'{"type":"log","se' + bytes(50) + b"\n",
    "a blank line": b"\n",
    "words": b"hello\n",
    "another program's": b'{"level":"info"}\n',
    "not utf-8": b'{"type":"log","text":"\xff"}\n',
    "a long tail": b"x" * 200_000,
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_a_junk_tail_is_cut_off(path: Path, junk: bytes) -> None:
    write(path, "a", "b")
    with path.open("ab") as file:
        file.write(junk)
    assert [event.seq for event in read_events(path)] == [0, 1]
    write(path, "c")
    assert texts(path) == ["a", "b", "c"]


def test_what_stands_behind_junk_is_not_believed(path: Path) -> None:
    write(path, "a")
    line = encode(LogLine(text="b", seq=1))
    with path.open("ab") as file:
        file.write(b"junk\n" + line)
    assert [event.seq for event in read_events(path)] == [0]
    write(path, "c")
    assert texts(path) == ["a", "c"]


# full disks


class Disk:
    """Stands between a log and its file: takes `room` bytes more, `at_once` in each call; may refuse to cut."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path, room: int, at_once: int = 10**9) -> None:
        self.room, self.at_once, self.cuts = room, at_once, True
        real_write, real_cut = os.write, os.ftruncate

        def write(descriptor: int, data: bytes) -> int:
            if not self._is_ours(descriptor, path):
                return real_write(descriptor, data)
            if not self.room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
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


@pytest.fixture
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_lines_of_a_full_disk_are_kept_and_written_later(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    log.append(LogLine(text="a"))
    disk = Disk(patched, path, room=30)
    for text in "bcd":
        log.append(LogLine(text=text))
        assert isinstance(log.fault, OSError)
        assert log.fault.errno == errno.ENOSPC
        assert texts(path) == ["a"]
    assert log.length == 4
    disk.room = 10**6
    log.append(LogLine(text="e"))
    assert log.fault is None
    assert texts(path) == list("abcde")
    log.close()


def test_a_log_that_is_closed_writes_what_is_left(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    disk = Disk(patched, path, room=0)
    log.append(LogLine(text="a"))
    assert texts(path) == []
    disk.room = 10**6
    log.close()
    assert texts(path) == ["a"]


def test_a_log_closes_on_a_disk_that_stays_full(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    log.append(LogLine(text="a"))
    Disk(patched, path, room=10)
    log.append(LogLine(text="b"))
    log.close()
    assert texts(path) == ["a"]


def test_a_line_that_could_not_be_taken_back_spoils_no_later_one(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    disk = Disk(patched, path, room=20)
    disk.cuts = False
    log.append(LogLine(text="a"))
    assert path.stat().st_size == 20
    disk.cuts, disk.room = True, 10**6
    log.append(LogLine(text="b"))
    log.close()
    assert texts(path) == ["a", "b"]


def test_writes_that_take_a_few_bytes_each_are_gone_on_with(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    Disk(patched, path, room=10**6, at_once=7)
    for text in "abc":
        log.append(LogLine(text=text))
    assert log.fault is None
    log.close()
    assert texts(path) == ["a", "b", "c"]


@examples(60)
@given(
    doings=st.lists(st.sampled_from(("append", "append", "append", "room", "little room", "read")), max_size=30),
    at_once=st.sampled_from((1, 10, 10**9)),
    recent=st.integers(1, 6),
)
def test_whatever_the_disk_does_the_log_is_whole_and_readers_miss_nothing(
    doings: list[str], at_once: int, recent: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(eventlog, "RECENT", recent)
        path = Path(folder) / "events.jsonl"
        log = EventLog(path)
        disk = Disk(patch, path, room=100, at_once=at_once)
        appended: list[str] = []
        for doing in doings:
            match doing:
                case "append":
                    appended.append(str(len(appended)))
                    log.append(LogLine(text=appended[-1]))
                case "room":
                    disk.room += 500
                case "little room":
                    disk.room += 30
                case "read":
                    for since in range(len(appended) + 2):
                        assert followed(log, since) == appended[since:]
            assert texts(path) == appended[: len(texts(path))]
            assert (log.fault is None) == (texts(path) == appended)
        disk.room = 10**6
        log.close()
        assert texts(path) == appended


def followed(log: EventLog, since: int) -> list[str]:
    """What a client that has `since` lines is sent: portion after portion until there is no more."""
    sent: list[str] = []
    while lines := log.lines(since + len(sent)):
        events = [decode_event(line) for line in lines]
        assert [event.seq for event in events] == list(range(events[0].seq, events[0].seq + len(events)))
        assert events[0].seq == since + len(sent)
        sent += [event.text for event in events if isinstance(event, LogLine)]
    return sent


# readers and threads


@pytest.mark.parametrize("reopened", [False, True])
def test_lines_come_from_memory_and_from_the_disk_alike(
    path: Path, monkeypatch: pytest.MonkeyPatch, reopened: bool
) -> None:
    monkeypatch.setattr(eventlog, "RECENT", 4)
    write(path, *"abc")
    log = EventLog(path)
    for text in "defghij":
        log.append(LogLine(text=text))
    if reopened:
        log.close()
        log = EventLog(path)
    for since in range(12):
        assert followed(log, since) == list("abcdefghij"[since:])
        assert len(log.lines(since)) <= 4
        assert log.lines(since) == list(read_lines(path, since))[: len(log.lines(since))]
    log.close()


def test_events_of_several_threads_have_each_a_number(path: Path) -> None:
    log = EventLog(path)
    threads, each = 4, 60
    together = threading.Barrier(threads)
    numbers: list[list[int]] = [[] for _ in range(threads)]

    def work(mine: list[int]) -> None:
        together.wait()
        for _ in range(each):
            mine.append(log.append(LogLine(text=f"{id(mine)}")).seq)
            log.lines(mine[-1])

    workers = [threading.Thread(target=work, args=(mine,)) for mine in numbers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    log.close()
    assert sorted(number for mine in numbers for number in mine) == list(range(threads * each))
    assert all(mine == sorted(mine) for mine in numbers)
    told = texts(path)
    assert all(told[number] == f"{id(mine)}" for mine in numbers for number in mine)
