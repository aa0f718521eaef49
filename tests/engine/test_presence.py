"""Whether an engine is busy with a run: what decides it, and what does not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import RunProblem
from engine.host import machine
from engine.host.folder_lock import FolderLock, is_locked
from engine.host.machine import boot_id
from engine.runs import folder as runs
from engine.runs import presence
from engine.runs.folder import RunFolder
from engine.runs.lock import claim
from engine.runs.presence import DOOR, SILENT_SECONDS, OutOfTouch, Presence
from engine.sockets import bind
from tests.engine.runs_kit import HOST, create, finish, listening, occupy, root

__all__ = ["listening", "root"]


class Holder:
    """Another process that has a run's folder locked."""

    def __init__(self, run: RunFolder) -> None:
        code = "import sys; from pathlib import Path; from engine.host.folder_lock import FolderLock\n"
        code += "held = FolderLock.take(Path(sys.argv[1])); print('locked', flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", code, str(run.path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"locked\n"

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def run(root: Path) -> RunFolder:
    return create(root, "mine")


@pytest.fixture
def holder(run: RunFolder) -> Iterator[Holder]:
    """A process that has `run` locked."""
    made = Holder(run)
    yield made
    made.kill()


# the lock


def test_a_lock_is_seen_while_its_process_lives_and_no_longer(root: Path) -> None:
    run = create(root)
    held = FolderLock.take(run.path)
    assert held is not None
    assert held.locked
    assert is_locked(run.path)
    assert FolderLock.take(run.path) is None
    held.release()
    assert not is_locked(run.path)


def test_a_lock_ends_with_its_process_however_that_ends(run: RunFolder, holder: Holder) -> None:
    assert is_locked(run.path)
    holder.kill()
    assert not is_locked(run.path)


def test_asking_does_not_lock(run: RunFolder) -> None:
    assert not is_locked(run.path)
    assert not is_locked(run.path / "nowhere")
    held = FolderLock.take(run.path)
    assert held is not None
    held.release()


# this machine


@pytest.mark.parametrize("host", [HOST, "another name"])
@pytest.mark.parametrize("gone", [(), ("session.json",), ("session.json", "config.toml")])
def test_a_locked_run_is_running_whatever_the_machine_is_called_and_whatever_was_deleted(
    run: RunFolder, holder: Holder, host: str, gone: tuple[str, ...]
) -> None:
    occupy(run, "/run/user/1000/gone.sock", host=host, boot=boot_id())
    for name in gone:
        (run.path / name).unlink()
    assert run.status() == "running"
    found = run.presence()
    assert found is not None
    assert (found.here, found.alive) == (True, True)
    assert runs.read_session(run) == found.info
    with pytest.raises(RunProblem, match="mine is running"):
        claim(run, Path("/nowhere"))
    with pytest.raises(RunProblem, match="stop it first"):
        runs.remove_run(run)
    holder.kill()
    assert run.status() == "interrupted"


def test_a_renamed_run_is_running_under_its_new_name(root: Path, run: RunFolder, holder: Holder) -> None:
    renamed = RunFolder(run.path.rename(root / "yours"))
    assert renamed.status() == "running"
    holder.kill()
    assert renamed.status() == "interrupted"


@pytest.mark.parametrize("host", [HOST, "a container that is no more"])
@pytest.mark.parametrize("age", [0.0, 3600.0, -3600.0])
def test_without_the_lock_a_run_of_this_machine_is_interrupted_at_once(run: RunFolder, host: str, age: float) -> None:
    occupy(run, "/nowhere/dead.sock", host=host, boot=boot_id())
    os.utime(run.session, (time.time() - age,) * 2)
    assert run.presence() is None
    assert run.status() == "interrupted"


def test_the_socket_in_the_folder_comes_first(run: RunFolder, holder: Holder) -> None:
    info = occupy(run, "/run/user/1000/gone.sock", boot=boot_id())
    assert runs.read_session(run).socket == info.socket
    with socket.socket(socket.AF_UNIX) as server:
        bind(server, run.path / DOOR)
        assert runs.read_session(run).socket == str(run.path / DOOR)


# another machine


def heard(run: RunFolder, seconds: float, boot: str = "another") -> None:
    """Have the run be of a machine called c1 that was heard from so many seconds ago."""
    occupy(run, "/nowhere", host="c1", boot=boot)
    os.utime(run.session, (time.time() - seconds,) * 2)


@pytest.mark.parametrize("boot", ["another", ""], ids=["now", "0.1.0"])
@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        (0, "running"),
        (SILENT_SECONDS - 5, "running"),
        (SILENT_SECONDS + 5, "unreachable"),
        (1e8, "unreachable"),
        (-3600, "unreachable"),
    ],
)
def test_another_machine_counts_as_running_while_it_was_heard_from_lately(
    run: RunFolder, seconds: float, status: str, boot: str
) -> None:
    heard(run, seconds, boot)
    assert run.status() == status
    assert list(runs.live_runs(run.path.parent)) == []
    with pytest.raises(RunProblem, match="c1"):
        runs.read_session(run)


def test_a_run_that_told_its_end_is_not_unreachable(run: RunFolder) -> None:
    heard(run, 3600)
    finish(run, "stopped")
    assert run.status() == "stopped"


def test_what_cannot_be_reached_says_when_it_was_heard_from(run: RunFolder) -> None:
    heard(run, 3600)
    with pytest.raises(OutOfTouch, match=r"mine was last heard from c1 at 20.* --take-over"):
        runs.read_session(run)


def test_a_time_that_no_calendar_has_does_not_hide_the_machine(run: RunFolder) -> None:
    heard(run, 0)
    found = run.presence()
    assert found is not None
    assert presence.last_heard(Presence(found.info, here=False, alive=False, heard=1e300)) == "last heard from c1"


@pytest.mark.parametrize(("ours", "host", "same"), [("", HOST, True), ("", "c1", False), ("b", HOST, False)])
def test_where_a_boot_is_not_told_the_name_decides(
    monkeypatch: pytest.MonkeyPatch, ours: str, host: str, same: bool
) -> None:
    monkeypatch.setattr(presence, "boot_id", lambda: ours)
    assert presence.SessionInfo(host, 1, "", boot="a").is_of_this_machine is same


def test_this_machine_tells_its_boot() -> None:
    assert machine.boot_id() == machine.boot_id() != ""
