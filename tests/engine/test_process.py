"""The engine as the screen meets it: a process of its own, over its socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine, Lost, Message
from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, EngineProblem, Problem
from engine.history import RunState, fold, reduce
from engine.protocol import COMMAND_LIMIT, Ready, Steers
from engine.runs import find_run, read_session
from tests.kit import home_of_our_own, write_tiny_set

pytestmark = [pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for runs and sockets of our own, for engine processes too."""
    folder = tmp_path_factory.mktemp("home")
    with home_of_our_own(folder):
        yield folder


@pytest.fixture(scope="module")
def config(home: Path) -> TrainConfig:
    """A run that takes a moment."""
    data = write_tiny_set(home / "data", train=300, test=64)
    return make_config({"hidden": (16,), "batch_size": 16, "epochs": 3, "device": "cpu", "data_dir": str(data)})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    """One engine for every test that leaves it as it found it: torch takes seconds to load."""
    started = await Engine.start()
    yield started
    await started.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.hello.pid, signal.SIGKILL)


async def until(engine: Engine, wanted: Callable[[Message], bool]) -> list[Any]:
    """The messages up to the first that is wanted."""
    seen = []
    async for message in engine.events():
        seen.append(message)
        if wanted(message):
            return seen
    raise AssertionError(f"never came; last was {seen[-1]}")


def is_a(*kinds: type) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, kinds)


def events(messages: list[Any]) -> list[Any]:
    return [m for m in messages if isinstance(m, ev.Base)]


async def gone(pid: int) -> bool:
    """Whether the process ends within five seconds."""
    process = psutil.Process(pid) if psutil.pid_exists(pid) else None
    with contextlib.suppress(psutil.TimeoutExpired):
        if process:
            await asyncio.to_thread(process.wait, 5)
        return True
    return False


async def test_every_client_is_told_when_torch_is_loaded(engine: Engine) -> None:
    client = await Engine.connect(Path(await socket_of(engine)))
    message = (await until(client, is_a(Ready)))[-1]
    assert message.torch.startswith("2.")
    await client.close()


async def test_a_run_over_the_socket_is_the_run_in_its_folder(engine: Engine, config: TrainConfig) -> None:
    reply = await engine.send(cmd.Start(config=config, preset="blog-adam"))
    seen = events(await until(engine, is_a(ev.Finished)))
    assert [e.seq for e in seen] == list(range(len(seen)))
    run = find_run(reply.result["run"])
    assert run.state() == fold(seen)
    assert run.finished() is not None
    assert run.read_config() == config
    assert run.checkpoint("last").exists() and run.checkpoint("best").exists()
    assert run.status() == "finished"
    state = fold(seen)
    assert (state.status, state.position, len(state.epochs)) == ("ended", 3.0, 3)
    assert state.started is not None and state.started.machine.threads == 1


async def test_a_client_that_comes_late_knows_what_one_from_the_start_knows(
    engine: Engine, config: TrainConfig
) -> None:
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


async def test_leaving_does_not_end_a_run_and_an_idle_engine_ends_by_itself(config: TrainConfig) -> None:
    engine = await Engine.start()
    name = (await engine.send(cmd.Start(config=make_config({"epochs": 60}, config)))).result["run"]
    await until(engine, is_a(ev.EpochEnded))
    pid = engine.hello.pid
    await engine.close()
    run = find_run(name)
    assert run.status() == "running"
    back = await Engine.attach(read_session(run))
    state = fold(events(await until(back, is_a(ev.Finished))))
    assert state.finished is not None and state.finished.outcome == "completed"
    await back.close()
    assert await gone(pid)
    assert run.status() == "finished"
    assert not run.session.exists()


async def test_commands_are_refused_with_a_sentence(engine: Engine, config: TrainConfig) -> None:
    with pytest.raises(EngineProblem, match="Nothing is training"):
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


async def test_pause_step_continue_stop(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=make_config({"epochs": 5000}, config)))
    await until(engine, is_a(ev.EpochEnded))
    await engine.send(cmd.Pause())
    paused = (await until(engine, is_a(ev.Paused)))[-1]
    await engine.send(cmd.StepBatch())
    assert (await until(engine, is_a(ev.Paused)))[-1].step == paused.step + 1
    await engine.send(cmd.Continue())
    await until(engine, is_a(ev.Continued))
    await engine.send(cmd.Stop())
    end = (await until(engine, is_a(ev.Finished)))[-1]
    assert end.outcome == "stopped"
    assert end.test is not None


async def test_killed_by_force_it_is_said_and_resumed_to_the_same_numbers(config: TrainConfig) -> None:
    longer = make_config({"epochs": 40}, config)
    engine = await Engine.start()
    name = (await engine.send(cmd.Start(config=longer))).result["run"]
    await until(engine, lambda m: isinstance(m, ev.CheckpointSaved) and m.kind == "last" and m.epoch >= 3)
    os.kill(engine.hello.pid, signal.SIGKILL)
    lost = (await until(engine, is_a(Lost)))[-1]
    assert "SIGKILL" in lost.reason and not lost.expected
    with pytest.raises(EngineProblem, match="gone"):
        await engine.send(cmd.Pause())
    await engine.close()
    assert find_run(name).status() == "interrupted"

    half_written = find_run(name).path / ".last.pt.12345.tmp"
    half_written.write_bytes(b"half a checkpoint")

    second = await Engine.start()
    await second.send(cmd.ResumeRun(run=name))
    await until(second, is_a(ev.Finished))
    assert not half_written.exists()
    await second.send(cmd.Start(config=longer, name="straight"))
    await until(second, is_a(ev.Finished))
    await second.close()
    resumed, straight = find_run(name).state(), find_run("straight").state()
    assert figures(resumed) == figures(straight)
    assert resumed.test is not None and straight.test is not None
    assert resumed.test.loss == straight.test.loss


