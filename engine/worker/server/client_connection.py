"""One client's connection: a task that reads its commands, and one that sends it the events."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections import deque
from typing import Protocol

import engine
from engine import protocol
from engine.commands import Command, Query
from engine.errors import EngineProblem, ExitCode
from engine.log.event_log import EventLog
from engine.protocol import ExperimentOver, Greeting, Hello, Ready, Reply, Role, Steers, Working
from engine.runs.folder import RunFolder

_LONGEST_NAME = 80
_CHUNK_BYTES = 256 * 1024
"""Bytes buffered for a client that does not read, plus at most one line."""


class Host(Protocol):
    """The part of the session that a client's connection uses."""

    @property
    def ready(self) -> Ready | None: ...

    @property
    def run(self) -> RunFolder | None: ...

    @property
    def log(self) -> EventLog | None: ...

    def hello(self) -> Hello: ...

    def on_greeting(self) -> None: ...

    async def handle(self, command: Command, client: ClientConnection) -> Reply: ...


class ClientConnection:
    """The connection of one client."""

    def __init__(self, session: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._session, self._reader, self._writer = session, reader, writer
        self.has_events = asyncio.Event()
        self.role: Role | None = None
        """None before the greeting."""
        self.name = ""
        self._answering: set[asyncio.Task[None]] = set()
        self.last_steers: Steers | None = None
        """The last `Steers` sent to it."""
        self._up_to_date = asyncio.Event()
        """Set while every event so far has been sent."""
        self._after_events: deque[ExperimentOver | Ready] = deque()
        """Messages to send once every event so far has been sent."""

    async def serve(self) -> None:
        """Serve the client until it disconnects. No input raises."""
        feeding: asyncio.Task[None] | None = None
        try:
            greeting = protocol.decode_client(await self._reader.readline())
            if not isinstance(greeting, Greeting) or greeting.protocol != protocol.VERSION:
                raise EngineProblem(
                    f"This engine is mnist-tui {engine.__version__} and speaks protocol {protocol.VERSION}; use that version to attach."
                )
            self.send(self._session.hello())
            if self._session.ready:
                self.send(self._session.ready)
            self.role, self.name = greeting.role, greeting.name[:_LONGEST_NAME]
            self._session.on_greeting()
            feeding = asyncio.create_task(self._feed(greeting))
            while line := await self._reader.readline():
                command = protocol.decode_client(line)
                if isinstance(command, Greeting):
                    continue
                if isinstance(command, Query):  # in a task of its own: the client may cancel it meanwhile
                    self._keep(asyncio.create_task(self._answer(command)))
                else:
                    await self._answer(command)
        except EngineProblem as problem:
            self.send(Reply(id=0, error=str(problem), exit_code=int(ExitCode.USAGE)))
        except ValueError:
            error = f"A command is {protocol.COMMAND_LIMIT} bytes at most."
            self.send(Reply(id=0, error=error, exit_code=int(ExitCode.USAGE)))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if feeding:
                feeding.cancel()

    async def _answer(self, command: Command) -> None:
        self.send(await self._session.handle(command, self))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def send(self, message: Reply | Hello | Ready | Steers | ExperimentOver | Working) -> None:
        """Send a message that belongs to no run, unless the connection is closing."""
        if not self._writer.is_closing():
            self._writer.write(protocol.encode(message))

    def send_after_events(self, message: ExperimentOver | Ready) -> None:
        """Send a message after all events logged so far."""
        self._after_events.append(message)
        self.has_events.set()

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()

    async def wait_up_to_date(self) -> None:
        """Wait until every event so far has been sent; returns at once for a client that has sent no greeting."""
        if self.role is not None and not self._writer.is_closing():
            self.has_events.set()
            self._up_to_date.clear()
            await self._up_to_date.wait()

    async def wait_closed(self) -> None:
        """Wait until the buffered data has been sent and the connection is closed."""
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _feed(self, greeting: Greeting) -> None:
        """Send all events of the current run and each new one, and then those of the next run."""
        run = self._session.run
        log = self._session.log
        same = run is not None and run.name == greeting.run
        if log and greeting.created:  # the name alone does not tell: a run may have been made again under it
            same = same and greeting.created == log.created
        known = greeting.since if same else 0
        sent = min(max(known, 0), log.length) if log else 0
        with contextlib.suppress(ConnectionError):
            while True:
                self.has_events.clear()
                lines = log.lines(sent) if log else []
                if lines:
                    sent += len(lines)
                    await self._send_lines(lines)
                elif log is not self._session.log:
                    before, log = log, self._session.log
                    sent = sent if before and log and _is_same_run(before, log) else 0
                elif self._after_events:
                    self.send(self._after_events.popleft())
                else:
                    self._up_to_date.set()
                    await self.has_events.wait()
                    self._up_to_date.clear()

    async def _send_lines(self, lines: list[bytes]) -> None:
        """Send lines in chunks, each once the client has read the one before."""
        chunk: list[bytes] = []
        size = 0
        for line in lines:
            chunk.append(line)
            size += len(line)
            if size >= _CHUNK_BYTES:
                self._writer.write(b"".join(chunk))
                chunk, size = [], 0
                await self._writer.drain()
        self._writer.write(b"".join(chunk))
        await self._writer.drain()


def _is_same_run(before: EventLog, log: EventLog) -> bool:
    """Whether a log continues another. False where a run was removed and another made under its name."""
    return (before.path, before.created) == (log.path, log.created)


def same_user(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer process belongs to this process's user; True where the system cannot tell."""
    peer: socket.socket = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the socket's directory and mode keep others out
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return bool(uid == os.getuid())
