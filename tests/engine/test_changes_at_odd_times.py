"""Changes in a pause, while a run ends and after it, by two at once, by one that dies, and before a ``kill -9``."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, EngineProblem, Problem
from engine.runs.folder import find_run
from engine.runs.replay import recipe
from engine.state.run_state import fold
from tests.engine.steered_kit import COMMAND, Wire, an_engine, numbers, small_home, stopped, until
from tui.views.mark_texts import mark_text

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]
RATE = {"learning_rate": 0.02}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainConfig]:
    with small_home(tmp_path_factory.mktemp("home")) as config:
        yield config


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    async with an_engine() as engine:
        yield engine


async def test_what_changes_in_a_pause_counts_from_the_next_step_on(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=config, name="paused"))
    await until(engine, ev.EpochEnded)
    await engine.send(cmd.Pause())
    paused = await until(engine, ev.Paused)
    await engine.send(cmd.Change(values=RATE))
    changed = await until(engine, ev.Changed)
    assert changed.step == paused.step
    assert find_run("paused").state().status == "paused"
    with pytest.raises(ConfigProblem, match="Dropout: 3 is out of range; expected a number from 0 to below 1"):
        await engine.send(cmd.Change(values={"dropout": 3}))
    await engine.send(cmd.StepBatch())
    progress = await until(engine, ev.Progress)
    assert (progress.step, progress.learning_rate) == (paused.step + 1, 0.02)
    await engine.send(cmd.Continue())
    await stopped(engine)


async def test_fewer_epochs_than_have_begun_are_refused_also_in_a_pause(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=config, name="begun"))
    await until(engine, ev.Progress, where=lambda told: told.epoch == 2)
    await engine.send(cmd.Pause())
    paused = await until(engine, ev.Paused)
    begun = math.ceil(paused.position)
    words = f"Epochs: epoch {begun} is in progress; expected {begun} or more, or stop the run."
    for _ in range(2):
        with pytest.raises(ConfigProblem, match=words):
            await engine.send(cmd.Change(values={"epochs": 1}))
    await engine.send(cmd.Change(values={"epochs": begun}))
    await engine.send(cmd.Continue())
    end = await until(engine, ev.Finished)
    assert (end.outcome, end.position) == ("completed", begun)
    assert [mark_text(mark) for mark in find_run("begun").state().marks if mark.kind == "changed"] == [
        f"epochs 10000 → {begun}"
    ]


async def test_once_a_run_is_told_to_end_changes_are_refused(engine: Engine, config: TrainConfig) -> None:
    """In one breath, so that the engine is still busy with the end: what it accepts it also does."""
    for end in (cmd.Stop(), cmd.Abort()):
        name = f"told-to-{type(end).__name__.lower()}"
        await engine.send(cmd.Start(config=make_config({"epochs": 9000}, config), name=name))
        await until(engine, ev.EpochEnded)
        wanted = (cmd.Change(values=RATE), cmd.Undo(), cmd.OneMoreEpoch(), cmd.Pause())
        replies = await asyncio.gather(
            engine.send(cmd.Change(values={"dropout": 0.1})),
            engine.send(end),
            *(engine.send(each) for each in wanted),
            return_exceptions=True,
        )
        assert [isinstance(each, Problem) for each in replies] == [False, False, True, True, True, True]
        assert {str(each) for each in replies[2:]} <= {
            f"{name} is ending; it cannot be changed any more.",
            "No run in progress.",
        }
        await until(engine, ev.Finished)
        assert [mark_text(mark) for mark in find_run(name).state().marks if mark.kind == "changed"] == [
            "dropout 0.5 → 0.1"
        ]
        with pytest.raises(EngineProblem, match="No run in progress"):
            await engine.send(cmd.Change(values=RATE))


async def test_at_the_very_end_what_is_accepted_is_made(engine: Engine, config: TrainConfig) -> None:
    """Changes without a pause between them until the first is refused: as many are told as were accepted."""
    short = make_config({"epochs": 2}, config)
    await engine.send(cmd.Start(config=short, name="end"))
    await until(engine, ev.RunStarted)
    accepted = 0
    with pytest.raises(EngineProblem, match=r"is ending|No run in progress"):
        while True:
            await engine.send(cmd.Change(values={"dropout": 0.1 if accepted % 2 else 0.2}))
            accepted += 1
    await until(engine, ev.Finished)
    state = find_run("end").state()
    told = [mark for mark in state.marks if mark.kind == "changed"]
    assert len(told) == accepted > 0
    assert state.finished is not None and state.finished.outcome == "completed"
    assert state.config.dropout == (0.2 if accepted % 2 else 0.1)


async def test_another_epoch_that_is_accepted_is_trained(engine: Engine, config: TrainConfig) -> None:
    """Asked for at each epoch's end, which may be the last: none is promised and then not trained."""
    await engine.send(cmd.Start(config=make_config({"epochs": 1}, config), name="more"))
    promised = 1
    async for message in engine.events():
        match message:
            case ev.EpochEnded(epoch=epoch) if epoch < 6:
                with contextlib.suppress(EngineProblem):
                    await engine.send(cmd.OneMoreEpoch())
                    promised += 1
            case ev.Finished():
                break
    assert len(find_run("more").state().epochs) == promised


