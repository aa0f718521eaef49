"""The sockets clients connect to: the one the engine was started with, and one in the folder of the current run.

The first may vanish: a logout removes the user's runtime directory, a cleanup empties the one for temporary files. The
socket in the run's folder is made again if it is removed, and moves with a renamed folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine import protocol
from engine.errors import EngineProblem
from engine.runs.folder import RunFolder
from engine.runs.presence import DOOR
from engine.sockets import bind, listen

OnConnect = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listeners:
    """The listening sockets of one engine. Used only from its event loop. `path` is the socket that belongs to no run."""

    def __init__(self, on_connect: OnConnect, path: Path) -> None:
        self._on_connect, self.path = on_connect, path
        self._first: asyncio.Server | None = None
        self._run_socket: socket.socket | None = None
        self._run_server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._made: os.stat_result | None = None
        """Identifies the run socket's file: another engine's may take its place."""

    async def open(self, listening: socket.socket) -> None:
        """Listen on the socket inherited from the parent process."""
        self._first = await self._listen(listening)

    def enter(self, run: RunFolder) -> None:
        """Listen in the folder of a claimed run, unless its file system has no sockets."""
        self.leave()
        run_socket, path = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), run.path / DOOR
        try:
            bind(run_socket, path)
            self._made = path.stat()
        except OSError:
            run_socket.close()
            return
        self._run_socket = run_socket
        self._opening = asyncio.get_running_loop().create_task(self._open_run_socket(run_socket))

    def leave(self) -> None:
        """Close the run's socket; clients that connected through it stay connected."""
        if self._run_server:
            self._run_server.close()
        elif self._run_socket:
            self._run_socket.close()
        self._run_socket = self._run_server = self._made = None

    async def check(self, run: RunFolder | None) -> Path | None:
        """Make removed sockets again, for the claimed `run` if there is one; the first socket's path if it has changed."""
        if run is None:
            self.leave()
            return None
        if not self._exists(run.path / DOOR):
            self.enter(run)
        if self._run_socket or self.path.is_socket():
            return None
        try:
            listening, self.path = listen()
        except EngineProblem:
            return None
        if self._first:
            self._first.close()
        await self.open(listening)
        return self.path

    def close(self) -> None:
        """Close all sockets and remove the first one's file."""
        self.leave()
        if self._first:
            self._first.close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _exists(self, path: Path) -> bool:
        try:
            return self._made is not None and os.path.samestat(self._made, path.lstat())
        except OSError:
            return False

    async def _open_run_socket(self, run_socket: socket.socket) -> None:
        if self._run_socket is not run_socket:  # closed before this task ran
            return
        server = await self._listen(run_socket)
        if self._run_socket is run_socket:
            self._run_server = server
        else:
            server.close()

    async def _listen(self, listening: socket.socket) -> asyncio.Server:
        return await asyncio.start_unix_server(self._on_connect, sock=listening, limit=protocol.COMMAND_LIMIT)
