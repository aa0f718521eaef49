"""The event log whose file is deleted, moved, replaced or cut while it is written."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.events import LogLine, Omitted, SavedAgain
from engine.log import event_log, log_file
from engine.log.event_log import EventLog
from engine.state.run_state import fold
from tests.engine.log_kit import followed, kinds, strictly, texts, write
from tests.events_kit import created

Damage = Callable[[Path], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder / "events.jsonl"


@pytest.fixture
def log(path: Path, monkeypatch: pytest.MonkeyPatch) -> EventLog:
    """A log of six lines, of which memory holds three."""
    monkeypatch.setattr(event_log, "RECENT", 3)
    monkeypatch.setattr(log_file, "INDEXED", 2)
    log = EventLog(path)
    log.append(created())
    for text in "abcde":
        log.append(LogLine(text=text))
    return log


def folder_gone(path: Path) -> None:
    shutil.rmtree(path.parent)


def file_in_place_of_the_folder(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("a file")


def folder_in_place_of_the_file(path: Path) -> None:
    path.unlink()
    path.mkdir()


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


LOST: dict[str, Damage] = {
    "file gone": Path.unlink,
    "folder gone": folder_gone,
    "folder moved": lambda path: path.parent.rename(path.parents[1] / "elsewhere"),
    "a file for the folder": file_in_place_of_the_folder,
    "a folder for the file": folder_in_place_of_the_file,
    "another file": lambda path: (path.unlink(), path.write_text("words\n")),
    "an empty file": lambda path: (path.unlink(), path.touch()),
    "a link to itself": loop,
    "cut short": lambda path: os.truncate(path, 10),
    "emptied": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("damage", LOST.values(), ids=LOST)
def test_a_log_knows_when_it_is_not_where_it_belongs(log: EventLog, path: Path, damage: Damage) -> None:
    assert log.misplaced() is None
    damage(path)
    fault = log.misplaced()
    assert fault is not None
    assert fault.strerror
    log.close()


@pytest.mark.parametrize("damage", [*LOST.values()][:3], ids=[*LOST][:3])
def test_a_log_that_was_deleted_is_put_back_whole(log: EventLog, path: Path, damage: Damage) -> None:
    damage(path)
    log.lose(OSError(errno.ENOENT, "No such file or directory"))
    log.append(LogLine(text="f"))
    path.parent.mkdir(exist_ok=True)
    log.put_back()
    log.append(LogLine(text="g"))
    assert log.fault is None and log.misplaced() is None
    assert kinds(path) == ["RunCreated", *"abcde", "SaveFailed", "f", "SavedAgain", "g"]
    assert fold(strictly(path)).lost == 0
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]
    assert [event.seq for event in followed(log)] == list(range(10))
    log.close()


@pytest.mark.parametrize("damage", [LOST["another file"], LOST["an empty file"]], ids=["another", "empty"])
def test_what_another_program_has_put_in_its_place_is_replaced(log: EventLog, path: Path, damage: Damage) -> None:
    damage(path)
    log.put_back()
    assert texts(path) == list("abcde")
    log.close()


@pytest.mark.parametrize("size", [0, 10, 400])
def test_a_log_that_was_cut_short_is_made_up_from_memory_and_the_loss_is_told(
    log: EventLog, path: Path, size: int
) -> None:
    os.truncate(path, size)
    log.lose(log.misplaced() or OSError())
    log.put_back()
    events = strictly(path)
    assert [type(event) for event in events[:4]] == [type(created()), Omitted, Omitted, Omitted]
    assert [event.text for event in events if isinstance(event, LogLine)] == ["d", "e"]
    assert isinstance(events[-1], SavedAgain)
    assert events[-1].lost == 3
    assert fold(events).lost == 3
    assert fold(events).run == created().run
    assert [event.seq for event in followed(log)] == list(range(log.length))
    log.close()


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO], ids=errno.errorcode.get)
def test_where_the_open_file_cannot_be_read_any_more_memory_has_to_do(
    log: EventLog, path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(LogLine(text="f"))
    path.unlink()
    real = os.pread

    def stale(descriptor: int, size: int, offset: int) -> bytes:
        if not os.fstat(descriptor).st_nlink:
            raise OSError(number, os.strerror(number))
        return real(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", stale)
    assert [type(event) for event in followed(log)][:4] == [Omitted] * 4  # who comes now misses no number either
    log.put_back()
    assert kinds(path) == ["RunCreated", "Omitted", "Omitted", "Omitted", "d", "e", "f"]
    log.close()


def test_a_folder_that_is_moved_away_and_back_is_gone_on_with(log: EventLog, path: Path) -> None:
    elsewhere = path.parents[1] / "elsewhere"
    path.parent.rename(elsewhere)
    log.lose(log.misplaced() or OSError())
    log.append(LogLine(text="f"))
    elsewhere.rename(path.parent)
    before = path.stat().st_ino
    log.retry()
    assert log.fault is None
    assert texts(path) == list("abcdef")
    assert path.stat().st_ino == before
    log.close()


def test_a_copy_that_was_put_in_its_place_is_adopted(log: EventLog, path: Path) -> None:
    """As when a network file system comes back: the same content, another file for the system."""
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    log.append(LogLine(text="f"))
    path.unlink()
    with copy.open("ab") as file:
        file.write(path_content(log)[-1] + b'{"type":"log","se')
    copy.rename(path)
    before = path.stat().st_ino
    log.put_back()
    log.append(LogLine(text="g"))
    assert texts(path) == list("abcdefg")
    assert path.stat().st_ino == before
    log.close()


def path_content(log: EventLog) -> list[bytes]:
    return log.lines(log.length - 1)


@pytest.mark.parametrize("other", ["another run", "an earlier state", "other numbers"])
def test_a_log_of_another_story_is_not_adopted(log: EventLog, path: Path, other: str) -> None:
    content = path.read_bytes()
    path.unlink()
    match other:
        case "another run":
            write(path, *"zyxwvutsrqponm" * 10)
        case "an earlier state":
            path.write_bytes(b"".join(content.splitlines(keepends=True)[:3]))
        case "other numbers":
            path.write_bytes(content.replace(b'"seq":5', b'"seq":7'))
    log.put_back()
    assert path.read_bytes() == content
    log.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO], ids=errno.errorcode.get)
def test_a_log_that_cannot_be_put_back_says_why_and_leaves_nothing_half(
    log: EventLog, path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.unlink()
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if os.fstat(descriptor).st_nlink:
            raise OSError(number, os.strerror(number))
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        log.put_back()
        log.append(LogLine(text="f"))
    assert log.fault is not None and log.fault.errno == number
    assert list(path.parent.iterdir()) == []
    assert [fault.reason for fault in fold(followed(log)).unsaved] == [os.strerror(number)]
    log.put_back()
    assert log.fault is None
    assert texts(path) == list("abcdef")
    log.close()


def test_a_closed_log_is_still_read_where_it_is_and_not_where_another_is(log: EventLog, path: Path) -> None:
    log.close()
    assert [event.seq for event in followed(log)] == list(range(6))
    path.unlink()
    write(path, *"xyzxyz")
    assert [type(event) for event in followed(log)][:3] == [Omitted] * 3


def test_a_log_that_another_engine_has_gone_on_with_is_not_written_to_at_the_end(log: EventLog, path: Path) -> None:
    log.lose(OSError(errno.EIO, "for a while"))
    write(path, "of another")
    content = path.read_bytes()
    assert not log.is_current()
    log.close()
    assert path.read_bytes() == content
