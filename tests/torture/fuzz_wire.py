"""Damaged lines on the socket: for the decoders, from an engine to a client, from a client to a session."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import strategies as st

from engine import commands as cmd
from engine import events as ev
from engine import protocol
from engine.client import Engine, Lost
from engine.config import TrainConfig
from engine.errors import EngineProblem, RunProblem
from engine.protocol import Greeting, Hello, Ready, Reply, Steers, decode_server, encode
from engine.runs.folder import RunFolder
from engine.sockets import listen
from engine.worker.server import torch_tasks
from engine.worker.server.output_capture import OutputCapture
from engine.worker.server.session import Session
from tests.events_kit import whole_run
from tests.torture.damage import Damaged, damaged, junk
from tests.torture.fuzz import WRITES, Target, allowed, told
from tests.torture.ground import variable

_SECONDS = 20
_MAY = (*WRITES, "os.chmod", "socket.connect")
COMMANDS: list[cmd.Command] = [
    cmd.Start(config=TrainConfig(), preset="quick", name="otter", id=1),
    cmd.ResumeRun(run="last", epochs=3, id=2),
    cmd.EvaluateRun(run="last", id=3),
    cmd.Pause(id=4),
    cmd.Continue(id=5),
    cmd.StepBatch(id=6),
    cmd.OneMoreEpoch(id=7),
    cmd.Stop(id=8),
    cmd.Abort(id=9),
    cmd.TakeControl(id=10),
    cmd.ListDevices(id=11),
    cmd.Change(values={"learning_rate": 0.1, "optimizer": "sgd", "hidden": [3]}, id=12),
    cmd.Undo(id=13),
    cmd.Branch(
        run="last",
        values={"dropout": 0.1},
        origin=ev.Parent(run="otter", at="best", epoch=1, step=9, digest="0f"),
        changes=(cmd.PlannedChange(step=9, values={"epochs": 4}),),
        stop_at=12,
        id=14,
    ),
]
_TOLD = [*whole_run(epochs=1, events_per_epoch=2), Ready(torch="2"), Steers(name="pts/1", you=True, screens=2)]
_FROM_ENGINE = [encode(each) for each in (*_TOLD, Reply(id=1, result={"run": "x"}), Reply(id=1, error="No."))]
_FROM_CLIENT = [encode(each) for each in (*COMMANDS, Greeting(name="pts/0"), Greeting(role="script", run="x", since=3))]


def targets(folder: Path) -> list[Target]:
    """The decoders; a client of a broken engine; a session with broken clients."""
    lines = damaged([*_FROM_ENGINE, *_FROM_CLIENT]) | junk(b"{", b'{"type":"', b"[", b'"')
    client, host = Wire(_broken_engine), Wire(lambda: _session(folder))
    return [
        Target("decoders", lines, _check_decoders, 18),
        Target("an engine's lines", talks(_FROM_ENGINE), client.check(_listen_to), 4, client.open, _MAY),
        Target("a client's lines", talks(_FROM_CLIENT), host.check(_talk_to), 5, host.open, _MAY),
    ]


def talks(samples: list[bytes]) -> st.SearchStrategy[Damaged]:
    """A sequence of valid and damaged lines."""
    line = damaged(samples) | st.sampled_from(samples).map(lambda each: Damaged(each, 0, ["sound"]))
    ended = line.map(lambda given: given if given.content.endswith(b"\n") else _with_line_feed(given))
    return st.lists(line | ended, min_size=1, max_size=5).map(
        lambda all_: Damaged(b"".join(each.content for each in all_), 0, [repr(each) for each in all_])
    )


def _with_line_feed(given: Damaged) -> Damaged:
    return Damaged(given.content + b"\n", given.sample, given.edits)


def _check_decoders(given: Damaged) -> None:
    decoders: list[Callable[[bytes], Any]] = [protocol.decode_event, decode_server, protocol.decode_client]
    assert isinstance(protocol.is_later(given.content), bool)
    for decode in decoders:
        try:
            message = decode(given.content)
        except EngineProblem as problem:
            told(problem)
        else:
            assert decode(encode(message)) == message


# connections

Talk = Callable[[Any, Damaged], Coroutine[Any, Any, None]]


class Wire:
    """An event loop with a peer to talk to. Unhandled errors in the loop fail the test."""

    def __init__(self, make: Callable[[], contextlib.AbstractAsyncContextManager[Any]]) -> None:
        self._make = make
        self._runner: asyncio.Runner | None = None
        self._other: Any = None
        self._faults: list[str] = []

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Run the peer during the block."""
        with asyncio.Runner() as runner:
            runner.get_loop().set_exception_handler(lambda _, context: self._faults.append(str(context)))
            other = self._make()
            self._runner, self._other = runner, runner.run(other.__aenter__())
            try:
                yield
            finally:
                runner.run(other.__aexit__(None, None, None))

    def check(self, talk: Talk) -> Callable[[Damaged], None]:
        """Talk to the peer within a time limit."""

        def check(given: Damaged) -> None:
            assert self._runner
            self._runner.run(asyncio.wait_for(talk(self._other, given), _SECONDS))
            faults, self._faults = self._faults, []
            assert not faults, faults

        return check


