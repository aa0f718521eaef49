"""An engine whose disk fails under it: full, deleted, replaced. The run goes on, and is whole in the end."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig, make_config
from engine.errors import Problem
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder, find_run, remove_run
from engine.state.run_state import RunState, reduce
from tests.engine.steered_kit import an_engine
from tests.kit import home_of_our_own, write_tiny_set

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainConfig]:
    """A run of many short epochs, in a home of its own."""
    home = tmp_path_factory.mktemp("home")
    with home_of_our_own(home):
        data = write_tiny_set(home / "data", train=300, test=64)
        values = {"hidden": (16,), "batch_size": 4, "epochs": 9000, "device": "cpu", "data_dir": str(data)}
        yield make_config(values)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    """One engine for all tests; each ends its run."""
    async with an_engine("screen") as started:
        yield started


class Followed:
    """A run under way, with every event of it that came."""

    def __init__(self, engine: Engine, run: RunFolder) -> None:
        self.engine, self.run = engine, run
        self.events: list[ev.Event] = []
        self.state = RunState()

    @classmethod
    async def start(cls, engine: Engine, config: TrainConfig, name: str = "") -> Followed:
        reply = await engine.send(cmd.Start(config=config, name=name))
        return cls(engine, find_run(reply.result["run"]))

    async def until(self, wanted: Callable[[RunState], bool]) -> RunState:
        """Follow until the state is as wanted."""
        async with asyncio.timeout(60):
            async for message in self.engine.events():
                if isinstance(message, ev.Base):
                    self.events.append(message)
                    self.state = reduce(self.state, message)
                    if wanted(self.state):
                        return self.state
        raise AssertionError

    async def epochs(self, count: int) -> RunState:
        """Follow for so many epochs."""
        last = len(self.state.epochs) + count
        return await self.until(lambda state: len(state.epochs) >= last)

    async def saved(self) -> RunState:
        """Follow until a checkpoint of the latest epoch is on disk and nothing is amiss."""
        at = self.state.step
        return await self.until(lambda state: not state.unsaved and _kept(state) > at)

    async def stop(self) -> RunState:
        await self.engine.send(cmd.Stop())
        return await self.until(lambda state: state.finished is not None)

    def files(self) -> set[str]:
        return {path.name for path in self.run.path.iterdir()}

    def expect_whole(self) -> None:
        """The folder is as if nothing had happened, and its log is what was told."""
        assert list(read_events(self.run.events)) == self.events
        assert [event.seq for event in self.events] == list(range(len(self.events)))
        assert self.files() == {
            "config.toml",
            "engine.log",
            "events.jsonl",
            "look-best.npz",
            "readings.bin",
            "result.json",
            "last.pt",
            "best.pt",
        }
        assert self.run.status() == "stopped"
        assert self.run.read_config() == self.state.config


def _kept(state: RunState) -> int:
    """The step that the checkpoint which was just written goes on from."""
    return state.checkpoint.step if state.checkpoint and state.checkpoint.kind == "last" else 0


def delete(folder: Path) -> None:
    """Delete a folder at one blow: while files still come into being in it, one after the other may not do."""
    trash = folder.with_name(".trash")
    folder.rename(trash)
    shutil.rmtree(trash)


def names(state: RunState) -> set[str]:
    """The files that cannot be saved."""
    return {Path(fault.path).name for fault in state.unsaved}


@contextlib.contextmanager
def no_file_larger_than(size: int, engine: Engine) -> Iterator[None]:
    """Have the system refuse the engine to let any file grow further: as a full disk does, while this test can write."""
    if not hasattr(resource, "prlimit"):
        pytest.skip("the limits of another process cannot be set here")
    _, hard = resource.prlimit(engine.hello.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(engine.hello.pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(engine.hello.pid, resource.RLIMIT_FSIZE, (hard, hard))


async def test_a_full_disk_costs_nothing_in_the_end(engine: Engine, config: TrainConfig) -> None:
    run = await Followed.start(engine, config)
    await run.saved()
    before = run.run.checkpoint("last").read_bytes()
    with no_file_larger_than(1000, engine):
        state = await run.until(lambda state: names(state) >= {"events.jsonl", "last.pt"})
        assert {fault.reason for fault in state.unsaved} == {"File too large"}
        assert all(Path(fault.path).parent == run.run.path for fault in state.unsaved)
        await run.epochs(5)
        assert run.run.checkpoint("last").read_bytes() == before
        assert not [name for name in run.files() if name.endswith(".tmp")]
    await run.saved()
    assert (await run.stop()).unsaved == ()
    run.expect_whole()


async def test_a_folder_that_is_deleted_while_it_trains_is_made_again(engine: Engine, config: TrainConfig) -> None:
    run = await Followed.start(engine, config)
    await run.saved()
    delete(run.run.path)
    state = await run.until(lambda state: "last.pt" in names(state))
    told = {Path(event.path).name: event.reason for event in run.events if isinstance(event, ev.SaveFailed)}
    assert told["events.jsonl"] == "No such file or directory"
    assert state.running
    await run.saved()
    assert run.run.status() == "running"
    await run.stop()
    run.expect_whole()


async def test_a_folder_that_is_replaced_by_a_file_is_told_until_the_file_goes(
    engine: Engine, config: TrainConfig
) -> None:
    run = await Followed.start(engine, config)
    await run.saved()
    delete(run.run.path)
    run.run.path.write_text("a file")
    state = await run.until(lambda state: names(state) >= {"events.jsonl", "last.pt"})
    assert {fault.reason for fault in state.unsaved} == {"Not a directory"}
    await run.epochs(3)
    assert run.run.path.read_text() == "a file"
    run.run.path.unlink()
    await run.saved()
    await run.stop()
    run.expect_whole()


async def test_a_paused_run_saves_its_log_without_anything_happening(engine: Engine, config: TrainConfig) -> None:
    run = await Followed.start(engine, config)
    await run.saved()
    await engine.send(cmd.Pause())
    await run.until(lambda state: state.status == "paused")
    delete(run.run.path)
    state = await run.until(lambda state: names(state) == {"last.pt"})
    assert state.status == "paused"
    assert list(read_events(run.run.events)) == run.events
    await engine.send(cmd.Continue())
    await run.saved()
    await run.stop()
    run.expect_whole()


async def test_a_result_that_cannot_be_saved_is_shown_and_saved_later(engine: Engine, config: TrainConfig) -> None:
    refused = pytest.raises(Problem, match=r"No run folder can be made in .*: File too large")
    with no_file_larger_than(1, engine), refused:
        await Followed.start(engine, config)
    run = await Followed.start(engine, config)
    await run.saved()
    with no_file_larger_than(100, engine):
        state = await run.stop()
        assert names(state) >= {"events.jsonl", "result.json"}
        assert state.finished is not None and state.finished.test is not None
        assert run.run.status() == "interrupted"
    await run.until(lambda state: not names(state) & {"events.jsonl", "result.json"})
    assert run.run.status() == "stopped"
    assert list(read_events(run.run.events)) == run.events


async def test_a_folder_that_is_deleted_after_the_end_stays_away(engine: Engine, config: TrainConfig) -> None:
    short = make_config({"epochs": 1}, config)
    run = await Followed.start(engine, short, "gone")
    await run.until(lambda state: state.finished is not None)
    remove_run(run.run)
    other = await Followed.start(engine, config)
    await other.saved()
    await other.stop()
    assert not run.run.path.exists()


async def test_a_run_that_is_removed_and_made_again_under_its_name_is_another(
    engine: Engine, config: TrainConfig
) -> None:
    first = await Followed.start(engine, make_config({"epochs": 2}, config), "again")
    ended = await first.until(lambda state: state.finished is not None)
    remove_run(first.run)
    second = await Followed.start(engine, make_config({"epochs": 1}, config), "again")
    second.state = ended
    state = await second.until(lambda state: state.finished is not None and state.created != ended.created)
    assert [epoch.epoch for epoch in state.epochs] == [1]
    assert state == second.run.state()
    assert [event.seq for event in second.events] == list(range(state.seq + 1))


async def test_a_client_that_knows_the_run_of_that_name_before_is_sent_all_of_this_one(
    engine: Engine, config: TrainConfig
) -> None:
    run = await Followed.start(engine, make_config({"epochs": 1}, config), "known")
    state = await run.until(lambda state: state.finished is not None)
    path = engine._writer.get_extra_info("peername")

    async def first_event(created: float) -> int:
        reader, writer = await asyncio.open_unix_connection(path)
        greeting = msgspec.json.encode(
            {"type": "greeting", "protocol": 1, "role": "watcher", "run": "known", "since": 3, "created": created}
        )
        writer.write(greeting + b"\n")
        while True:
            found = msgspec.json.decode(await asyncio.wait_for(reader.readline(), 20))
            if "seq" in found:
                writer.close()
                return int(found["seq"])

    assert await first_event(0.0) == 3
    assert await first_event(state.created) == 3
    assert await first_event(state.created - 1) == 0


async def test_of_two_engines_that_go_on_with_one_run_exactly_one_does(engine: Engine, config: TrainConfig) -> None:
    run = await Followed.start(engine, make_config({"epochs": 1}, config), "wanted")
    await run.until(lambda state: state.finished is not None)
    second = await Engine.start()
    go_on = cmd.ResumeRun(run="wanted", epochs=9000)
    try:
        answers = await asyncio.gather(*(each.send(go_on) for each in (engine, second)), return_exceptions=True)
        [refused] = [answer for answer in answers if isinstance(answer, BaseException)]
        assert isinstance(refused, Problem)
        assert str(refused).startswith("wanted is running on")
        winner = engine if isinstance(answers[1], BaseException) else second
        going = Followed(winner, run.run)
        await going.until(lambda state: state.status == "training")
        await going.stop()
        numbers = [event.seq for event in read_events(run.run.events)]
        assert numbers == list(range(len(numbers)))
    finally:
        await second.close()
