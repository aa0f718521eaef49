"""The run that a session is on: it follows a renamed folder, and leaves what another engine has taken over."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from pathlib import Path

import pytest

from engine import events as ev
from engine.host.folder_lock import FolderLock, is_locked
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder, find_run
from engine.runs.presence import DOOR
from engine.sockets import answers
from engine.worker.server.active_run import ActiveRun
from engine.worker.server.listeners import Listeners
from engine.worker.server.run_lifecycle import finished_from_log
from engine.worker.training.safe_writer import SafeWriter
from tests.engine.runs_kit import CONFIG, HOST, create, listening, occupy, root

__all__ = ["listening", "root"]


class Callbacks:
    """The callbacks of an `ActiveRun`."""

    def __init__(self, socket_path: Path) -> None:
        self.moved: list[str] = []
        self.ousted: list[str] = []
        self.current = ActiveRun(socket_path, lambda run: self.moved.append(run.name), self.ousted.append)

    def enter(self, run: RunFolder) -> RunFolder:
        """Enter a run and log its first event."""
        self.current.enter(run)
        self.current.append(ev.RunCreated(run=run.name, config=CONFIG, version="0.1.0", host=HOST))
        return run


@pytest.fixture
def callbacks(listening: Path) -> Callbacks:
    return Callbacks(listening)


def names(run: RunFolder) -> list[str]:
    """The log's events; checks that their numbers have no gaps."""
    events = list(read_events(run.events))
    assert [event.seq for event in events] == list(range(len(events)))
    return [type(event).__name__ for event in events]


def test_a_renamed_folder_is_followed_and_nothing_is_left_at_its_old_name(callbacks: Callbacks, root: Path) -> None:
    run = callbacks.enter(create(root, "mine"))
    run.path.rename(root / "yours")
    assert callbacks.current.check_folder()
    callbacks.current.append(ev.LogLine(text="on"))
    assert [each.name for each in root.iterdir()] == ["yours"]
    assert (run.name, callbacks.current.name, callbacks.moved) == ("yours", "yours", ["yours"])
    assert names(run) == ["RunCreated", "Renamed", "LogLine"]
    assert run.state().run == find_run("mine", root).name == "yours"
    callbacks.current.release(run)
    assert not run.session.exists()
    assert not is_locked(run.path)


def test_what_was_to_be_saved_under_the_old_name_is_saved_under_the_new_one(callbacks: Callbacks, root: Path) -> None:
    run = callbacks.enter(create(root, "mine"))
    saver, before = SafeWriter(run, callbacks.current.append), run.checkpoint("last")
    run.path.rename(root / "yours")
    assert saver.save(before, lambda path: path.write_bytes(b"weights"))
    assert run.checkpoint("last").read_bytes() == b"weights"
    assert run.state().unsaved == ()
    assert not saver.is_failing(before)


def test_a_folder_that_is_moved_away_is_made_again(callbacks: Callbacks, root: Path) -> None:
    run = callbacks.enter(create(root, "mine"))
    run.path.rename(root.parent / "trash")
    assert callbacks.current.check_folder()
    assert (run.path, callbacks.moved) == (root / "mine", ["mine"])
    assert names(run)[:1] == ["RunCreated"]
    assert is_locked(run.path)
    assert not is_locked(root.parent / "trash")


def test_a_renamed_run_that_is_entered_logs_its_name_once(callbacks: Callbacks, root: Path, listening: Path) -> None:
    callbacks.enter(create(root, "mine"))
    callbacks.current.leave()
    renamed = RunFolder((root / "mine").rename(root / "yours"))
    for _ in range(2):
        again = Callbacks(listening)
        again.current.enter(renamed)
        again.current.leave()
    assert names(renamed) == ["RunCreated", "Renamed"]


def test_a_run_that_another_machine_has_taken_over_is_left_alone(callbacks: Callbacks, root: Path) -> None:
    run = callbacks.enter(create(root, "mine"))
    copy = root.parent / "log"
    shutil.copy(run.events, copy)
    copy.replace(run.events)
    other = occupy(run, "/nowhere", host="c2", pid=9, boot="another")
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    callbacks.current.check_folder()
    callbacks.current.check_folder()
    saver = SafeWriter(run, callbacks.current.append)
    assert not saver.save(run.checkpoint("last"), lambda path: path.write_bytes(b"weights"))
    callbacks.current.append(ev.LogLine(text="still here"))
    callbacks.current.leave()
    assert callbacks.ousted == ["mine is running on c2 (process 9); log in there to reach it."]
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before
    assert run.named_session() == other


# the way in


async def take_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A visitor; nothing is said."""
    writer.close()


async def test_the_socket_in_a_runs_folder_is_made_again_and_goes_with_the_folder(root: Path, listening: Path) -> None:
    run, doors = create(root, "mine"), Listeners(take_in, listening)
    doors.enter(run)
    assert answers(run.path / DOOR)
    (run.path / DOOR).unlink()
    assert await doors.check(run) is None
    assert answers(run.path / DOOR)
    run.path = run.path.rename(root / "yours")
    inode = (run.path / DOOR).stat().st_ino
    await doors.check(run)
    assert (run.path / DOOR).stat().st_ino == inode
    await doors.check(None)
    assert not answers(run.path / DOOR)


async def test_on_a_file_system_without_sockets_the_first_one_is_made_again(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sockets(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("engine.worker.server.listeners.bind", no_sockets)
    run, doors = create(root, "mine"), Listeners(take_in, listening)
    doors.enter(run)
    assert await doors.check(run) is None
    shutil.rmtree(listening.parent)
    found = await doors.check(run)
    assert found is not None
    assert found != listening
    assert answers(found)
    doors.close()
    assert not found.exists()


def test_a_changed_socket_is_recorded_for_clients(callbacks: Callbacks, root: Path, tmp_path: Path) -> None:
    run = callbacks.enter(create(root, "mine"))
    callbacks.current.set_socket(tmp_path / "new.sock")
    info = run.named_session()
    assert info is not None
    assert (info.socket, info.pid) == (str(tmp_path / "new.sock"), os.getpid())


def test_no_client_gets_the_end_before_the_run_is_released(callbacks: Callbacks, root: Path) -> None:
    run = callbacks.enter(create(root, "mine"))
    log = callbacks.current.log
    assert log is not None
    got_the_end, over = threading.Event(), threading.Event()
    locked: list[bool] = []

    def client() -> None:
        while not any(b'"finished"' in line for line in log.lines(0)):
            if over.is_set():
                return
        locked.append(is_locked(run.path))
        got_the_end.set()

    reader = threading.Thread(target=client)
    reader.start()
    release = FolderLock.release

    def slowly(lock: FolderLock) -> None:
        got_the_end.wait(0.2)
        release(lock)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FolderLock, "release", slowly)
        callbacks.current.append(finished_from_log(run, "completed", "So it ended."))
    got_the_end.wait(30)
    over.set()
    reader.join()
    assert locked == [False]