class BrokenEngine:
    """Listens at `path`, sends `line`s to each client and closes."""

    def __init__(self, path: Path) -> None:
        self.path, self.lines = path, b""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Act as the engine for one client."""
        with contextlib.suppress(ConnectionError):
            await reader.readline()
            writer.write(encode(Hello(version="1", pid=1)) + self.lines)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def _broken_engine() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        engine = BrokenEngine(Path(folder) / "sock")
        server = await asyncio.start_unix_server(engine.answer, path=str(engine.path))
        yield engine
        server.close()


async def _listen_to(other: BrokenEngine, given: Damaged) -> None:
    """Whatever an engine sends, its client ends and every command gets an answer."""
    other.lines = given.content
    engine = await Engine.connect(other.path)
    asked = asyncio.create_task(engine.send(cmd.Pause()))
    messages = [message async for message in engine.events()]
    assert isinstance(messages[-1], Lost)
    assert not any(isinstance(message, Lost) for message in messages[:-1])
    try:
        assert isinstance(await asked, Reply)
    except EngineProblem as problem:
        told(problem)
    await engine.close()


class Host:
    """A session, its socket, and a client that stays connected."""

    def __init__(self, session: Session, path: Path, steady: Engine) -> None:
        self.session, self.path, self.steady = session, path, steady


@contextlib.asynccontextmanager
async def _session(folder: Path) -> Any:
    """A session that trains nothing: jobs end immediately."""

    def train(run: RunFolder, config: TrainConfig, emit: Any, *_: object) -> None:
        emit(
            ev.Finished(
                run=run.name,
                outcome="completed",
                reason="Done.",
                epochs=0,
                step=0,
                position=0.0,
                best_epoch=None,
                seconds=0.0,
                test=None,
            )
        )

    def refuse(*_: object) -> None:
        raise RunProblem("Not here.")

    stand_ins: dict[str, Any] = {
        "warm": lambda *_: "2",
        "train": train,
        "load": refuse,
        "test": refuse,
        "devices": dict,
    }
    with contextlib.ExitStack() as undo:
        undo.enter_context(variable("MNIST_TUI_HOME", str(folder)))
        undo.enter_context(variable("XDG_RUNTIME_DIR", str(folder)))
        for name, stand_in in stand_ins.items():
            undo.enter_context(mock.patch.object(torch_tasks, name, stand_in))
        undo.enter_context(mock.patch.object(OutputCapture, "redirect", lambda *_: None))
        server, path = listen()
        session = Session(path, OutputCapture(path.with_suffix(".log")))
        serving = asyncio.create_task(session.serve(server))
        steady = await Engine.connect(path, "watcher")
        yield Host(session, path, steady)
        await steady.close()
        session.abort()
        await asyncio.wait_for(serving, _SECONDS)


async def _talk_to(host: Host, given: Damaged) -> None:
    """Whatever a client sends, it gets valid lines, and the session serves the next client."""
    reader, writer = await asyncio.open_unix_connection(str(host.path), limit=protocol.LINE_LIMIT)
    answers = b""
    with contextlib.suppress(ConnectionError):
        writer.write(
            encode(Greeting(role="script")) + given.content if b"greeting" not in given.content else given.content
        )
        writer.write_eof()
        answers = await reader.read()
    writer.close()
    for line in answers.splitlines():
        message = decode_server(line)
        if isinstance(message, Reply) and message.error:
            told(EngineProblem(message.error))
            assert not message.error.startswith("The engine failed"), message.error
    other = await Engine.connect(host.path, "script")
    await other.close()
    await host.session.lifecycle.wait_until_over()
    while host.steady.pending:
        assert not isinstance(await anext(host.steady.events()), Lost)
    with allowed():
        _forget_runs(host.session)


def _forget_runs(session: Session) -> None:
    """Remove finished runs, which would otherwise accumulate."""
    current = session.run.path if session.run else None
    for path in current.parent.iterdir() if current else ():
        if path != current:
            shutil.rmtree(path)
