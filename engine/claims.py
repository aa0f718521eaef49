"""Whose run it is: one engine's at a time, also where two begin at the same moment."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from engine.errors import RunProblem
from engine.fields import short
from engine.runs import RunFolder, SessionInfo, write_atomic

_PATIENCE = 5.0
"""Seconds to wait for an engine that is just looking at the run; its look takes one at most."""
_LEFT = 20.0
"""Seconds after which the file of an engine's turn can only be left over."""
_TURN = ".turn"


def claim(run: RunFolder, socket_path: Path) -> None:
    """Mark a run as this process's. Raises `RunProblem` where another engine has it, OSError where nothing is written.

    Between the look whether another engine has it and the mark nobody else looks.
    """
    mine = msgspec.json.encode(SessionInfo(socket.gethostname(), os.getpid(), str(socket_path)))
    with _alone(run):
        if other := taken(run):
            raise _refusal(run, other)
        _sweep(run)
        write_atomic(run.session, mine)


def release(run: RunFolder) -> None:
    """Undo `claim`; where another engine has the run by now, it keeps it."""
    info = run.named_session()
    if info and _is_ours(info):
        with contextlib.suppress(OSError):
            run.session.unlink()


def taken(run: RunFolder) -> SessionInfo | None:
    """The session of another process that is busy with this run, where one is."""
    info = run.named_session()
    return None if info is None or _is_ours(info) else run.live()


def restore(run: RunFolder, config: bytes, socket_path: Path) -> None:
    """Make the folder of a run under way again, as far as it is missing: settings and claim.

    `config` is what its ``config.toml`` held. Raises OSError where that cannot be, `RunProblem` where another engine
    has made a run of this name meanwhile.
    """
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as fault:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(run.path)) from fault
    if config and not run.config.exists():
        write_atomic(run.config, config)
    claim(run, socket_path)


def _is_ours(info: SessionInfo) -> bool:
    return (info.host, info.pid) == (socket.gethostname(), os.getpid())


def _refusal(run: RunFolder, info: SessionInfo) -> RunProblem:
    host = short(info.host, 100)
    if info.host == socket.gethostname():
        return RunProblem(
            f"{run.name} is running on {host} (process {info.pid}); `mnist-tui attach {run.name}` shows it."
        )
    return RunProblem(
        f"{run.name} is running on {host} (process {info.pid}); log in there to reach it. "
        f"If that machine was switched off meanwhile, delete {run.session}."
    )


@contextlib.contextmanager
def _alone(run: RunFolder) -> Iterator[None]:
    """Keep other engines from looking at the run meanwhile: with a lock, or a file where a file system has no locks."""
    with contextlib.ExitStack() as held:
        try:
            file = held.enter_context(run.config.open("r+b"))  # network file systems lock only what can be written
            locked = _patiently(run, functools.partial(_lock, file.fileno()))
        except OSError:
            locked = False
        if not locked:
            turn = run.path / _TURN
            _patiently(run, functools.partial(_make, turn))
            held.callback(_remove, turn)
        yield


def _patiently(run: RunFolder, get: Callable[[], bool]) -> bool:
    """Try until it is had. Raises `RunProblem` where another engine keeps it for too long."""
    give_up = time.monotonic() + _PATIENCE
    while not get():
        if time.monotonic() > give_up:
            raise RunProblem(f"Another engine is about to take {run.name}; try again in a moment.")
        time.sleep(0.01)
    return True


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(turn: Path) -> bool:
    """Make the file that says whose turn it is, unless it is there; one that was left by a crash goes."""
    try:
        turn.touch(exist_ok=False)
    except FileExistsError:
        with contextlib.suppress(OSError):
            if time.time() - turn.stat().st_mtime > _LEFT:
                turn.unlink()
        return False
    return True


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _sweep(run: RunFolder) -> None:
    """Remove what an engine that was killed while it wrote has left; what this process writes just now stays."""
    for unfinished in run.path.glob(".*.tmp"):
        if not unfinished.name.endswith(f".{os.getpid()}.tmp"):
            _remove(unfinished)
