"""A client of an engine that says whatever a test has it say."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import client, protocol
from engine import commands as cmd
from engine import events as ev
from engine.client import Engine, Lost
from engine.protocol import Hello, Reply, encode

LINES = [encode(ev.LogLine(seq=seq, text="x" * 100)) for seq in range(3 * client._WAITING)]


@contextlib.asynccontextmanager
async def told(content: bytes, *, answer: bool = False) -> AsyncIterator[Engine]:
    """A client that is told this after the greeting; where it is to be answered, once it has sent a command."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readline()
            writer.write(encode(Hello(version="1", pid=1)))
            if answer:
                await reader.readline()
            writer.write(content)
            await writer.drain()
        writer.close()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sock"
        server = await asyncio.start_unix_server(serve, path=str(path))
        engine = await Engine.connect(path)
        yield engine
        await engine.close()
        server.close()


async def until_there_wait(engine: Engine, count: int) -> None:
    """Let so many messages come, and take none."""
    async with asyncio.timeout(20):
        while True:
            if engine.pending >= count:
                return
            await asyncio.sleep(0)


@pytest.mark.parametrize("cut", [1, 20, len(LINES[1]) - 1])
async def test_a_line_that_was_cut_off_by_the_engines_end_is_no_fault(cut: int) -> None:
    async with told(LINES[0] + LINES[1][:cut]) as engine:
        messages = [message async for message in engine.events()]
    assert messages == [ev.LogLine(seq=0, text="x" * 100), Lost("The engine ended.", expected=True)]


async def test_messages_come_whole_and_in_order_however_many_there_are() -> None:
    async with told(b"".join(LINES)) as engine:
        seen = [message.seq async for message in engine.events() if isinstance(message, ev.LogLine)]
    assert seen == list(range(len(LINES)))


async def test_no_more_is_read_than_waits_to_be_taken() -> None:
    async with told(b"".join(LINES)) as engine:
        events = engine.events()
        assert isinstance(await anext(events), ev.LogLine)
        await until_there_wait(engine, client._WAITING - 1)
        for _ in range(100):
            await asyncio.sleep(0)
        assert engine.pending <= client._WAITING


async def test_a_reply_is_heard_though_nobody_takes_what_came_before_it() -> None:
    async with told(b"".join(LINES) + encode(Reply(id=1)), answer=True) as engine:
        assert await asyncio.wait_for(engine.send(cmd.Pause()), 20) == Reply(id=1)


async def test_a_reply_is_heard_though_reading_had_stopped() -> None:
    async with told(b"".join(LINES) + encode(Reply(id=1))) as engine:
        await until_there_wait(engine, client._WAITING)
        assert await asyncio.wait_for(engine.send(cmd.Pause()), 20) == Reply(id=1)


async def test_a_line_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "LINE_LIMIT", 100_000)
    async with told(LINES[0] + b"x" * 300_000) as engine:
        messages = [message async for message in engine.events()]
    assert messages[-1] == Lost("The engine sent a line of more than 100000 bytes.")


@pytest.mark.parametrize(
    "later",
    [
        b'{"type":"dreamt","seq":1,"time":1.0}\n',
        b'{"type":"dreamt","of":"sheep"}\n',
        b'{"type":"phase","seq":1,"time":1.0,"name":"dreaming","text":""}\n',
    ],
)
async def test_what_only_a_later_version_says_is_passed_over(later: bytes) -> None:
    async with told(LINES[0] + later + LINES[2]) as engine:
        messages = [message async for message in engine.events()]
    assert [message.seq for message in messages if isinstance(message, ev.LogLine)] == [0, 2]
    assert messages[-1] == Lost("The engine ended.", expected=True)


async def test_junk_ends_the_connection_with_a_sentence() -> None:
    async with told(LINES[0] + b"junk\n" + LINES[2]) as engine:
        *_, last = [message async for message in engine.events()]
    assert isinstance(last, Lost)
    assert "This is not a message of protocol" in last.reason
