"""Ending an engine's process that does not obey: it is asked by a signal, and then not asked any more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from engine.sockets import answers, listener

TERM_SECONDS, KILL_SECONDS = 2.0, 2.0
_LOOK_SECONDS = 0.05


class Own(subprocess.Popen[bytes]):
    """An engine's process that this one started. It is meant to outlive us: nothing is said where it does."""

    def __del__(self) -> None:
        """Warn of nothing."""


async def end_own(process: Own, seconds: float = TERM_SECONDS) -> None:
    """End a process that we started: by SIGTERM, and by SIGKILL where that has not helped after so many seconds."""
    await _end(process.send_signal, lambda: process.poll() is not None, seconds)


async def end_other(pid: int, socket_path: Path) -> bool:
    """End the engine that listens at a path, whoever started it; False where its process cannot be told.

    `pid` is its number as it told it, which means nothing where it runs in a container.
    """
    process = await asyncio.to_thread(_process, pid, socket_path)
    if process is None:
        return False

    def send(number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

    await _end(send, lambda: not answers(socket_path), TERM_SECONDS)
    return True


async def _end(send: Callable[[int], object], is_gone: Callable[[], bool], seconds: float) -> None:
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, KILL_SECONDS)):
        send(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not await asyncio.to_thread(is_gone):  # noqa: ASYNC110 - a process tells nobody of its end
                    await asyncio.sleep(_LOOK_SECONDS)
                return


def _process(pid: int, socket_path: Path) -> int | None:
    """The number of the engine's process, held against its command line: a number may be another's by now."""
    listening = listener(socket_path)
    if listening and b"engine.worker" in _command_line(listening):
        return listening
    line = _command_line(pid)  # the first socket was made by whoever started the engine
    return pid if b"engine.worker" in line and os.fsencode(socket_path) in line else None


def _command_line(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return _listed(pid)


def _listed(pid: int) -> list[bytes]:
    """The words of a command line where there is no /proc."""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, timeout=5, check=False).stdout.split()
    return []
