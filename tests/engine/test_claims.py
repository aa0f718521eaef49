"""Whose run it is: one engine's at a time."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import re
import shutil
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from engine.errors import RunProblem
from engine.events import LogLine, RunCreated
from engine.host import folder_lock
from engine.host.machine import boot_id
from engine.log.event_log import EventLog, read_events
from engine.runs import folder as runs
from engine.runs import lock
from engine.runs.folder import RunFolder
from engine.runs.lock import claim, taken
from engine.runs.presence import SILENT_SECONDS, OutOfTouch, SessionInfo
from engine.sockets import listen
from tests.engine.runs_kit import CONFIG, HOST, create, listening, occupy, root

__all__ = ["listening", "root"]


def ours(run: RunFolder, listening: Path) -> SessionInfo:
    """What ``session.json`` holds of a run that this process has."""
    info = run.named_session()
    assert info is not None
    assert (info.host, info.pid, info.socket, info.boot) == (HOST, os.getpid(), str(listening), boot_id())
    return info


def test_a_claim_marks_the_run_until_it_is_released(root: Path, listening: Path) -> None:
    run = create(root)
    held = claim(run, listening)
    assert run.live() == ours(run, listening)
    assert taken(run) is None
    held.release()
    assert run.live() is None
    assert {each.name for each in run.path.iterdir()} == {"config.toml"}
    held.release()


def test_a_second_engine_is_refused(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    before = occupy(run, listening, pid=4711)
    with pytest.raises(RunProblem) as caught:
        claim(run, listening)
    assert str(caught.value) == f"mine is running on {HOST} (process 4711); `mnist-tui attach mine` shows it."
    assert run.live() == before


@pytest.mark.parametrize("gone", [("session.json",), ("session.json", "config.toml"), ("config.toml",)])
def test_a_locked_run_is_refused_whatever_was_deleted(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch, gone: tuple[str, ...]
) -> None:
    monkeypatch.setattr(folder_lock, "PATIENCE", 0.02)
    run = create(root, "mine")
    held = claim(run, listening)
    for name in gone:
        (run.path / name).unlink()
    with pytest.raises(RunProblem, match=f"mine is running on {HOST}"):
        claim(run, listening)
    held.release()
    claim(run, listening).release()


def test_a_renamed_run_is_still_locked_and_may_follow_its_folder(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_lock, "PATIENCE", 0.02)
    run = create(root, "mine")
    held = claim(run, listening)
    assert held.new_place() is None
    renamed = RunFolder(run.path.rename(root / "yours"))
    with pytest.raises(RunProblem, match="yours is running"):
        claim(renamed, listening)
    assert held.new_place() == renamed.path
    renamed.path.rename(root.parent / "elsewhere")
    assert held.new_place() is None  # deleted into a trash folder, say


@pytest.mark.parametrize("host", [HOST, "elsewhere"])
def test_an_engine_on_another_machine_is_believed_whatever_it_is_called(root: Path, listening: Path, host: str) -> None:
    run = create(root, "mine")
    before = occupy(run, listening, host=host, pid=os.getpid(), boot="another")
    with pytest.raises(RunProblem) as caught:
        claim(run, listening)
    assert str(caught.value) == f"mine is running on {host} (process {os.getpid()}); log in there to reach it."
    assert run.live() == before


@pytest.mark.parametrize("host", [HOST, "c1"])
def test_a_claim_of_a_dead_engine_of_this_machine_is_taken_over(root: Path, listening: Path, host: str) -> None:
    run = create(root)
    occupy(run, "/nowhere/dead.sock", pid=4711, host=host, boot=boot_id())
    claim(run, listening)
    assert runs.read_session(run).pid == os.getpid()


def test_the_same_name_and_number_on_another_boot_is_not_this_process(root: Path, listening: Path) -> None:
    run = create(root)
    info = occupy(run, listening, pid=os.getpid(), boot="another")
    assert taken(run) == info


@pytest.mark.parametrize("host", [HOST, "elsewhere"])
def test_a_live_run_is_not_removed(root: Path, listening: Path, host: str) -> None:
    run = create(root, "mine")
    occupy(run, listening, host=host)
    with pytest.raises(RunProblem, match=r"mine is running; stop it first\."):
        runs.remove_run(run)
    assert run.config.is_file()


def test_a_run_is_removed_with_all_that_is_in_it(root: Path) -> None:
    run, other = create(root), create(root)
    run.checkpoint("last").write_bytes(b"weights")
    runs.remove_run(run)
    assert [each.name for each in runs.all_runs(root)] == [other.name]
    assert list(root.iterdir()) == [other.path]


def test_what_another_engine_has_by_now_is_not_released(root: Path, listening: Path) -> None:
    run = create(root)
    held = claim(run, listening)
    other = occupy(run, listening, pid=4711, boot="another")
    held.release()
    assert run.live() == other
    assert taken(run) == other


# another machine that has gone silent


def silent(run: RunFolder, host: str = "c1", seconds: float = SILENT_SECONDS + 5) -> None:
    """Have the run be another machine's, heard from some time ago."""
    occupy(run, "/nowhere", host=host, pid=7, boot="another")
    then = time.time() - seconds
    os.utime(run.session, (then, then))


