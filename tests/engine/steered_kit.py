"""A home with a small data set and an engine in it, and talking to the engine line by line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig, make_config
from engine.protocol import Greeting, Role, encode
from engine.runs.folder import find_run
from engine.state.run_state import RunState
from tests.kit import home_of_our_own, timeless, write_tiny_set

COMMAND = [sys.executable, "-P", "-m", "tui"]


@contextlib.contextmanager
def small_home(home: Path, **values: Any) -> Iterator[TrainConfig]:
    """Runs below `home`, and the settings of one that trains about 60 steps an epoch for as long as it is let."""
    with home_of_our_own(home):
        data = write_tiny_set(home / "data", train=600, test=64)
        base = {"hidden": (16,), "batch_size": 10, "epochs": 10_000, "device": "cpu", "data_dir": str(data)}
        yield make_config(base | values)


@contextlib.asynccontextmanager
async def an_engine(role: Role = "script") -> AsyncIterator[Engine]:
    """A new engine; killed in the end."""
    started = await Engine.start(role)
    try:
        yield started
    finally:
        await started.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(started.hello.pid, signal.SIGKILL)


async def until(engine: Engine, *kinds: type, where: Callable[[Any], bool] = lambda _: True) -> Any:
    """The next message of one of these kinds for which `where` holds."""
    async for message in engine.events():
        if isinstance(message, kinds) and where(message):
            return message
    raise AssertionError(f"no {kinds}")


async def stopped(engine: Engine) -> ev.Finished:
    """Stop the run under way; its end."""
    await engine.send(cmd.Stop())
    end: ev.Finished = await until(engine, ev.Finished)
    return end


def numbers(state: RunState) -> tuple[Any, ...]:
    """All about a run that must not depend on what happened around it: no times."""
    assert state.finished is not None
    test = state.finished.test
    return (
        state.config,
        state.finished.outcome,
        state.finished.step,
        [timeless(epoch) for epoch in state.epochs],
        timeless(state.stopped_at) if state.stopped_at else None,
        timeless(test) if test else None,
    )


@dataclass
class Said:
    """A command's end: exit status, standard output and standard error."""

    status: int
    out: str
    err: str


def all_said(lines: Sequence[Sequence[str]], at_once: int = 4) -> list[Said]:
    """Each command line in a process of its own, several at a time."""
    waiting = list(enumerate(lines))
    running: list[tuple[int, subprocess.Popen[bytes]]] = []
    found: dict[int, Said] = {}
    while waiting or running:
        while waiting and len(running) < at_once:
            number, words = waiting.pop(0)
            process = subprocess.Popen(
                [*COMMAND, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            running.append((number, process))
        number, process = running.pop(0)
        out, err = process.communicate(timeout=60)
        found[number] = Said(process.returncode, out.decode(), err.decode())
    return [found[number] for number in range(len(lines))]


class Wire:
    """A connection to an engine, without a client that keeps one from nonsense."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, run: str) -> Wire:
        """To the engine that is busy with a run."""
        info = find_run(run).live()
        assert info is not None
        made = cls(*await asyncio.open_unix_connection(info.socket, limit=1 << 26))
        made.write(encode(Greeting(role="script", since=1 << 40, run=run)))
        return made

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def reply(self) -> dict[str, Any]:
        """The next reply."""
        async with asyncio.timeout(30):
            while line := await self._reader.readline():
                found: dict[str, Any] = json.loads(line)
                if found["type"] == "reply":
                    return found
        raise AssertionError("no reply")

    def drop(self) -> None:
        """Go without a word."""
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()


async def answer(run: str, line: bytes) -> dict[str, Any]:
    """What an engine replies to one line."""
    wire = await Wire.to(run)
    try:
        wire.write(line + b"\n")
        return await wire.reply()
    finally:
        wire.close()
