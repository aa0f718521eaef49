"""Where clients come in: the socket that the engine was started with, and one in the folder of the run it is busy with.

The first may vanish: a logout removes the user's runtime directory, a cleaner empties the one for temporary files. The
one in the run's folder is where the run is, is made again when somebody removes it, and goes with a renamed folder.
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

Welcome = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Doors:
    """The sockets of one engine. To be used in its event loop."""

    def __init__(self, welcome: Welcome, path: Path) -> None:
        self._welcome, self.path = welcome, path
        """`path` is of the socket that belongs to no run."""
        self._first: asyncio.Server | None = None
        self._door: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._made: os.stat_result | None = None
        """The socket's own file, which tells it from another engine's."""

    async def open(self, listening: socket.socket) -> None:
        """Listen on the socket that was handed down."""
        self._first = await self._listen(listening)

    def enter(self, run: RunFolder) -> None:
        """Listen in the folder of a run that is ours; where its file system has no sockets, do without."""
        self.leave()
        door, path = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), run.path / DOOR
        try:
            bind(door, path)
            self._made = path.stat()
        except OSError:
            door.close()
            return
        self._door = door
        self._opening = asyncio.get_running_loop().create_task(self._open_door(door))

    def leave(self) -> None:
        """Listen in no run's folder any more; who came in that way stays."""
        if self._server:
            self._server.close()
        elif self._door:
            self._door.close()
        self._door = self._server = self._made = None

    async def look(self, run: RunFolder | None) -> Path | None:
        """Open again what is gone, for `run` or without one; the path of a first socket that is another one now."""
        if run is None:
            self.leave()
            return None
        if not self._is_there(run.path / DOOR):
            self.enter(run)
        if self._door or self.path.is_socket():
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
        """Let nobody in any more."""
        self.leave()
        if self._first:
            self._first.close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _is_there(self, path: Path) -> bool:
        try:
            return self._made is not None and os.path.samestat(self._made, path.lstat())
        except OSError:
            return False

    async def _open_door(self, door: socket.socket) -> None:
        if self._door is not door:  # left before this came about
            return
        server = await self._listen(door)
        if self._door is door:
            self._server = server
        else:
            server.close()

    async def _listen(self, listening: socket.socket) -> asyncio.Server:
        return await asyncio.start_unix_server(self._welcome, sock=listening, limit=protocol.COMMAND_LIMIT)
