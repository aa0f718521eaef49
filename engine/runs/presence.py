"""Whether an engine is busy with a run, and where it can be reached.

On this machine the lock on the run's folder decides, and nothing else: no path, host name, process number or clock.
What happens on another machine of a shared file system only shows by the time of ``session.json``, which an engine
renews every `HEARTBEAT_SECONDS`.
"""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import RunProblem
from engine.fields import short
from engine.files import read_json
from engine.host.folder_lock import is_locked
from engine.host.machine import boot_id, host_name
from engine.sockets import answers

SESSION = "session.json"
DOOR = "engine.sock"
"""The socket in a run's folder on which its engine listens."""
HEARTBEAT_SECONDS = 10.0
SILENT_SECONDS = 60.0
"""Seconds without a sign of life after which an engine on another machine does not count as running."""


class SessionInfo(msgspec.Struct, frozen=True):
    """Which engine is busy with a run: ``session.json`` in its folder.

    `boot` names the machine by its kernel's boot and `engine` the engine process; version 0.1.0 wrote neither. `host`
    and `pid` are for people.
    """

    host: str
    pid: int
    socket: str
    boot: str = ""
    engine: str = ""

    @property
    def is_of_this_machine(self) -> bool:
        """Whether the engine runs, or ran, under this kernel."""
        return self.boot == boot_id() if self.boot and boot_id() else self.host == host_name()


@dataclass(frozen=True, slots=True)
class Presence:
    """An engine that is busy with a run, or was when it was last heard from.

    `here`: on this machine, where it can be reached. `alive`: it is there; of one elsewhere, it was heard from lately.
    `heard` is when, in Unix seconds.
    """

    info: SessionInfo
    here: bool
    alive: bool
    heard: float


def presence(folder: Path, *, locked: bool = False) -> Presence | None:
    """The engine of the run in `folder`; None where there is none, or a dead one of this machine has left its mark.

    `locked`: the caller holds the lock itself, so that it says nothing about others.
    """
    info, now = read_json(folder / SESSION, SessionInfo), time.time()
    if not locked and is_locked(folder) and (info is None or info.is_of_this_machine):
        info = info or SessionInfo(host_name(), 0, "", boot_id())
        return Presence(_reached_by(folder, info), here=True, alive=True, heard=now)
    if info is None:
        return None
    if info.is_of_this_machine:  # of version 0.1.0, or on a file system without locks
        info = _reached_by(folder, info)
        return Presence(info, here=True, alive=True, heard=now) if answers(Path(info.socket)) else None
    heard = _changed(folder / SESSION)
    return Presence(info, here=False, alive=abs(now - heard) < SILENT_SECONDS, heard=heard)


class OutOfTouch(RunProblem):
    """A run that an engine on another machine had, which has not been heard from for long."""

    field = "take_over"
    """Tells the screen that it may ask whether to take the run over."""


def out_of_touch(run: str, other: Presence) -> str:
    """The sentence about a run that an engine elsewhere had, and how to take it over."""
    return (
        f"{run} was {last_heard(other)}, and nothing tells whether it still trains there. "
        f"`mnist-tui resume {run} --take-over` goes on with it here; an engine that still runs there then leaves it alone."
    )


def last_heard(other: Presence) -> str:
    """Where a run was last heard from, and when: "last heard from c1 at 2026-03-14 15:32"."""
    try:
        when = datetime.datetime.fromtimestamp(other.heard).astimezone().strftime(" at %Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        when = ""
    return f"last heard from {short(other.info.host, 100)}{when}"


def _reached_by(folder: Path, info: SessionInfo) -> SessionInfo:
    door = folder / DOOR
    return msgspec.structs.replace(info, socket=str(door)) if door.is_socket() else info


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
