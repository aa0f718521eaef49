"""The clients of an engine: late ones, hostile ones, other users, ones that do not read, and two at once."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, EngineProblem, Problem
from engine.protocol import COMMAND_LIMIT, Ready, Steers
from engine.runs.folder import find_run, read_session
from engine.state.run_state import fold
from tests.engine.process_kit import config, engine, events, home, is_a, until

__all__ = ["config", "engine", "home"]

pytestmark = [pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="module")]


async def test_every_client_is_notified_when_torch_is_loaded(engine: Engine) -> None:
    client = await Engine.connect(Path(await socket_of(engine)))
    message = (await until(client, is_a(Ready)))[-1]
    assert message.torch.startswith("2.")
    await client.close()


async def test_a_late_client_gets_the_same_events_as_an_early_one(engine: Engine, config: TrainConfig) -> None:
    slow = make_config({"epochs": 200}, config)
    name = (await engine.send(cmd.Start(config=slow))).result["run"]
    early = events(await until(engine, lambda m: isinstance(m, ev.EpochEnded) and m.epoch >= 3))
    late = await Engine.attach(read_session(find_run(name)), "script")
    await late.send(cmd.Stop())
    early += events(await until(engine, is_a(ev.Finished)))
    seen = events(await until(late, is_a(ev.Finished)))
    await late.close()
    assert seen == early
    assert fold(seen) == fold(early)


async def test_commands_are_refused_with_a_sentence(engine: Engine, config: TrainConfig) -> None:
    with pytest.raises(EngineProblem, match="No run in progress"):
        await engine.send(cmd.Pause())
    with pytest.raises(Problem, match="no run 'nobody'"):
        await engine.send(cmd.ResumeRun(run="nobody"))
    broken = TrainConfig(model="fastcnn", batch_size=1)
    with pytest.raises(ConfigProblem, match="at least 2 images") as problem:
        await engine.send(cmd.Start(config=broken))
    assert problem.value.field == "batch_size"
    await engine.send(cmd.Start(config=make_config({"epochs": 5000}, config)))
    with pytest.raises(EngineProblem, match="busy with"):
        await engine.send(cmd.Start(config=config))
    await engine.send(cmd.Abort())
    assert (await until(engine, is_a(ev.Finished)))[-1].outcome == "aborted"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"junk\n", "not a command of protocol"),
        (b'{"type":"pause","id":1}\n', "speaks protocol 1"),
        (b'{"type":"greeting","protocol":99}\n', "speaks protocol 1"),
        (b"x" * (COMMAND_LIMIT + 10) + b"\n", "bytes at most"),
        (b"\xff\xfe\n", "not a command of protocol"),
        (
            b'{"type":"greeting","protocol":1}\n{"type":"start","config":{"epochs":"many"}}\n',
            "not a command of protocol",
        ),
    ],
)
async def test_nothing_a_client_sends_hurts_the_session(engine: Engine, line: bytes, answer: str) -> None:
    path = await socket_of(engine)
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    said = (await asyncio.wait_for(reader.read(), 10)).decode()
    assert answer in said.splitlines()[-1]
    writer.close()
    with pytest.raises(EngineProblem, match="No run in progress"):
        await engine.send(cmd.Pause())


async def socket_of(engine: Engine) -> str:
    name: str = engine._writer.get_extra_info("peername")
    return name


_STRANGER = """
import os, socket, sys
os.setgid(12345), os.setuid(12345)
other = socket.socket(socket.AF_UNIX)
other.connect(sys.argv[1])
other.sendall(b'{"type":"greeting","protocol":1}\\n')
print(repr(other.recv(100)))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_another_user_gets_nothing_even_if_the_socket_admits_them(engine: Engine) -> None:
    path = Path(await socket_of(engine))
    opened = [*path.parents[:-1], path]
    modes = [each.stat().st_mode for each in opened]
    for each, mode in zip(opened, modes, strict=True):
        each.chmod(mode | (0o666 if each == path else 0o111))
    try:
        stranger = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _STRANGER, str(path), stdout=PIPE, stderr=PIPE, cwd="/"
        )
        said, fault = await asyncio.wait_for(stranger.communicate(), 30)
    finally:
        for each, mode in zip(opened, modes, strict=True):
            each.chmod(mode)
    assert said.decode().strip() == "b''" or "ConnectionReset" in fault.decode() or "BrokenPipe" in fault.decode()
    with pytest.raises(EngineProblem, match="No run in progress"):
        await engine.send(cmd.Pause())


async def test_a_client_that_does_not_read_holds_nobody_up(engine: Engine, config: TrainConfig) -> None:
    lazy = socket.socket(socket.AF_UNIX)
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    lazy.connect(await socket_of(engine))
    lazy.sendall(b'{"type":"greeting","protocol":1}\n')
    name = (await engine.send(cmd.Start(config=make_config({"epochs": 150}, config)))).result["run"]
    seen = events(await until(engine, is_a(ev.Finished)))
    lazy.settimeout(10)
    received = b""
    while not (received.endswith(b"\n") and f'"finished","seq":{seen[-1].seq},'.encode() in received):
        received += lazy.recv(65536)
    lazy.close()
    lines = [json.loads(line) for line in received.splitlines() if b'"seq"' in line]
    (begun,) = (i for i, line in enumerate(lines) if line["type"] == "run_created" and line["run"] == name)
    assert [line["seq"] for line in lines[begun:]] == list(range(len(seen)))


async def test_one_screen_steers_and_another_can_take_control(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=make_config({"epochs": 9000}, config)))
    path = Path(await socket_of(engine))
    second, watcher = await Engine.connect(path), await Engine.connect(path, "watcher")
    assert not (await until(second, is_a(Steers)))[-1].you
    with pytest.raises(EngineProblem, match="has control; take control first"):
        await second.send(cmd.Pause())
    with pytest.raises(EngineProblem, match="is read-only"):
        await watcher.send(cmd.Stop())
    with pytest.raises(EngineProblem, match="is read-only"):
        await watcher.send(cmd.TakeControl())

    await second.send(cmd.TakeControl())
    steers = (await until(second, lambda m: isinstance(m, Steers) and m.you))[-1]
    assert steers.screens == 3
    assert not (await until(engine, lambda m: isinstance(m, Steers) and not m.you))[-1].you
    with pytest.raises(EngineProblem, match="has control; take control first"):
        await engine.send(cmd.Stop())
    await second.send(cmd.Pause())
    await until(second, is_a(ev.Paused))

    await second.close()  # who was there before steers again
    assert (await until(engine, lambda m: isinstance(m, Steers) and m.you))[-1].screens == 2
    await watcher.close()
    script = await Engine.connect(path, "script")
    await script.send(cmd.Abort())  # a script's order counts beside whoever steers
    await until(engine, is_a(ev.Finished))
    await script.close()
