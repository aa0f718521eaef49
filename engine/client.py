"""`Engine`: a terminal program's end of a session.

engine = await Engine.start()            # a new engine process, or
engine = await Engine.attach(info)       # one that is there
await engine.send(commands.Start(config=config))
async for message in engine.events():
    state = reduce(state, message)
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from engine import protocol
from engine.commands import Branch, Cancel, Command, Experiment, Query, ResumeRun, Start
from engine.errors import ConfigProblem, DataProblem, EngineProblem, ExitCode, OtherDataProblem, Problem
from engine.events import Event
from engine.host.terminate import Own, end_other, end_own
from engine.protocol import ExperimentOver, Greeting, Hello, Ready, Reply, Role, Steers, Working
from engine.runs.presence import SessionInfo
from engine.sockets import listen, short_path

_GREETING_SECONDS, _START_SECONDS = 20.0, 60.0
"""For an engine that is there, and for one that is being started (from a cold disk)."""
_HASTE_SECONDS = 0.5
"""For an engine that is left before it has begun anything."""
_LOG_TAIL = 100
_WAITING = 4096
"""Messages that wait to be taken; more are not read before there is room, unless a reply is awaited."""
_PIECE = 64 * 1024
_ENTRY = Path(__file__).parent.parent / "mnist_tui.py"
"""Started by its path, and not by a name that a module of the user's may have too."""
_FRAMES = ("Traceback ", "Thread 0x", "Current thread 0x", "Extension modules:")
_GONE = "The engine is gone; the run stands as its last checkpoint has it."


@dataclass(frozen=True, slots=True)
class Lost:
    """The engine is gone, or cannot be reached any more: the last message of `Engine.events`.

    `expected` where it was asked to end. `reason` is a sentence; `log` holds the last lines that it printed.
    """

    reason: str
    expected: bool = False
    log: tuple[str, ...] = ()


Message = Event | Ready | Steers | ExperimentOver | Lost
Heard = Callable[[Working], object]
"""Called with how far an answer is."""


class EngineLike(Protocol):
    """What the screen needs of an engine; tests have one without a process."""

    def events(self) -> AsyncIterator[Message]: ...

    @property
    def ready(self) -> bool:
        """Whether it has said that torch is loaded, or cannot be."""

    @property
    def started(self) -> bool:
        """Whether it is a process that this one started."""

    async def send(self, command: Command, heard: Heard | None = None) -> Reply: ...

    async def end_process(self) -> None: ...

    async def close(self) -> None: ...


Connect = Callable[[], Awaitable[EngineLike]]
"""A way to get an engine: start one, or attach to one."""


