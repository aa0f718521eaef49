"""One connection of a session: a task that reads its commands, and one that sends it what is new."""

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
from engine.commands import Command, Question
from engine.errors import EngineProblem, ExitCode
from engine.log.event_log import EventLog
from engine.protocol import ExperimentOver, Greeting, Hello, Ready, Reply, Role, Steers, Working
from engine.runs.folder import RunFolder

_LONGEST_NAME = 80
_PORTION = 256 * 1024
"""Bytes that wait for a client that does not read, but for one line."""


class Host(Protocol):
    """What a client needs of its session."""

    ready: Ready | None

    @property
    def run(self) -> RunFolder | None: ...

    @property
    def log(self) -> EventLog | None: ...

    def hello(self) -> Hello: ...

    def joined(self) -> None: ...

    async def obey(self, command: Command, client: Client) -> Reply: ...


class Client:
    """One connection: a task that reads its commands, and one that sends it what is new."""

    def __init__(self, session: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._session, self._reader, self._writer = session, reader, writer
        self.news = asyncio.Event()
        self.role: Role | None = None
        """None before the greeting."""
        self.name = ""
        self._answering: set[asyncio.Task[None]] = set()
        self.told: Steers | None = None
        """Who it was last told steers."""
        self._up_to_date = asyncio.Event()
        """Set while it has been sent every event so far."""
        self._later: deque[ExperimentOver | Ready] = deque()
        """What it is told when it has every event so far."""

    async def talk(self) -> None:
        """Serve the client until it goes. Nothing it sends can hurt the session."""
        feeding: asyncio.Task[None] | None = None
        try:
            greeting = protocol.decode_client(await self._reader.readline())
            if not isinstance(greeting, Greeting) or greeting.protocol != protocol.VERSION:
                raise EngineProblem(
                    f"This engine is mnist-tui {engine.__version__} and speaks protocol {protocol.VERSION}; use that version to attach."
                )
            self.tell(self._session.hello())
            if self._session.ready:
                self.tell(self._session.ready)
            self.role, self.name = greeting.role, greeting.name[:_LONGEST_NAME]
            self._session.joined()
            feeding = asyncio.create_task(self._feed(greeting))
            while line := await self._reader.readline():
                command = protocol.decode_client(line)
                if isinstance(command, Greeting):
                    continue
                if isinstance(command, Question):  # answered beside what else is asked: it may be given up
                    self._hold(asyncio.create_task(self._answer(command)))
                else:
                    await self._answer(command)
        except EngineProblem as problem:
            self.tell(Reply(id=0, error=str(problem), exit_code=int(ExitCode.USAGE)))
        except ValueError:
            self.tell(
                Reply(
                    id=0, error=f"A command is {protocol.COMMAND_LIMIT} bytes at most.", exit_code=int(ExitCode.USAGE)
                )
            )
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if feeding:
                feeding.cancel()

    async def _answer(self, command: Command) -> None:
        self.tell(await self._session.obey(command, self))

    def _hold(self, task: asyncio.Task[None]) -> None:
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def tell(self, message: Reply | Hello | Ready | Steers | ExperimentOver | Working) -> None:
        """Send a message that belongs to no run; to one that has gone, nothing."""
        if not self._writer.is_closing():
            self._writer.write(protocol.encode(message))

    def tell_after(self, message: ExperimentOver | Ready) -> None:
        """Send a message once the events so far are sent."""
        self._later.append(message)
        self.news.set()

    def leave(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()

    async def is_served(self) -> None:
        """Wait until it has been sent all there is; one that has not said who it is gets nothing."""
        if self.role is not None and not self._writer.is_closing():
            self.news.set()
            self._up_to_date.clear()
            await self._up_to_date.wait()

    async def is_gone(self) -> None:
        """Wait until what was sent has been taken, and the connection is closed."""
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _feed(self, greeting: Greeting) -> None:
        """Send the current run's events, all of them, then what comes; the next run's after the last one's."""
        run = self._session.run
        log = self._session.log
        same = run is not None and run.name == greeting.run
        if log and greeting.created:  # not only of the same name
            same = same and greeting.created == log.created
        known = greeting.since if same else 0
        sent = min(max(known, 0), log.length) if log else 0
        with contextlib.suppress(ConnectionError):
            while True:
                self.news.clear()
                lines = log.lines(sent) if log else []
                if lines:
                    sent += len(lines)
                    await self._send(lines)
                elif log is not self._session.log:
                    before, log = log, self._session.log
                    sent = sent if before and log and _is_same_run(before, log) else 0
                elif self._later:
                    self.tell(self._later.popleft())
                else:
                    self._up_to_date.set()
                    await self.news.wait()
                    self._up_to_date.clear()

    async def _send(self, lines: list[bytes]) -> None:
        """Write lines as the client takes them, a portion after the other."""
        portion: list[bytes] = []
        size = 0
        for line in lines:
            portion.append(line)
            size += len(line)
            if size >= _PORTION:
                self._writer.write(b"".join(portion))
                portion, size = [], 0
                await self._writer.drain()
        self._writer.write(b"".join(portion))
        await self._writer.drain()


def _is_same_run(before: EventLog, log: EventLog) -> bool:
    """Whether a log goes on with another: not where a run was removed and made again under the same name."""
    return (before.path, before.created) == (log.path, log.created)


def same_user(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer is the user this process belongs to (where the system can tell)."""
    peer: socket.socket = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the socket's directory and mode keep others out
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return bool(uid == os.getuid())