def figures(state: RunState) -> list[tuple[object, ...]]:
    """Every epoch's figures but the times."""
    return [
        (e.epoch, e.step, e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy, e.gradient_norm)
        for e in state.epochs
    ]


async def test_told_to_terminate_it_saves_and_goes(config: TrainConfig) -> None:
    engine = await Engine.start()
    name = (await engine.send(cmd.Start(config=make_config({"epochs": 5000}, config)))).result["run"]
    await until(engine, is_a(ev.EpochEnded))
    os.kill(engine.hello.pid, signal.SIGTERM)
    lost = (await until(engine, is_a(Lost)))[-1]
    assert lost.expected
    assert await gone(engine.hello.pid)
    assert find_run(name).status() == "aborted"


async def test_evaluating_a_run_is_a_look_that_counts(engine: Engine, config: TrainConfig) -> None:
    name = (await engine.send(cmd.Start(config=config))).result["run"]
    end = (await until(engine, is_a(ev.Finished)))[-1]
    await engine.send(cmd.EvaluateRun(run=name))
    tested = (await until(engine, is_a(ev.Tested)))[-1]
    assert (tested.test.accuracy, tested.test.loss) == (end.test.accuracy, end.test.loss)
    assert tested.test.wrong_images == end.test.wrong_images
    assert len(find_run(name).state().looks) == 2


async def test_a_finished_run_takes_more_epochs(engine: Engine, config: TrainConfig) -> None:
    name = (await engine.send(cmd.Start(config=config))).result["run"]
    await until(engine, is_a(ev.Finished))
    with pytest.raises(Problem, match="has trained its 3 epochs"):
        await engine.send(cmd.ResumeRun(run=name))
    await engine.send(cmd.ResumeRun(run=name, epochs=5))
    await until(engine, is_a(ev.Finished))
    state = find_run(name).state()
    assert [e.epoch for e in state.epochs] == [1, 2, 3, 4, 5]
    assert state.config.epochs == 5


async def test_devices_are_described(engine: Engine) -> None:
    reply = await engine.send(cmd.ListDevices())
    assert reply.result["devices"][0]["device"] == "cpu"
    assert reply.result["default"]["reason"]


NOISY = """
import atexit, os, threading, warnings
def noise():
    print("printed by something")
    os.write(2, b"written to the descriptor\\n")
    warnings.warn("a library warns")
if "engine.worker" in " ".join(__import__("sys").orig_argv):
    import importlib.abc, sys
    class Once(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name == "engine.worker.jobs":
                noise()
                os.system("echo printed by a child")
            return None
    sys.meta_path.insert(0, Once())
"""


async def test_what_anything_prints_becomes_log_lines(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(NOISY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    engine = await Engine.start()
    await engine.send(cmd.Start(config=make_config({"epochs": 2000}, config)))
    wanted = ["printed by something", "written to the descriptor", "a library warns", "printed by a child"]
    state = RunState()
    async for message in engine.events():
        if isinstance(message, ev.Base):
            state = reduce(state, message)  # type: ignore[arg-type]
        if all(any(w in line for line in state.log) for w in wanted):
            break
    await engine.send(cmd.Abort())
    await until(engine, is_a(ev.Finished))
    await engine.close()


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
    with pytest.raises(EngineProblem, match="Nothing is training"):
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
async def test_another_user_is_told_nothing_even_where_the_socket_lets_him_in(engine: Engine) -> None:
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
    with pytest.raises(EngineProblem, match="Nothing is training"):
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


async def test_an_engine_that_cannot_start_says_why(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(EngineProblem, match="The engine did not start"):
        await Engine.start()


async def test_the_engine_gives_way_to_the_screen(engine: Engine) -> None:
    process = psutil.Process(engine.hello.pid)
    assert process.nice() > psutil.Process().nice()
    assert process.environ()["OMP_WAIT_POLICY"] == "PASSIVE"
    assert os.getsid(engine.hello.pid) != os.getsid(0)


async def test_one_screen_steers_and_another_can_take_control(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=make_config({"epochs": 9000}, config)))
    path = Path(await socket_of(engine))
    second, watcher = await Engine.connect(path), await Engine.connect(path, "watcher")
    assert not (await until(second, is_a(Steers)))[-1].you
    with pytest.raises(EngineProblem, match="steers; take control first"):
        await second.send(cmd.Pause())
    with pytest.raises(EngineProblem, match="only watches"):
        await watcher.send(cmd.Stop())
    with pytest.raises(EngineProblem, match="only watches"):
        await watcher.send(cmd.TakeControl())

    await second.send(cmd.TakeControl())
    told = (await until(second, lambda m: isinstance(m, Steers) and m.you))[-1]
    assert told.screens == 3
    assert not (await until(engine, lambda m: isinstance(m, Steers) and not m.you))[-1].you
    with pytest.raises(EngineProblem, match="steers; take control first"):
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
