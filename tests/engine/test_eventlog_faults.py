"""The event log on disks that fail: nothing is lost that memory has room for, and what happens is told in the log."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Event, LogLine, Omitted, SavedAgain, SaveFailed
from engine.log import event_log, log_file
from engine.log.event_log import EventLog
from engine.state.run_state import fold
from tests.engine.log_kit import Disk, followed, kinds, strictly, texts
from tests.engine.strategies import examples
from tests.events_kit import opening

PLENTY = 10**6


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def say(log: EventLog, *texts: str) -> None:
    for text in texts:
        log.append(LogLine(text=text))


def test_lines_of_a_full_disk_are_kept_and_written_later(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    say(log, "a")
    disk = Disk(patched, path, room=30)
    for text in "bcd":
        say(log, text)
        assert log.fault is not None and log.fault.errno == errno.ENOSPC
        assert texts(path) == ["a"]
    disk.room = PLENTY
    say(log, "e")
    assert log.fault is None
    assert kinds(path) == ["a", "SaveFailed", "b", "c", "d", "SavedAgain", "e"]
    log.close()


FAULTS = [
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.ESTALE,
    errno.ENODEV,
    errno.EBADF,
]


@pytest.mark.parametrize("number", FAULTS, ids=errno.errorcode.get)
def test_every_fault_is_told_with_the_path_and_the_reason_until_it_is_over(
    path: Path, patched: pytest.MonkeyPatch, number: int
) -> None:
    log = EventLog(path)
    say(log, "a")
    disk = Disk(patched, path, room=0)
    disk.number = number
    say(log, "b", "c")
    state = fold(followed(log))
    assert [(fault.path, fault.reason) for fault in state.unsaved] == [(str(path), os.strerror(number))]
    disk.room = PLENTY
    log.retry()
    assert fold(followed(log)).unsaved == ()
    assert kinds(path) == ["a", "SaveFailed", "b", "c", "SavedAgain"]
    log.close()


def test_the_fault_is_told_before_the_event_it_befell(path: Path, patched: pytest.MonkeyPatch) -> None:
    """So whoever leaves after a run's last event knows of it."""
    log = EventLog(path)
    Disk(patched, path, room=0)
    assert log.append(LogLine(text="a")).seq == 1
    assert [type(event) for event in followed(log)] == [SaveFailed, LogLine]
    log.close()


