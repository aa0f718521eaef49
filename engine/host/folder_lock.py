"""A lock on a folder itself: the kernel holds it for a process, and lets go when that process ends, however it ends.

The lock belongs to the folder's inode. It does not matter what in the folder is deleted, or whether the folder is renamed.
On a network file system it is known to this machine alone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
import time
from pathlib import Path

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF)
_F_GETPATH = 50
"""macOS: the path of an open file."""
PATIENCE = 0.2
"""Seconds to wait for the lock: others hold it for an instant when they ask whether it is held."""


class FolderLock:
    """A folder held open and locked; not locked where its file system has no locks (`locked`)."""

    def __init__(self, descriptor: int, *, locked: bool) -> None:
        self._descriptor, self.locked = descriptor, locked

    @classmethod
    def take(cls, path: Path) -> FolderLock | None:
        """Lock a folder; None where another process holds it. Raises OSError where the folder cannot be opened."""
        give_up = time.monotonic() + PATIENCE
        while True:
            descriptor = _open(path)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                if time.monotonic() > give_up:
                    return None
                time.sleep(0.01)
                continue
            except OSError as fault:
                if fault.errno in _UNSUPPORTED:
                    return cls(descriptor, locked=False)
                os.close(descriptor)
                raise
            lock = cls(descriptor, locked=True)
            if lock.covers(path):
                return lock
            lock.release()  # replaced between opening and locking

    def covers(self, path: Path) -> bool:
        """Whether this very folder is at `path`."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), path.stat())
        except OSError:
            return False

    def place(self) -> Path | None:
        """Where the folder is now, as far as the system tells; None where it was deleted."""
        try:
            if sys.platform == "darwin":
                found = fcntl.fcntl(self._descriptor, _F_GETPATH, bytes(1024)).rstrip(b"\0")
                path = Path(os.fsdecode(found))
            else:
                path = Path(f"/proc/self/fd/{self._descriptor}").readlink()
        except OSError:
            return None
        return path if self.covers(path) else None

    def release(self) -> None:
        """Let go."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether a process of this machine, in whatever container, holds the lock on a folder."""
    try:
        descriptor = _open(path)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