def test_a_run_of_a_machine_that_is_silent_says_so_and_how_to_take_it_over(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    silent(run, "else\x1b[2Jwhere")
    with pytest.raises(OutOfTouch) as caught:
        claim(run, listening)
    assert re.fullmatch(
        r"mine was last heard from else\?\[2Jwhere at 20\d\d-\d\d-\d\d \d\d:\d\d, and nothing tells whether it still trains "
        r"there\. `mnist-tui resume mine --take-over` goes on with it here; .*",
        str(caught.value),
    )


def test_it_is_taken_over_on_purpose_alone(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    silent(run)
    held = claim(run, listening, take_over=True)
    assert run.live() == ours(run, listening)
    held.release()


def test_one_that_was_heard_from_lately_is_not_taken_over(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    silent(run, seconds=SILENT_SECONDS - 5)
    with pytest.raises(RunProblem, match="mine is running on c1"):
        claim(run, listening, take_over=True)


def test_what_the_other_machine_still_writes_goes_into_a_log_that_nobody_reads(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    theirs = EventLog(run.events)
    theirs.append(RunCreated(run="mine", config=CONFIG, version="0.1.0", host="c1"))
    silent(run)
    claim(run, listening, take_over=True)
    mine = EventLog(run.events)
    theirs.append(LogLine(text="theirs"))
    mine.append(LogLine(text="mine"))
    theirs.close()
    assert [type(event).__name__ for event in read_events(run.events)] == ["RunCreated", "LogLine"]
    assert run.state().log == ("mine",)


def test_whoever_was_taken_over_finds_that_out_and_leaves_the_run_alone(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    held = claim(run, listening)
    other = occupy(run, "/nowhere", host="c2", pid=9, boot="another")
    assert taken(run) == other
    held.beat()
    with pytest.raises(RunProblem, match="mine is running on c2"):
        held.restore(b"junk")
    held.release()
    assert run.named_session() == other


def test_a_sign_of_life_is_seen_by_the_time_of_the_file(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    held = claim(run, listening)
    os.utime(run.session, (0, 0))
    held.beat()
    assert time.time() - run.session.stat().st_mtime < 5


def test_what_a_killed_engine_left_half_written_goes_and_ones_own_stays(root: Path, listening: Path) -> None:
    run = create(root)
    for name in (".last.pt.4711.tmp", ".session.json.4711-ab.tmp", f".last.pt.{os.getpid()}.tmp"):
        (run.path / name).write_bytes(b"half")
    claim(run, listening)
    assert {each.name for each in run.path.iterdir()} == {
        f".last.pt.{os.getpid()}.tmp",
        "config.toml",
        "session.json",
    }


# a file system that lacks something


def no_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.mark.parametrize("owner", ["none", "dead", "junk"])
@pytest.mark.parametrize("lacks", ["locks", "config"])
def test_a_file_system_without_locks_will_do(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch, lacks: str, owner: str
) -> None:
    run = create(root)
    if owner == "dead":
        occupy(run, "/nowhere/dead.sock", pid=4711)
    if owner == "junk":
        run.session.write_bytes(b'{"host":')
    if lacks == "locks":
        monkeypatch.setattr(fcntl, "flock", no_locks)
    else:
        run.config.unlink()
    claim(run, listening)
    assert run.live() == ours(run, listening)
    assert not list(run.path.glob(".*"))


def test_without_locks_an_engine_that_died_in_its_turn_holds_nobody_up_for_long(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(root, "mine")
    monkeypatch.setattr(fcntl, "flock", no_locks)
    monkeypatch.setattr(lock, "_PATIENCE", 0.05)
    turn = run.path / lock._TURN
    turn.touch()
    with pytest.raises(RunProblem, match="Another engine is about to take mine; try again in a moment"):
        claim(run, listening)
    assert turn.exists()
    os.utime(turn, (0, 0))
    claim(run, listening)
    assert not turn.exists()


def test_a_lock_that_is_held_for_long_is_not_waited_for_for_ever(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(root, "mine")
    monkeypatch.setattr(lock, "_PATIENCE", 0.05)
    with run.config.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunProblem, match="Another engine is about to take mine; try again in a moment"):
            claim(run, listening)
    claim(run, listening)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
def test_a_claim_that_cannot_be_written_is_told_to_the_caller_and_nothing_is_left(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    run = create(root)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match=os.strerror(number)):
            claim(run, listening)
    assert [each.name for each in run.path.iterdir()] == ["config.toml"]


# several at the same moment


def contend(folders: list[Path], barrier: Barrier, told: Queue[tuple[int, str]], locks: bool) -> None:
    """In a process of its own: try to get each run at the same moment as the others."""
    if not locks:
        fcntl.flock = no_locks
    server, path = listen()
    for number, folder in enumerate(folders):
        barrier.wait(60)
        try:
            claim(RunFolder(folder), path)
            told.put((number, ""))
        except RunProblem as problem:
            told.put((number, str(problem)))
    barrier.wait(60)
    server.close()


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
@pytest.mark.parametrize("owner", ["none", "dead"])
def test_of_several_at_the_same_moment_exactly_one_gets_the_run(
    root: Path, listening: Path, owner: str, locks: bool
) -> None:
    runs = [create(root, f"run-{number:02}") for number in range(20)]
    if owner == "dead":
        for run in runs:
            occupy(run, "/nowhere/dead.sock", pid=4711)
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(3), context.Queue()
    folders = [run.path for run in runs]
    processes = [context.Process(target=contend, args=(folders, barrier, told, locks)) for _ in range(3)]
    for process in processes:
        process.start()
    answers = [told.get(timeout=60) for _ in range(3 * len(runs))]
    for process in processes:
        process.join(60)
    for number, run in enumerate(runs):
        said = [text for each, text in answers if each == number]
        assert len(said) == 3
        assert said.count("") == 1, said
        assert all(run.name in text for text in said if text)
        assert {each.name for each in run.path.iterdir()} == {"config.toml", "session.json"}


# made anew


@pytest.mark.parametrize("left", ["nothing", "config.toml", "session.json", "another's log"])
def test_a_folder_that_was_deleted_is_made_again(root: Path, listening: Path, left: str) -> None:
    run = create(root, "mine")
    held = claim(run, listening)
    config = run.config.read_bytes()
    if left == "nothing":
        shutil.rmtree(root)
    else:
        for each in (run.config, run.session):
            if each.name != left:
                each.unlink()
    held.restore(config)
    assert run.read_config() == CONFIG
    assert run.live() == ours(run, listening)
    assert folder_lock.is_locked(run.path)
    held.release()


@pytest.mark.parametrize("at", ["run", "root"])
def test_a_file_in_place_of_a_folder_is_not_touched(root: Path, listening: Path, at: str) -> None:
    run = create(root, "mine")
    held = claim(run, listening)
    blocked = run.path if at == "run" else root
    shutil.rmtree(blocked)
    blocked.write_text("a file")
    with pytest.raises(NotADirectoryError, match="Not a directory"):
        held.restore(b"")
    assert blocked.read_text() == "a file"


def test_a_folder_that_another_engine_has_made_meanwhile_is_left_to_it(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    held = claim(run, listening)
    shutil.rmtree(run.path)
    create(root, "mine")
    other = occupy(run, listening, pid=4711)
    with pytest.raises(RunProblem, match="mine is running"):
        held.restore(b"junk")
    held.release()
    assert run.live() == other
    assert run.read_config() == CONFIG