def test_another_reason_is_told_and_the_same_one_is_not(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    disk = Disk(patched, path, room=0)
    say(log, "a", "b")
    disk.number = errno.EIO
    say(log, "c", "d")
    assert [event.reason for event in followed(log) if isinstance(event, SaveFailed)] == [
        os.strerror(errno.ENOSPC),
        os.strerror(errno.EIO),
    ]
    assert fold(followed(log)).unsaved[0].reason == os.strerror(errno.EIO)
    log.close()


def test_a_resume_clears_old_faults_but_not_the_one_that_stands(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    Disk(patched, path, room=0)
    for event in opening():
        log.append(event)
    state = fold(followed(log))
    assert [type(event).__name__ for event in followed(log)][:3] == ["RunCreated", "SaveFailed", "Phase"]
    assert state.started is not None
    assert [fault.path for fault in state.unsaved] == [str(path)]
    log.close()


def test_a_disk_that_has_room_for_the_backlog_alone_is_not_said_to_work(
    path: Path, patched: pytest.MonkeyPatch
) -> None:
    log = EventLog(path)
    disk = Disk(patched, path, room=0)
    say(log, "a")
    disk.room = sum(len(line) for line in log.lines(0))
    log.retry()
    assert log.fault is not None
    assert kinds(path) == ["SaveFailed", "a"]
    disk.room = PLENTY
    log.retry()
    assert kinds(path) == ["SaveFailed", "a", "SavedAgain"]
    log.close()


def test_whole_lines_that_were_written_stay_written(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    disk = Disk(patched, path, room=0)
    say(log, *"abcd")
    lines = log.lines(0)
    disk.room = sum(map(len, lines[:3])) + 5
    log.retry()
    assert path.read_bytes() == b"".join(lines[:3])
    disk.room = PLENTY
    log.close()
    assert texts(path) == list("abcd")


def test_a_log_that_is_closed_writes_what_is_left(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    disk = Disk(patched, path, room=0)
    say(log, "a")
    assert texts(path) == []
    disk.room = PLENTY
    log.close()
    assert kinds(path) == ["SaveFailed", "a", "SavedAgain"]


def test_a_log_closes_on_a_disk_that_stays_full(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    say(log, "a")
    Disk(patched, path, room=10)
    say(log, "b")
    log.close()
    assert texts(path) == ["a"]


def test_a_line_that_could_not_be_taken_back_spoils_no_later_one(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    disk = Disk(patched, path, room=20)
    disk.cuts = False
    say(log, "a")
    assert path.stat().st_size == 20
    disk.cuts, disk.room = True, PLENTY
    say(log, "b")
    log.close()
    assert texts(path) == ["a", "b"]


def test_writes_that_take_a_few_bytes_each_are_gone_on_with(path: Path, patched: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    Disk(patched, path, room=PLENTY, at_once=7)
    say(log, *"abc")
    assert log.fault is None
    log.close()
    assert texts(path) == ["a", "b", "c"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
def test_what_the_disk_reports_only_when_asked_to_hold_it_is_told_too(
    path: Path, patched: pytest.MonkeyPatch, number: int
) -> None:
    """As network file systems do."""
    log = EventLog(path)
    say(log, "a")

    def broken(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        log.sync()
        log.retry()
    assert kinds(path) == ["a", "SaveFailed"]
    log.retry()
    assert kinds(path) == ["a", "SaveFailed", "SavedAgain"]
    log.close()


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP], ids=errno.errorcode.get)
def test_a_file_system_that_knows_no_syncing_is_no_fault(path: Path, patched: pytest.MonkeyPatch, number: int) -> None:
    def unknown(_: int) -> None:
        raise OSError(number, os.strerror(number))

    patched.setattr(os, "fsync", unknown)
    log = EventLog(path)
    log.sync()
    assert log.fault is None
    log.close()


def test_memory_is_bounded_while_nothing_can_be_written_and_the_numbers_have_no_gap(
    path: Path, patched: pytest.MonkeyPatch
) -> None:
    patched.setattr(event_log, "RECENT", 10)
    log = EventLog(path, room=40_000)
    disk = Disk(patched, path, room=0)
    for event in opening():
        log.append(event)
    say(log, *map(str, range(3000)))
    told = followed(log)
    assert len(told) == log.length
    assert sum(len(line) for line in log._backlog._items if isinstance(line, bytes)) < 40_000
    disk.room = PLENTY
    log.retry()
    *events, again = strictly(path)
    omitted = [event for event in events if isinstance(event, Omitted)]
    assert again == SavedAgain(seq=log.length - 1, time=again.time, path=str(path), lost=len(omitted))
    assert texts(path) == [str(n) for n in range(3000 - len(texts(path)), 3000)]
    assert len(texts(path)) + len(omitted) + len(opening()) + 2 == len(events)
    state = fold(strictly(path))
    assert state.started is not None
    assert (state.lost, state.unsaved) == (len(omitted), ())
    log.close()


@examples(60)
@given(
    doings=st.lists(st.sampled_from(("append", "append", "append", "room", "little room", "read")), max_size=30),
    at_once=st.sampled_from((1, 10, 10**9)),
    recent=st.integers(1, 6),
    indexed=st.integers(1, 5),
)
def test_whatever_the_disk_does_the_log_is_whole_and_readers_miss_nothing(
    doings: list[str], at_once: int, recent: int, indexed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_log, "RECENT", recent)
        patch.setattr(log_file, "INDEXED", indexed)
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
                    everything = followed(log)
                    assert said(everything) == appended
                    assert [followed(log, since) for since in range(log.length + 2)] == [
                        everything[since:] for since in range(log.length + 2)
                    ]
            assert texts(path) == appended[: len(texts(path))]
            assert (log.fault is None) == (len(strictly(path)) == log.length)
            assert (log.fault is None) == (fold(followed(log)).unsaved == ())
        disk.room = PLENTY
        log.close()
        assert texts(path) == appended
        assert fold(strictly(path)).unsaved == ()


def said(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, LogLine)]
