"""The engine process: ``python -P mnist_tui.py engine.worker LISTENING_DESCRIPTOR SOCKET_PATH LOG_PATH``.

Started by `engine.client.Engine.start`.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from engine.worker.server.output_capture import OutputCapture
from engine.worker.server.session import Session

NICENESS, YIELDING_NICENESS = 5, 15
"""Of an engine that trains, below interactive programs; and of one that answers queries, below training as well."""


async def _serve(listening: socket.socket, socket_path: Path, log_path: Path, *, trains: bool) -> None:
    session = Session(socket_path, OutputCapture(log_path), trains=trains)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, session.abort)
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    await session.serve(listening)
    _exit(0, log_path)


def _exit(status: int, log_path: Path | None = None) -> NoReturn:
    """Exit without waiting for torch's threads or one that is blocked by a disk."""
    with contextlib.suppress(OSError):
        if log_path:
            log_path.unlink()
    with contextlib.suppress(OSError):  # the disk may be full
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Serve until nothing runs and nobody is attached."""
    descriptor, socket_path, log_path = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    yields = "yields" in sys.argv[4:]
    faulthandler.enable()
    with contextlib.suppress(OSError):
        os.nice(YIELDING_NICENESS if yields else NICENESS)
    listening = socket.socket(fileno=descriptor)
    try:
        asyncio.run(_serve(listening, socket_path, log_path, trains=not yields))
    except Exception:
        with contextlib.suppress(OSError):
            traceback.print_exc()
    _exit(1)


if __name__ == "__main__":
    main()
