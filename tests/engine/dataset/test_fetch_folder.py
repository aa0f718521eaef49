"""Fetching into a folder: nothing half however it ends, several at once, and folders that cannot be written to."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import pytest

from engine.dataset import fetch, load
from engine.dataset.partial_file import sweep
from engine.errors import DataProblem
from tests.engine.dataset.fetch_kit import FILES, FIRST, SUMS, expect_complete, get, mirror, server, target
from tests.engine.dataset.mirror import Handler, Mirror, serving
from tests.kit import NAMES
from tests.privileges import modes_count

__all__ = ["mirror", "server", "target"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), BrokenPipeError("progress could not be shown")])
def test_an_interrupt_leaves_nothing_half_and_is_passed_on(fault: BaseException, mirror: Mirror, target: Path) -> None:
    def interrupt(_file: str, done: int, _total: int | None) -> None:
        if done:
            raise fault

    with pytest.raises(type(fault)):
        fetch(target, [mirror.address], interrupt, sha256=SUMS)
    assert list(target.iterdir()) == []
    get(target, mirror.address)
    expect_complete(target)


def test_two_at_once_both_end_well(mirror: Mirror, target: Path) -> None:
    both = threading.Barrier(2, timeout=10)

    def together(handler: Handler) -> None:
        handler.start(len(handler.body()))
        both.wait()
        handler.wfile.write(handler.body())

    mirror.answers.update(dict.fromkeys(FILES, together))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: get(target, mirror.address, timeout=10), range(2)))
    assert results == [[target / name for name in FILES]] * 2
    expect_complete(target)


def test_the_files_are_readable_as_the_umask_says(mirror: Mirror, target: Path) -> None:
    before = os.umask(0o022)
    try:
        get(target, mirror.address)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in target.iterdir()} == {0o644}


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC], ids=["EROFS", "EACCES", "ENOSPC"])
def test_a_folder_that_cannot_be_written_to_is_named_before_anything_is_fetched(
    number: int, mirror: Mirror, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a fault in place of a permission: root may write anywhere."""

    def refuse(path: Path, **_options: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(DataProblem) as problem:
        get(target, mirror.address)
    assert str(problem.value).startswith(f"{target} cannot be written to: {os.strerror(number)}")
    assert "--data-dir DIR or the environment variable MNIST_TUI_DATA_DIR" in str(problem.value)
    assert mirror.asked == []


@pytest.mark.parametrize("have", [(0, 1, 2), (1, 2, 3), ()])
def test_a_folder_that_may_not_be_written_to_is_named_with_the_way_out(
    have: tuple[int, ...], mirror: Mirror, target: Path
) -> None:
    target.mkdir(parents=True)
    for number in have:
        name = f"{NAMES[number]}.gz"
        (target / name).write_bytes(FILES[name])
    before = sorted(target.iterdir())
    target.chmod(0o555)
    with modes_count(), pytest.raises(DataProblem) as problem:
        get(target, mirror.address)
    assert str(problem.value) == (
        f"{target} cannot be written to: Permission denied; make it writable, or choose another folder "
        "with --data-dir DIR or the environment variable MNIST_TUI_DATA_DIR"
    )
    assert mirror.asked == []
    assert sorted(target.iterdir()) == before


def test_a_folder_that_cannot_be_made_is_named_with_the_one_that_forbids_it(mirror: Mirror, tmp_path: Path) -> None:
    parent = tmp_path / "parent"
    parent.mkdir(mode=0o555)
    target = parent / "data" / "mnist"
    with modes_count(), pytest.raises(DataProblem) as problem:
        get(target, mirror.address)
    assert str(problem.value).startswith(
        f"{target} cannot be made: {parent} cannot be written to: Permission denied; make it writable, or choose"
    )
    assert "--data-dir DIR or the environment variable MNIST_TUI_DATA_DIR" in str(problem.value)
    assert mirror.asked == []


def test_a_complete_set_that_may_only_be_read_will_do(mirror: Mirror, target: Path) -> None:
    get(target, mirror.address)
    for path in target.iterdir():
        path.chmod(0o444)
    target.chmod(0o555)
    mirror.asked.clear()
    with modes_count():
        assert get(target, mirror.address) == []
        assert len(load(target).train_images) == 25
    assert mirror.asked == []
    expect_complete(target)


FETCH = """
import json, sys
from pathlib import Path
from engine.dataset import fetch
fetch(Path(sys.argv[1]), [sys.argv[2]], timeout=60, sha256=json.loads(sys.argv[3]))
"""


@contextmanager
def fetching(target: Path, mirror: Mirror) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that fetches; it is in the middle of the first file, and stays there."""
    reached = threading.Event()

    def stall_once(handler: Handler) -> None:
        mirror.answers.clear()
        handler.start(len(handler.body()))
        handler.wfile.write(handler.body()[:100])
        reached.set()
        handler.mirror.closing.wait()

    mirror.answers[FIRST] = stall_once
    with subprocess.Popen([sys.executable, "-c", FETCH, str(target), mirror.address, json.dumps(SUMS)]) as process:
        assert reached.wait(60)
        yield process
        process.kill()


def test_one_that_is_killed_in_the_middle_holds_no_other_up_and_leaves_nothing(target: Path) -> None:
    with serving(FILES) as mirror, fetching(target, mirror) as other:
        assert len(parts(target)) == 1

        def kill(file: str, done: int, total: int | None) -> None:
            if file == FIRST and done:
                assert len(parts(target)) == 2
                other.kill()
                other.wait()

        assert fetch(target, [mirror.address], kill, sha256=SUMS) == [target / name for name in FILES]
    expect_complete(target)


def test_what_one_that_was_killed_later_has_left_goes_with_the_next(target: Path) -> None:
    with serving(FILES) as mirror, fetching(target, mirror) as other:
        get(target, mirror.address)
        assert len(parts(target)) == 1  # it is being written
        other.kill()
        other.wait()
        assert get(target, mirror.address) == []
    expect_complete(target)


def parts(folder: Path) -> list[Path]:
    """Files that are not whole yet."""
    return list(folder.glob(".*.part"))


def test_a_file_system_without_locks_will_do(mirror: Mirror, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    get(target, mirror.address)
    expect_complete(target)


def test_a_new_part_that_another_sweeps_away_is_made_again(
    mirror: Mirror, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.touch
    swept = []

    def touch(path: Path, **options: bool) -> None:
        real(path, **options)
        if not swept:
            swept.append(path)
            sweep(path.parent)
            real(path)
            holding.append(path.open("rb"))
            fcntl.flock(holding[0], fcntl.LOCK_EX)

    holding: list[BufferedReader] = []
    monkeypatch.setattr(Path, "touch", touch)
    get(target, mirror.address)
    assert [path for path in target.iterdir() if path.name.endswith(".part")] == swept
    holding[0].close()
    swept[0].unlink()
    expect_complete(target)


def test_a_disk_that_fills_up_leaves_nothing_half(
    mirror: Mirror, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataProblem, match="cannot be written to: No space left on device"):
        get(target, mirror.address)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("below", ["", "mnist"])
def test_a_file_in_place_of_the_folder_is_named(below: str, mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataProblem, match=r"cannot be written to: (it is not a folder|Not a directory)"):
        get(tmp_path / "file" / below, mirror.address)
    assert mirror.asked == []
