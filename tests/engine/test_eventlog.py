"""The event log: whole lines, numbered without gaps, through crashes, other versions and many threads."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from engine.events import LogLine
from engine.log import event_log, log_file
from engine.log.event_log import EventLog, read_events, read_lines
from engine.protocol import decode_event, encode
from engine.state.run_state import fold
from tests.engine.log_kit import followed, texts, write
from tests.events_kit import created


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


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


# readers and threads


@pytest.mark.parametrize("reopened", [False, True])
def test_lines_come_from_memory_and_from_the_disk_alike(
    path: Path, monkeypatch: pytest.MonkeyPatch, reopened: bool
) -> None:
    monkeypatch.setattr(event_log, "RECENT", 4)
    monkeypatch.setattr(log_file, "INDEXED", 3)
    write(path, *"abc")
    log = EventLog(path)
    for text in "defghij":
        log.append(LogLine(text=text))
    if reopened:
        log.close()
        log = EventLog(path)
    for since in range(12):
        assert [event.seq for event in followed(log, since)] == list(range(since, 10))
        assert len(log.lines(since)) <= 4
        assert log.lines(since) == list(read_lines(path, since))[: len(log.lines(since))]
    log.close()


def test_one_that_is_far_behind_is_served_without_reading_from_the_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "RECENT", 4)
    monkeypatch.setattr(log_file, "INDEXED", 8)
    log = EventLog(path)
    for number in range(100):
        log.append(LogLine(text=str(number)))
    with path.open("r+b") as file:  # whoever counts from the start now counts wrongly
        file.seek(path.read_bytes().index(b"\n"))
        file.write(b" ")
    assert [decode_event(line).seq for line in log.lines(50)] == [50, 51, 52, 53]
    log.close()


@pytest.mark.parametrize("since", [-1, -4000])
def test_a_number_below_zero_is_the_start(path: Path, since: int) -> None:
    log = EventLog(path)
    assert log.lines(since) == []
    log.append(LogLine(text="a"))
    assert len(log.lines(since)) == 1
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


# other versions

LATER = {
    "an unknown type": b'{"type":"dreamt","seq":%d,"time":1.0,"of":{"sheep":[1,2]}}\n',
    "an unknown type, sparse": b'{"seq":%d,"type":"dreamt"}\n',
    "an unknown word": b'{"type":"phase","seq":%d,"time":1.0,"name":"dreaming","text":"zzz"}\n',
    "a field of another kind": b'{"type":"log","seq":%d,"time":1.0,"text":["a","b"]}\n',
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_only_a_later_version_knows_is_kept_and_passed_over(path: Path, later: bytes, at: int) -> None:
    before = [encode(LogLine(text="a", seq=seq)) for seq in range(at)]
    content = b"".join([*before, later % at, encode(LogLine(text="b", seq=at + 1))])
    path.write_bytes(content + b'{"type":"log","se')
    log = EventLog(path)
    assert log.append(LogLine(text="new")).seq == at + 2
    sent = log.lines(0)
    log.close()
    assert path.read_bytes().startswith(content)
    assert path.read_bytes().count(b"\n") == at + 3
    assert [event.seq for event in read_events(path)] == [*range(at), at + 1, at + 2]
    log = EventLog(path)
    assert log.lines(0)[: at + 2] == sent[: at + 2]
    assert fold(read_events(path)).log == (*["a"] * at, "b", "new")
    log.close()


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"dreamt"}\n',
        b'{"type":"dreamt","seq":"1"}\n',
        b'{"type":"dreamt","seq":-1}\n',
        b'{"type":"dreamt","seq":true}\n',
        b'{"type":3,"seq":1}\n',
        b'["dreamt",1]\n',
        b'{"type":"dreamt","seq":1}x\n',
        b'{"type":"dreamt","seq":1\n',
        b'{"type":"dreamt","seq":1,"text":"\xff"}\n',
        b'{"type":"dreamt","seq":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    ],
)
def test_what_no_version_writes_is_cut_off(path: Path, line: bytes) -> None:
    write(path, "a")
    with path.open("ab") as file:
        file.write(line)
    assert [event.seq for event in read_events(path)] == [0]
    write(path, "b")
    assert texts(path) == ["a", "b"]


@pytest.mark.parametrize("kind", ["a folder", "a broken disk"])
def test_a_log_that_cannot_be_read_holds_nothing_and_is_not_emptied(
    path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "a folder":
        path.mkdir()
        assert list(read_events(path)) == []
        with pytest.raises(IsADirectoryError):
            EventLog(path)
        return
    write(path, "a")

    def refuse(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", refuse)
        with pytest.raises(OSError, match="Input/output error"):
            EventLog(path)
    assert texts(path) == ["a"]


def test_a_log_knows_when_its_run_was_created(path: Path) -> None:
    log = EventLog(path, clock=lambda: 1_700_000_000.123)
    assert log.created == 0.0
    log.append(created())
    assert log.created == 1_700_000_000.123
    log.close()
    assert EventLog(path).created == 1_700_000_000.123