class Engine:
    """A connection to one engine process. Not thread-safe: use it in the event loop that made it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Hello) -> None:
        self.hello = hello
        self._reader, self._writer = reader, writer
        self._queue: asyncio.Queue[Message] = asyncio.Queue()
        self._room = asyncio.Event()
        """Set where more messages may be read."""
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._heard: dict[int, Heard] = {}
        self._numbers = itertools.count(1)
        self._process: Own | None = None
        self._socket: Path | None = None
        self._closing = self._ended = False
        self.ready = False
        self._begun = False
        """Whether it has accepted a job of ours."""
        self._job_asked = False
        self._fault = EngineProblem(_GONE)
        """What whoever asks something is told once it is gone."""
        self._task = asyncio.create_task(self._read(), name="engine-reader")

    @classmethod
    async def start(cls, role: Role = "screen", *, yields: bool = False) -> Engine:
        """Start an engine process and connect to it. Raises `EngineProblem` where that fails.

        `yields`: it is there for questions. Whatever else runs comes first, and nothing is made ready for a training.
        The process is in a session of its own, so that neither a hang-up nor Ctrl+C of the terminal reaches it, and
        what it prints goes to a file.
        """
        server, path = listen()
        log = path.with_suffix(".log")
        with server:
            process = _spawn(server.fileno(), path, log, yields=yields)
        try:
            engine = await cls.connect(path, role, seconds=_START_SECONDS)
        except BaseException as fault:
            process.kill()
            await asyncio.shield(asyncio.to_thread(_wait, process))
            said = last_said(tail(log, _LOG_TAIL)) or str(fault)
            _forget(path)
            if not isinstance(fault, EngineProblem):
                raise
            raise EngineProblem(f"The engine did not start: {said}") from fault
        engine._process = process
        return engine

    @classmethod
    async def attach(cls, info: SessionInfo, role: Role = "screen") -> Engine:
        """Connect to the session that is busy with a run. Raises `EngineProblem` where nobody answers."""
        return await cls.connect(Path(info.socket), role)

    @classmethod
    async def connect(cls, path: Path, role: Role = "screen", *, seconds: float = _GREETING_SECONDS) -> Engine:
        """Connect to the engine that listens at `path`; all events of its current run will come."""
        try:
            async with asyncio.timeout(seconds):
                with short_path(path) as name:
                    reader, writer = await asyncio.open_unix_connection(name)
                writer.write(protocol.encode(Greeting(role=role, name=terminal_name())))
                first = protocol.decode_server(await reader.readline())
        except (OSError, TimeoutError, ValueError) as fault:
            raise EngineProblem("The engine does not answer; `mnist-tui ls` shows how its run stands.") from fault
        if isinstance(first, Reply):
            raise EngineProblem(first.error)
        if not isinstance(first, Hello) or first.protocol != protocol.VERSION:
            raise EngineProblem("The engine is of another version of mnist-tui; use the version that started it.")
        engine = cls(reader, writer, first)
        engine._socket = path
        return engine

    @property
    def started(self) -> bool:
        """Whether it is a process that this one started."""
        return self._process is not None

    async def events(self) -> AsyncIterator[Message]:
        """Everything the engine tells, in order, until it is gone (`Lost` is the last)."""
        while True:
            message = await self._queue.get()
            if self._queue.qsize() < _WAITING // 2:
                self._room.set()
            yield message
            if isinstance(message, Lost):
                return

    @property
    def pending(self) -> int:
        """Messages that wait to be taken from `events`."""
        return self._queue.qsize()

    async def send(self, command: Command, heard: Heard | None = None) -> Reply:
        """Send a command and wait for its reply. Raises the `Problem` it was refused with.

        `heard` is called while the answer to a question is worked out. Whoever is canceled here gives the question up.
        """
        number = next(self._numbers)
        is_job = isinstance(command, Start | ResumeRun | Branch | Experiment)
        self._job_asked = self._job_asked or is_job
        if heard is not None:
            self._heard[number] = heard
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[number] = future
        self._room.set()  # the reply comes after what is on its way
        try:
            if self._task.done():
                raise ConnectionResetError
            self._writer.write(protocol.encode(msgspec.structs.replace(command, id=number)))
            await self._writer.drain()
            reply = await asyncio.shield(future)
        except ConnectionError as fault:
            raise self._fault from fault
        except asyncio.CancelledError:
            if future.cancelled():
                raise self._fault from None
            if isinstance(command, Query):
                self._give_up(number)
            raise
        finally:
            self._replies.pop(number, None)
            self._heard.pop(number, None)
        if reply.error:
            raise as_problem(reply)
        self._begun = self._begun or is_job
        return reply

    def _give_up(self, number: int) -> None:
        if not self._task.done():
            self._writer.write(protocol.encode(Cancel(id=next(self._numbers), question=number)))

    async def close(self) -> None:
        """Leave the session; it goes on if a run is under way, else it ends by itself.

        An engine of ours that has begun nothing and may hang, since it has not loaded torch yet, is ended.
        """
        self._closing = True
        if self._process is not None and not self.ready and not self._job_asked:
            self._process.kill()
            await asyncio.to_thread(_wait, self._process)
        self._writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 1.0)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._process is not None:
            if self._process.poll() is None:
                _left.append(self._process)
            elif self._socket:
                _forget(self._socket)

    async def end_process(self) -> None:
        """End its process, by force where it does not answer; for one that obeyed nothing else.

        A run that it trains is saved first, where it still can: it is given less time where it has not begun any.
        """
        self._ended = True
        if self._process is not None:
            await end_own(self._process, *() if self._begun else (_HASTE_SECONDS,))
        elif self._socket is not None:
            await end_other(self.hello.pid, self._socket)

    async def _read(self) -> None:
        try:
            async for line in _lines(self._reader):
                try:
                    told = protocol.decode_server(line)
                except EngineProblem:
                    if protocol.is_later(line, numbered=False):
                        continue
                    raise
                match told:
                    case Reply() as reply:
                        future = self._replies.get(reply.id)
                        if future and not future.done():
                            future.set_result(reply)
                    case Working() as working:
                        if heard := self._heard.get(working.id):
                            heard(working)
                    case Hello():
                        pass
                    case Ready() as ready:
                        self.ready = True
                        self._queue.put_nowait(ready)
                    case message:
                        self._queue.put_nowait(message)
                        await self._wait_for_room()
            fault = ""
        except ConnectionError:
            fault = ""
        except (OSError, ValueError, EngineProblem) as error:
            fault = str(error)
        lost = await self._lost(fault)
        if not self._begun and lost.reason:
            said = last_said(lost.log)
            self._fault = EngineProblem(f"{lost.reason}{f' It said last: {said}' if said else ''}")
        for future in self._replies.values():
            future.cancel()
        self._queue.put_nowait(lost)

    async def _wait_for_room(self) -> None:
        """Read no more for a client that is behind: the engine has it all in its log, and sends it later."""
        self._room.clear()
        while self._queue.qsize() >= _WAITING and not self._replies:
            await self._room.wait()
            self._room.clear()

    async def _lost(self, fault: str) -> Lost:
        if self._closing:
            return Lost("", expected=True)
        if self._ended:
            return Lost("The engine was ended.")
        if self._process is None:
            return Lost(fault or "The engine ended.", expected=not fault)
        status = await asyncio.to_thread(_wait, self._process)
        lines = tail(self._socket.with_suffix(".log"), _LOG_TAIL) if self._socket else ()
        reason = fault or _how_it_ended(status, "" if self.ready else " while it imported torch")
        return Lost(reason, expected=status == 0 and not fault, log=lines)


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What is sent, line by line, without a last one that was cut off. Raises ValueError for one that never ends."""
    rest = bytearray()
    while piece := await reader.read(_PIECE):
        *ends, last = piece.split(b"\n")
        for end in ends:
            yield bytes(rest + end)
            rest.clear()
        rest += last
        if len(rest) > protocol.LINE_LIMIT:
            raise ValueError(f"The engine sent a line of more than {protocol.LINE_LIMIT} bytes.")


