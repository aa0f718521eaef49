"""Whose run it is: one engine's at a time, also where two begin at the same moment or on two machines.

An engine that is busy with a run holds the lock on its folder and has `session.json` name it. The lock keeps out every
other engine of this machine; `session.json` and its time those on other machines of a shared file system.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from engine.errors import RunProblem
from engine.fields import short
from engine.files import write_atomic
from engine.host.folder_lock import FolderLock
from engine.host.machine import boot_id, host_name
from engine.runs.folder import RunFolder
from engine.runs.presence import DOOR, OutOfTouch, SessionInfo, out_of_touch

_ENGINE = secrets.token_hex(8)
"""What tells this engine process from every other, on whatever machine."""
_PATIENCE = 5.0
"""Seconds to wait for an engine that is just looking at the run; its look takes one at most."""
_LEFT = 20.0
"""Seconds after which the file of an engine's turn can only be left over."""
_TURN = ".turn"


class Claim:
    """A run that is this engine's, until `release`."""

    def __init__(self, run: RunFolder, socket_path: Path, lock: FolderLock) -> None:
        self.run, self._socket_path, self._lock = run, socket_path, lock

    def sign(self, socket_path: Path | None = None) -> None:
        """Have ``session.json`` name this engine, and from now on `socket_path`. Raises OSError."""
        self._socket_path = socket_path or self._socket_path
        info = SessionInfo(host_name(), os.getpid(), str(self._socket_path), boot_id(), _ENGINE)
        write_atomic(self.run.session, msgspec.json.encode(info))

    def beat(self) -> None:
        """Give a sign of life, for those who look from other machines."""
        with contextlib.suppress(OSError):
            if taken(self.run) is None:
                os.utime(self.run.session)

    def new_place(self) -> Path | None:
        """Where the run's folder is now, if it was renamed among the other runs."""
        if self._lock.covers(self.run.path):
            return None
        place = self._lock.place()
        return place if place and place.parent == self.run.path.parent.resolve() else None

    def restore(self, config: bytes) -> None:
        """Make the run's folder again, as far as it is missing: settings, lock and ``session.json``.

        `config` is what its ``config.toml`` held. Raises OSError where that cannot be, `RunProblem` where another engine
        has the run, or has made one of this name meanwhile.
        """
        if other := taken(self.run):
            raise RunProblem(_is_running(self.run, other))
        try:
            self.run.path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as fault:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.run.path)) from fault
        if config and not self.run.config.exists():
            write_atomic(self.run.config, config)
        if self._lock.covers(self.run.path):
            self.sign()
            return
        again = claim(self.run, self._socket_path)
        self._lock.release()
        self._lock = again._lock

    def release(self) -> None:
        """Give the run up; where another engine has it by now, that one keeps it."""
        if self._lock.covers(self.run.path) and taken(self.run) is None:
            for mark in (self.run.session, self.run.path / DOOR):
                _remove(mark)
        self._lock.release()


def claim(run: RunFolder, socket_path: Path, *, take_over: bool = False) -> Claim:
    """Make a run this engine's; `take_over`: also where an engine on another machine has gone silent.

    Raises `RunProblem` where another engine has it (`OutOfTouch` where that may be taken over), OSError where nothing can
    be written.
    """
    lock = FolderLock.take(run.path)
    if lock is None:
        other = run.presence()
        raise RunProblem(_is_running(run, other.info if other else SessionInfo(host_name(), 0, "")))
    try:
        with _alone(run):
            silent = _refuse_if_taken(run, take_over=take_over, locked=lock.locked)
            _sweep(run)
            made = Claim(run, socket_path, lock)
            made.sign()
            if silent:
                _cut_off(run)
    except BaseException:
        lock.release()
        raise
    return made


def taken(run: RunFolder) -> SessionInfo | None:
    """The other engine that ``session.json`` names, where it names one."""
    info = run.named_session()
    return None if info is None or info.engine == _ENGINE else info


def _refuse_if_taken(run: RunFolder, *, take_over: bool, locked: bool) -> bool:
    """Raise where another engine has the run; whether it is taken over from one that has gone silent.

    `locked`: we hold the lock, so of the engines of this machine only one of version 0.1.0, which answers, can have it.
    """
    info = taken(run)
    if info is None:
        return False
    other = run.presence(locked=locked)
    if other is None:
        return False
    if other.alive:
        raise RunProblem(_is_running(run, info, here=other.here))
    if not take_over:
        raise OutOfTouch(out_of_touch(run.name, other))
    return True


def _is_running(run: RunFolder, info: SessionInfo, *, here: bool | None = None) -> str:
    process = f" (process {info.pid})" if info.pid else ""
    host = short(info.host, 100)
    if info.is_of_this_machine if here is None else here:
        return f"{run.name} is running on {host}{process}; `mnist-tui attach {run.name}` shows it."
    return f"{run.name} is running on {host}{process}; log in there to reach it."


def _cut_off(run: RunFolder) -> None:
    """Put a copy in the log's place: an engine elsewhere that still has it open writes to one that nobody reads."""
    beside = run.events.with_name(f".{run.events.name}.{os.getpid()}.tmp")
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(run.events, beside)
        beside.replace(run.events)


@contextlib.contextmanager
def _alone(run: RunFolder) -> Iterator[None]:
    """Keep engines on other machines from looking at the run meanwhile: with a lock, or a file where there are none."""
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
