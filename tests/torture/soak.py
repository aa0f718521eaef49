"""Very many events, clients that come and go, one screen: nobody misses an event, and memory stays flat.

The engine is a real session in a process of its own with a stand-in for training (`stand_in`), the screen the app in a
pseudo-terminal. Three clients attach at random, fold what they are told, stop reading for a while, leave, and come
back with the number of the next event; one comes for the first time when half is told. What each knows in the end is
what the log says.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import make_config
from engine.log.event_log import read_events
from engine.protocol import LINE_LIMIT, Greeting, Hello, decode_server, encode
from engine.runs.folder import RunFolder, find_run
from engine.sockets import listen
from engine.state.run_state import RunState, fold, reduce
from tests.terminal.term import Term, app
from tests.torture.ground import Ground

CLIENTS = 3
FLAT = 16.0
"""MiB that a process may hold more after all events than after a quarter of them, whose lines come to ninety."""
SAMPLES = 8
"""How often memory is measured, at equal distances in events."""


@dataclass
class Memory:
    """What one process holds, in MiB, when the log had so many events."""

    name: str
    process: psutil.Process
    seen: list[tuple[int, float]] = field(default_factory=list)

    def look(self, events: int) -> None:
        """Measure."""
        self.seen.append((events, self.process.memory_info().rss / 2**20))

    def growth(self) -> float:
        """MiB that came after the first quarter of the events."""
        warm = [size for events, size in self.seen if events >= self.seen[-1][0] / 4]
        return max(warm) - warm[0]

    def expect_flat(self) -> None:
        """Assert that memory does not follow the log."""
        assert self.growth() < FLAT, f"grows: {self}"

    def __str__(self) -> str:
        return f"{self.name} " + ", ".join(f"{events // 1000}k {size:.1f}" for events, size in self.seen)


@dataclass
class Client:
    """One that comes and goes. `state` is what it was told so far; `pace` the mean length of a stay, in seconds."""

    path: Path
    chance: random.Random
    pace: float
    begins: asyncio.Event = field(default_factory=asyncio.Event)
    state: RunState = field(default_factory=RunState)
    attached: int = 0

    async def live(self) -> None:
        """Come and go until the run has ended."""
        await self.begins.wait()
        while self.state.finished is None:
            await asyncio.sleep(self._about(self.pace / 5))
            await self.stay(self._about(self.pace))

    def _about(self, seconds: float) -> float:
        return self.chance.expovariate(1 / seconds)

    async def stay(self, seconds: float) -> None:
        """Attach, and read until the time is over or the run has ended; sometimes do not read for a while."""
        reader, writer = await asyncio.open_unix_connection(str(self.path), limit=LINE_LIMIT)
        self.attached += 1
        end = time.monotonic() + seconds
        writer.write(encode(Greeting(role="watcher", run=self.state.run, since=self.state.seq + 1)))
        while self.state.finished is None and (time.monotonic() < end or self.chance.random() < 0.5):
            if self.chance.random() < 0.02:
                await asyncio.sleep(self._about(self.pace / 2))
            if not await self._read_some(reader):
                break
        writer.close()

    async def _read_some(self, reader: asyncio.StreamReader) -> bool:
        for _ in range(self.chance.randint(1, 200)):
            try:
                line = await asyncio.wait_for(reader.readline(), 0.2)
            except TimeoutError:
                return True
            if not line:
                return False
            message = decode_server(line)
            if isinstance(message, ev.Base):
                self._take(message)
            elif isinstance(message, Hello):
                assert message.run in ("", self.state.run or message.run)
        return True

    def _take(self, event: ev.Event) -> None:
        assert event.seq == self.state.seq + 1, f"{event.seq} after {self.state.seq}"
        self.state = reduce(self.state, event)


@dataclass
class Soaked:
    """What came of it."""

    events: int
    seconds: float
    attached: int
    memory: list[Memory]
    log_bytes: int


async def soak(ground: Ground, events: int, seed: int) -> Soaked:
    """Have everybody there, tell the events, and compare. Raises AssertionError where somebody knows something else."""
    begun = time.monotonic()
    with stand_in(events) as (path, process):
        starter = await Engine.connect(path, "script")
        config = make_config({"epochs": 10_000}, ground.config)
        name = (await starter.send(cmd.Start(config=config))).result["run"]
        run = find_run(name)
        pace = min(events / 20_000, 5.0)
        clients = [Client(path, random.Random(f"{seed} {n}"), pace) for n in range(CLIENTS)]
        for client in clients[1:]:
            client.begins.set()
        with screen(ground, name) as term:
            await asyncio.to_thread(term.wait, "epochs|loading|waiting", 30)
            memory = [Memory("engine", psutil.Process(process.pid)), Memory("screen", psutil.Process(term.process.pid))]
            living = [asyncio.create_task(client.live()) for client in clients]
            await starter.send(cmd.Continue())
            await starter.close()
            with prediction(term):
                await _watch(run, memory, events, living, clients[0].begins)
            await asyncio.to_thread(term.wait, "test accuracy", 60)
            term.key("q")
            assert await asyncio.to_thread(term.wait_end, 20) == 0
            assert term.left_behind() == []
        await asyncio.wait_for(asyncio.to_thread(process.wait), 20)
    told = fold(read_events(run.events))
    waited = sum(isinstance(event, ev.Phase) and event.name == "importing" for event in read_events(run.events))
    assert told.seq == events - 1 + waited, (told.seq, events)  # it may have begun before torch was loaded
    for client in clients:
        assert client.state == told
    return Soaked(events, time.monotonic() - begun, sum(c.attached for c in clients), memory, run.events.stat().st_size)


async def _watch(
    run: RunFolder, memory: list[Memory], events: int, living: list[asyncio.Task[None]], half: asyncio.Event
) -> None:
    """Measure memory as the log grows, until every client has heard the end; say when half of it is told."""
    due = [events * n // SAMPLES for n in range(1, SAMPLES)]
    count = _Counter(run.events)
    waiting = asyncio.gather(*living)
    while not waiting.done():
        await asyncio.wait([waiting], timeout=0.05)
        if due and count.now() >= due[0]:
            for each in memory:
                each.look(count.lines)
            due = [each for each in due if each > count.lines]
            if count.lines >= events // 2:
                half.set()
    await waiting
    for each in memory:
        each.look(events)


class _Counter:
    """Counts the lines of a file that grows."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.lines = 0

    def now(self) -> int:
        while piece := self._file.read(1 << 20):
            self.lines += piece.count(b"\n")
        return self.lines


@contextlib.contextmanager
def stand_in(events: int) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """The engine: its socket and its process."""
    server, path = listen()
    log = path.with_suffix(".log")
    arguments = [
        sys.executable,
        "-P",
        "-m",
        "tests.torture.stand_in",
        str(events),
        str(server.fileno()),
        str(path),
        str(log),
    ]
    with server, log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(server.fileno(),),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    try:
        yield path, process
    except BaseException as fault:
        with contextlib.suppress(OSError):
            fault.add_note(f"the engine said: {log.read_text(errors='replace')[-2000:]}")
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextlib.contextmanager
def screen(ground: Ground, name: str) -> Iterator[Term]:
    """The app, attached."""
    with app(ground.home, "attach", name, columns=120, rows=35) as term:
        yield term


@contextlib.contextmanager
def prediction(term: Term) -> Iterator[None]:
    """Take what the screen paints in the meantime, as a terminal does."""
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            term.read_for(0.1)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