_left: list[Own] = []
"""Engines that were left, and end by themselves: what is over is seen when the next one is started."""


def _forget(path: Path) -> None:
    """Remove what an engine that was killed has left of its socket."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.with_suffix(".log").unlink(missing_ok=True)


def _spawn(listening: int, path: Path, log: Path, *, yields: bool) -> Own:
    _left[:] = [process for process in _left if process.poll() is None]
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "PYTHONUNBUFFERED": "1"}
    arguments = [sys.executable, "-P", str(_ENTRY), "engine.worker", str(listening), str(path), str(log)]
    arguments += ["yields"] * yields
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return Own(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=environment,
            pass_fds=(listening,),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def terminal_name(environ: Mapping[str, str] = os.environ) -> str:
    """What others call this screen: its terminal, and from where somebody is logged in ("pts/3 from 10.0.0.7")."""
    try:
        name = os.ttyname(0).removeprefix("/dev/")
    except OSError:
        name = f"process {os.getpid()}"
    here = environ.get("SSH_CONNECTION", "").split()
    return f"{name} from {here[0]}" if here else name


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(5.0)
    except subprocess.TimeoutExpired:
        return None


def _how_it_ended(status: int | None, when: str) -> str:
    if status is None:
        return "The engine does not answer any more."
    if status == 0:
        return "The engine was told to end."
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"The engine was ended by {name}{hint}{when}."
    return f"The engine ended with status {status}{when}."


def last_said(lines: Sequence[str]) -> str:
    """The last line that tells anything: of a traceback its end, not its frames."""
    told = [line for line in lines if line[:1].strip() and not line.startswith(_FRAMES)]
    return told[-1] if told else ""


def tail(path: Path, most: int) -> tuple[str, ...]:
    """The last lines of a text file, without blank ones; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 64 * 1024))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ()
    return tuple(line for line in lines if line.strip())[-most:]


def as_problem(reply: Reply) -> Problem:
    """The exception a refusal stands for."""
    if reply.exit_code == ExitCode.DATA and reply.field == OtherDataProblem.field:
        return OtherDataProblem(reply.error)
    if reply.exit_code == ExitCode.DATA:
        return DataProblem(reply.error)
    if reply.exit_code == ExitCode.USAGE:
        return ConfigProblem(reply.error, reply.field or None)
    return EngineProblem(reply.error)
