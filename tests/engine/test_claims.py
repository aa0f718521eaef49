"""Whose run it is: one engine's at a time."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import shutil
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from engine import claims, runs
from engine.claims import claim, release, restore, taken
from engine.errors import RunProblem
from engine.runs import RunFolder, SessionInfo
from engine.runtime import listen
from tests.engine.runs_kit import CONFIG, HOST, create, listening, occupy, root

__all__ = ["listening", "root"]


def test_a_claim_marks_the_run_until_it_is_released(root: Path, listening: Path) -> None:
    run = create(root)
    claim(run, listening)
    assert run.live() == SessionInfo(HOST, os.getpid(), str(listening))
    claim(run, listening)
    release(run)
    assert run.live() is None
    release(run)


def test_a_second_engine_is_refused(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    before = occupy(run, listening, pid=4711)
    with pytest.raises(RunProblem) as caught:
        claim(run, listening)
    assert str(caught.value) == f"mine is running on {HOST} (process 4711); `mnist-tui attach mine` shows it."
    assert run.live() == before


def test_an_engine_on_another_host_is_believed_even_with_our_number(root: Path, listening: Path) -> None:
    run = create(root)
    before = occupy(run, "/nowhere", host="elsewhere", pid=os.getpid())
    with pytest.raises(RunProblem, match="is running on elsewhere"):
        claim(run, listening)
    assert run.live() == before


def test_a_claim_of_a_dead_engine_is_taken_over(root: Path, listening: Path) -> None:
    run = create(root)
    occupy(run, "/nowhere/dead.sock", pid=4711)
    claim(run, listening)
    assert runs.read_session(run).pid == os.getpid()


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
    other = occupy(run, listening, pid=4711)
    release(run)
    assert run.live() == other
    assert taken(run) == other


def test_a_run_of_another_machine_says_what_to_do_where_that_is_gone(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    occupy(run, "/nowhere", host="else\x1b[2Jwhere", pid=7)
    with pytest.raises(RunProblem) as caught:
        claim(run, listening)
    assert str(caught.value) == (
        "mine is running on else?[2Jwhere (process 7); log in there to reach it. "
        f"If that machine was switched off meanwhile, delete {run.session}."
    )


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
    assert run.live() == SessionInfo(HOST, os.getpid(), str(listening))
    assert not list(run.path.glob(".*"))


def test_without_locks_an_engine_that_died_in_its_turn_holds_nobody_up_for_long(
    root: Path, listening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(root, "mine")
    monkeypatch.setattr(fcntl, "flock", no_locks)
    monkeypatch.setattr(claims, "_PATIENCE", 0.05)
    turn = run.path / claims._TURN
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
    monkeypatch.setattr(claims, "_PATIENCE", 0.05)
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
    claim(run, listening)
    config = run.config.read_bytes()
    if left == "nothing":
        shutil.rmtree(root)
    else:
        for each in (run.config, run.session):
            if each.name != left:
                each.unlink()
    restore(run, config, listening)
    assert run.read_config() == CONFIG
    assert run.live() == SessionInfo(HOST, os.getpid(), str(listening))


@pytest.mark.parametrize("at", ["run", "root"])
def test_a_file_in_place_of_a_folder_is_not_touched(root: Path, listening: Path, at: str) -> None:
    run = create(root, "mine")
    blocked = run.path if at == "run" else root
    shutil.rmtree(blocked)
    blocked.write_text("a file")
    with pytest.raises(NotADirectoryError, match="Not a directory"):
        restore(run, b"", listening)
    assert blocked.read_text() == "a file"


def test_a_folder_that_another_engine_has_made_meanwhile_is_left_to_it(root: Path, listening: Path) -> None:
    run = create(root, "mine")
    other = occupy(run, listening, pid=4711)
    with pytest.raises(RunProblem, match="mine is running"):
        restore(run, b"junk", listening)
    assert run.live() == other
    assert run.read_config() == CONFIG
