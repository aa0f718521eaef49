"""Where sockets live: a directory that nobody else can look into, at a path that every Unix takes."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import EngineProblem
from engine.sockets import answers, bind, listen, runtime_dir, sweep


@pytest.fixture
def base() -> Iterator[Path]:
    """A short temporary folder: pytest's own is too deep for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


@pytest.fixture
def xdg(base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's runtime directory."""
    path = base / "run"
    path.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    return path


@pytest.fixture
def temporary(base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    path = base / "tmp"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
def test_the_directory_is_private_whatever_the_umask(xdg: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = runtime_dir()
    finally:
        os.umask(before)
    assert path == xdg / "mnist-tui"
    assert mode(path) == 0o700
    assert runtime_dir() == path


@pytest.mark.parametrize("loose", [0o755, 0o770, 0o701, 0o777])
def test_a_directory_that_others_can_enter_is_refused(xdg: Path, loose: int) -> None:
    (xdg / "mnist-tui").mkdir()
    (xdg / "mnist-tui").chmod(loose)
    with pytest.raises(EngineProblem, match=r"mnist-tui is not a directory of yours alone \(mode 0700\)"):
        runtime_dir()
    assert mode(xdg / "mnist-tui") == loose


def test_a_link_is_refused(xdg: Path, base: Path) -> None:
    (base / "target").mkdir(mode=0o700)
    (xdg / "mnist-tui").symlink_to(base / "target")
    with pytest.raises(EngineProblem, match="is not a directory of yours alone"):
        runtime_dir()


def test_a_directory_of_somebody_else_is_refused(xdg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime_dir()
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(EngineProblem, match="is not a directory of yours alone"):
        runtime_dir()


def test_a_file_in_its_place_is_refused(xdg: Path) -> None:
    (xdg / "mnist-tui").write_text("")
    with pytest.raises(EngineProblem, match=r"No private directory can be made at .*; set XDG_RUNTIME_DIR\."):
        runtime_dir()


@pytest.mark.parametrize("given", ["", "missing", "file", "relative", "long", "long in bytes"])
def test_a_runtime_directory_that_cannot_be_used_is_passed_over(
    base: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    places = {
        "": "",
        "missing": str(base / "nowhere"),
        "file": str(base / "file"),
        "relative": "run",
        "long": str(base / ("x" * 90)),
        "long in bytes": str(base / ("数" * 30)),
    }
    (base / "file").write_text("")
    monkeypatch.chdir(base)
    for name in ("relative", "long", "long in bytes"):
        Path(places[name]).mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", places[given])
    path = runtime_dir()
    assert path == temporary / f"mnist-tui-sessions-{os.getuid()}"
    assert mode(path) == 0o700


def test_no_variable_means_the_temporary_folder(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert runtime_dir().parent == temporary


def test_a_socket_is_private_and_answers_while_something_listens(xdg: Path) -> None:
    server, path = listen()
    with server:
        assert path.parent == xdg / "mnist-tui"
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert mode(path) == 0o600
        assert path.name.startswith(f"{os.getpid()}-")
        assert answers(path)
    assert not answers(path)
    path.unlink()
    assert not answers(path)


def test_two_sockets_of_one_process_do_not_meet(xdg: Path) -> None:
    (one, first), (two, second) = listen(), listen()
    with one, two:
        assert first != second


def test_a_temporary_folder_too_deep_for_a_socket_is_passed_over(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = base / ("x" * 90)
    deep.mkdir()
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    server, path = listen()
    with server:
        assert answers(path)
    assert path.parent.parent in (Path("/tmp"), Path("/var/tmp"))
    path.unlink()


def test_a_longest_runtime_directory_still_holds_a_socket(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = base / ("x" * (67 - len(str(base)) - 1))
    longest.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(longest))
    server, path = listen()
    with server:
        assert path.is_relative_to(longest)
        assert answers(path)


@pytest.mark.parametrize("kind", ["nothing", "file", "directory", "zero byte", "long", "not listening", "datagram"])
def test_what_does_not_listen_does_not_answer(base: Path, kind: str) -> None:
    path = base / "x.sock"
    unused = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
    with unused:
        match kind:
            case "file":
                path.write_text("")
            case "directory":
                path.mkdir()
            case "zero byte":
                path = base / "a\0b"
            case "long":
                path = base / ("x" * 200)
            case "not listening" | "datagram":
                unused.bind(str(path))
        assert not answers(path)


def test_an_engine_that_is_too_busy_to_answer_is_there(xdg: Path) -> None:
    """It has not taken those who knocked before; a run that it trains must not be given to another."""
    server, path = listen()
    with server, contextlib.ExitStack() as waiting:
        for _ in range(40):
            knocking = waiting.enter_context(socket.socket(socket.AF_UNIX))
            knocking.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                knocking.connect(str(path))
        assert answers(path)


def test_what_a_killed_engine_left_is_swept_away_and_what_lives_stays(xdg: Path) -> None:
    dead, path = listen()
    fresh, young = listen()
    alive, living = listen()
    for each in (path, young, living):
        each.with_suffix(".log").touch()
    dead.close()
    fresh.close()
    for each in (path, living):
        os.utime(each, (0, 0))
    sweep(path.parent)
    assert {each.name for each in path.parent.iterdir()} == {
        name for each in (young, living) for name in (each.name, each.with_suffix(".log").name)
    }
    alive.close()


def test_a_new_socket_is_an_occasion_to_sweep(xdg: Path) -> None:
    dead, path = listen()
    dead.close()
    os.utime(path, (0, 0))
    server, _ = listen()
    server.close()
    assert not path.exists()


def test_a_socket_in_a_deep_folder_is_reached_all_the_same(base: Path) -> None:
    deep = base / ("x" * 90) / ("y" * 90)
    deep.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        bind(server, deep / "engine.sock")
        assert mode(deep / "engine.sock") == 0o600
        assert answers(deep / "engine.sock")
    assert not answers(deep / "engine.sock")
