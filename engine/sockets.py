"""Where a session's socket lives: a directory that is private to one user of one machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import EngineProblem

LONGEST = 100
"""Bytes of a socket's path that every Unix takes (Linux: 107, macOS: 103)."""
_BEING_MADE = 60.0
"""Seconds for which a socket that refuses is left alone: its engine may be about to listen."""


def runtime_dir() -> Path:
    """The private directory, made where it is not there. Raises `EngineProblem` where it cannot be trusted.

    The user's runtime directory, else the one for temporary files, each where its path is short enough for a socket.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and _is_short(base, 32) and _is_usable(Path(base)):
        return _private(Path(base) / "mnist-tui")
    places = [tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108 - the directory made there is private
    usable = [place for place in places if _is_short(place, 56) and _is_usable(Path(place))]
    return _private(Path((usable or places)[0]) / f"mnist-tui-sessions-{os.getuid()}")


def _is_short(base: str, below: int) -> bool:
    """Whether the path of a socket stays short enough with so many bytes more."""
    return len(os.fsencode(base)) < LONGEST - below


def _is_usable(base: Path) -> bool:
    return base.is_absolute() and base.is_dir() and os.access(base, os.W_OK)


def _private(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as fault:
        raise EngineProblem(
            f"No private directory can be made at {path}: {fault.strerror}; set XDG_RUNTIME_DIR."
        ) from fault
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EngineProblem(f"{path} is not a directory of yours alone (mode 0700); remove it, or set XDG_RUNTIME_DIR.")
    return path


def listen() -> tuple[socket.socket, Path]:
    """A new listening Unix socket, mode 0600, in the private directory, and its path. Raises `EngineProblem`."""
    folder = runtime_dir()
    sweep(folder)
    path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        server.bind(str(path))
        path.chmod(0o600)
        server.listen(16)
    except OSError as fault:
        server.close()
        raise EngineProblem(
            f"No socket can be made at {path}: {fault}; set XDG_RUNTIME_DIR to a short path."
        ) from fault
    return server, path


def sweep(folder: Path) -> None:
    """Remove what engines that were killed left here: sockets on which nobody listens any more, and their logs."""
    with contextlib.suppress(OSError):
        for path in folder.glob("*.sock"):
            if time.time() - path.stat().st_mtime > _BEING_MADE and _is_refused(path):
                path.unlink(missing_ok=True)
                path.with_suffix(".log").unlink(missing_ok=True)


def _is_refused(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:  # an engine that is too busy to answer is there
            return False
    return False


def bind(server: socket.socket, path: Path) -> None:
    """Have a new socket listen at `path`, mode 0600, in place of what a dead engine left there. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with short_path(path) as name:
        server.bind(name)
    path.chmod(0o600)
    server.listen(16)


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Another name of a socket, short enough for the system, while the context lasts. Raises OSError where it has none."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def answers(path: Path) -> bool:
    """Whether an engine listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            with short_path(path) as name:
                probe.connect(name)
        except (TimeoutError, BlockingIOError):  # too busy to answer: it is there
            return True
        except (OSError, ValueError):
            return False
    return True


def listener(path: Path) -> int | None:
    """The number of the process that made the socket at `path` listen, as it is seen from here; None where nobody tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            with short_path(path) as name:
                probe.connect(name)
            told = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except (OSError, ValueError):
            return None
    pid: int = struct.unpack("3i", told)[0]
    return pid or None
