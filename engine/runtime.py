"""Where a session's socket lives: a directory that is private to one user of one machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import tempfile
import time
from pathlib import Path

from engine.errors import EngineProblem

_LONGEST = 100
"""Bytes of a socket's path that every Unix takes (Linux: 107, macOS: 103)."""
_BEING_MADE = 60.0
"""Seconds for which a socket that refuses is left alone: its engine may be about to listen."""


def runtime_dir() -> Path:
    """The private directory, made where it is not there. Raises `EngineProblem` where it cannot be trusted."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and len(os.fsencode(base)) < _LONGEST - 32 and _is_usable(Path(base)):
        return _private(Path(base) / "mnist-tui")
    return _private(Path(tempfile.gettempdir()) / f"mnist-tui-sessions-{os.getuid()}")


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


def answers(path: Path) -> bool:
    """Whether an engine listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (TimeoutError, BlockingIOError):  # too busy to answer: it is there
            return True
        except (OSError, ValueError):
            return False
    return True