async def test_two_at_once_are_heeded_one_after_the_other(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=config, name="both"))
    await until(engine, ev.EpochEnded)
    info = find_run("both").live()
    assert info is not None
    other = await Engine.attach(info, "script")
    rates = [[0.001 * (n + 1 + 20 * who) for n in range(20)] for who in (0, 1)]

    async def change(client: Engine, mine: list[float]) -> None:
        for rate in mine:
            await client.send(cmd.Change(values={"learning_rate": rate}))

    await asyncio.gather(change(engine, rates[0]), change(other, rates[1]))
    await other.close()
    await stopped(engine)
    events = find_run("both").state()
    told = [
        mark_text(mark).removeprefix("learning rate ").split(" → ") for mark in events.marks if mark.kind == "changed"
    ]
    assert all(after[0] == before[1] for before, after in itertools.pairwise(told))
    assert sorted(float(new) for _, new in told) == pytest.approx(sorted({*rates[0], *rates[1]} - {0.001}), abs=1e-12)
    assert events.config.learning_rate == float(told[-1][1])


async def test_a_client_that_dies_in_the_middle_of_a_change_changes_nothing_else(
    engine: Engine, config: TrainConfig
) -> None:
    await engine.send(cmd.Start(config=config, name="dying"))
    await until(engine, ev.EpochEnded)
    whole = b'{"type":"change","id":1,"values":{"dropout":0.25}}\n'
    for part in (whole[:20], whole[:-2]):
        for leave in (Wire.drop, Wire.close):
            wire = await Wire.to("dying")
            wire.write(part)
            leave(wire)
    wire = await Wire.to("dying")
    wire.write(whole)
    assert (await wire.reply())["result"] == {"changed": {"dropout": 0.25}, "no_effect": {}}
    wire.write(b'{"type":"change","id":2,"values":{"dropout":0.5}}\n{"type":"change","id":3')
    assert (await wire.reply())["id"] == 2
    wire.drop()
    await engine.send(cmd.Change(values=RATE))
    await stopped(engine)
    told = [mark_text(mark) for mark in find_run("dying").state().marks if mark.kind == "changed"]
    assert told == ["dropout 0.5 → 0.25", "dropout 0.25 → 0.5", "learning rate 0.001 → 0.02"]


async def test_ctrl_c_of_set_leaves_the_run_alone_and_prints_no_traceback(engine: Engine, config: TrainConfig) -> None:
    """Once it is connected and waits for its answer, of an engine that does not run."""
    await engine.send(cmd.Start(config=config, name="ctrl-c"))
    await until(engine, ev.EpochEnded)
    os.kill(engine.hello.pid, signal.SIGSTOP)
    try:
        process = await asyncio.to_thread(_set_that_waits)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.to_thread(process.communicate, None, 20)
    finally:
        os.kill(engine.hello.pid, signal.SIGCONT)
    assert (process.returncode, out, err) == (130, b"", b"")
    await engine.send(cmd.Change(values=RATE))
    assert (await stopped(engine)).outcome == "stopped"


def _set_that_waits() -> subprocess.Popen[bytes]:
    """A `set` that has connected. A job in the background of a script has Ctrl+C ignored, and so would what it starts."""

    def heeds_ctrl_c() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    command = [*COMMAND, "set", "dropout=0.1"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, preexec_fn=heeds_ctrl_c)  # noqa: PLW1509
    descriptors = Path(f"/proc/{process.pid}/fd")
    while process.poll() is None:
        with contextlib.suppress(OSError):
            sockets = [each for each in descriptors.iterdir() if str(each.readlink()).startswith("socket:")]
            if len(sockets) > 2:  # two are asyncio's own
                break
    return process


async def test_an_engine_that_is_killed_has_every_change_that_it_told_of(config: TrainConfig) -> None:
    """Killed as soon as the change is told, in training and in a pause; resumed, it is as if nothing had happened."""
    for name, pauses in (("killed", False), ("killed-in-a-pause", True)):
        async with an_engine() as first:
            await first.send(cmd.Start(config=config, name=name))
            await until(first, ev.EpochEnded, where=lambda e: e.epoch == 2)
            if pauses:
                await first.send(cmd.Pause())
                await until(first, ev.Paused)
            await first.send(cmd.Change(values={"learning_rate": 0.02, "optimizer": "sgd"}))
            changed = await until(first, ev.Changed, where=lambda e: e.name == "optimizer")
            os.kill(first.hello.pid, signal.SIGKILL)
        async with an_engine() as second:
            await second.send(cmd.ResumeRun(run=name))
            started = await until(second, ev.RunStarted, where=lambda e: e.resumed)
            assert (started.step, started.config.learning_rate, started.config.optimizer) == (changed.step, 0.02, "sgd")
            await until(second, ev.EpochEnded, where=lambda e: e.epoch == 4)
            await stopped(second)
            folder = find_run(name)
            made = recipe(folder_events(name))
            assert made.changes == (
                cmd.PlannedChange(step=changed.step, values={"learning_rate": 0.02, "optimizer": "sgd"}),
            )
            await second.send(made.job("", f"{name}-again"))
            await until(second, ev.Finished)
            assert numbers(find_run(f"{name}-again").state()) == numbers(folder.state())
            await second.close()


def folder_events(name: str) -> list[ev.Event]:
    from engine.log.event_log import read_events

    events = list(read_events(find_run(name).events))
    assert fold(events).run == name
    return events
