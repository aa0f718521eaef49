"""A run meets data again, in a real engine: other ones are refused, unless it is said that they may be others."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine, Lost
from engine.config import TrainConfig, make_config
from engine.errors import DataProblem, OtherDataProblem
from engine.experiments import find_experiment
from engine.log.event_log import read_events
from engine.protocol import ExperimentOver
from engine.runs.folder import all_runs, find_run
from engine.runs.replay import recipe
from engine.runs.run_data import from_here
from engine.runs.test_predictions import read_test_predictions
from engine.state.run_state import RunState
from tests.kit import home_of_our_own, write_tiny_set
from tui.views.mark_texts import mark_text

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with home_of_our_own(folder):
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(home: Path) -> AsyncIterator[Engine]:
    started = await Engine.start()
    yield started
    await started.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.hello.pid, signal.SIGKILL)


def config(data: Path, **values: Any) -> TrainConfig:
    base = {"model": "linear", "batch_size": 50, "epochs": 1, "device": "cpu", "data_dir": str(data)}
    return make_config({**base, **values})


async def until(engine: Engine, kind: type) -> Any:
    async for message in engine.events():
        assert not isinstance(message, Lost), message
        if isinstance(message, kind):
            return message
    raise AssertionError(f"no {kind}")


async def ended(engine: Engine, run: str, epochs: int) -> None:
    """Wait for the end of this run after so many epochs; earlier ends of it are told again before."""
    async for message in engine.events():
        assert not isinstance(message, Lost), message
        if isinstance(message, ev.Finished) and (message.run, message.epochs) == (run, epochs):
            return


@pytest_asyncio.fixture(loop_scope="module")
async def trained(engine: Engine, home: Path, request: pytest.FixtureRequest) -> tuple[str, Path]:
    """A run that was trained on a set, whose files are others by now: its name and the set's folder."""
    name = request.node.name.replace("_", "-")[:60]
    data = write_tiny_set(home / name / "set", train=300, test=64)
    await engine.send(cmd.Start(config=config(data), name=name))
    await ended(engine, name, 1)
    data.rename(data.parent / "own")
    write_tiny_set(data, train=300, test=64, seed=7)
    return name, data


def state_of(name: str) -> RunState:
    return find_run(name).state()


async def test_the_log_tells_which_data_a_run_was_trained_on(engine: Engine, trained: tuple[str, Path]) -> None:
    name, data = trained
    state = state_of(name)
    assert state.started is not None and state.started.identity is not None
    assert state.data == state.started.identity
    assert state.data.path == str(data)
    assert state.started.overlap == ev.Overlap()
    assert [e.identity for e in read_events(find_run(name).events) if isinstance(e, ev.Tested)] == [state.data]


async def test_whatever_goes_on_with_a_run_refuses_other_data(engine: Engine, trained: tuple[str, Path]) -> None:
    name, data = trained
    before, runs = find_run(name).events.read_bytes(), len(all_runs())
    made = recipe(read_events(find_run(name).events))
    for command in (
        cmd.EvaluateRun(run=name),
        cmd.ResumeRun(run=name, epochs=3),
        cmd.Branch(run=name, values={"epochs": 3}),
        cmd.TestRange(run=name),
        cmd.MeasureActivations(run=name),
        cmd.MeasureRobustness(run=name, corruption="noise"),
        made.job("", "again", data=state_of(name).data),
    ):
        with pytest.raises(OtherDataProblem, match=rf"The data in {data} are not the ones"):
            await engine.send(command)
    assert find_run(name).events.read_bytes() == before
    assert len(all_runs()) == runs


async def test_the_same_set_in_another_place_is_accepted(engine: Engine, trained: tuple[str, Path]) -> None:
    name, data = trained
    own = str(data.parent / "own")
    await engine.send(cmd.EvaluateRun(run=name, data_dir=own))
    await engine.send(cmd.ResumeRun(run=name, epochs=2, data_dir=own))
    await ended(engine, name, 2)
    state = state_of(name)
    assert (state.config.data_dir, state.data_since, state.elsewhere) == (own, 0, ())
    assert state.data is not None and state.data.path == own
    assert [mark_text(mark) for mark in state.marks] == ["resumed"]
    shutil.rmtree(data)
    await engine.send(cmd.EvaluateRun(run=name))  # from now on it is known to be there
    shutil.rmtree(own)
    with pytest.raises(DataProblem, match=r"cannot be read: .*does not exist.*--data-dir DIR says where they are now"):
        await engine.send(cmd.EvaluateRun(run=name))


async def test_a_look_at_other_data_leaves_the_runs_own_figures(engine: Engine, trained: tuple[str, Path]) -> None:
    name, _ = trained
    before, look = state_of(name), read_test_predictions(find_run(name).look("best"))
    await engine.send(cmd.EvaluateRun(run=name, other_data=True))
    after = state_of(name)
    assert (after.test, after.test_evaluations, after.data) == (before.test, before.test_evaluations, before.data)
    [seen] = after.elsewhere
    assert before.test is not None and seen.test.confusion != before.test.confusion
    again = read_test_predictions(find_run(name).look("best"))
    assert look is not None and again is not None and (look.probabilities == again.probabilities).all()
    assert before.data is not None and again.digest == before.data.digest


async def test_what_goes_on_with_other_data_all_the_same_says_so(engine: Engine, trained: tuple[str, Path]) -> None:
    name, _ = trained
    own = state_of(name).data
    branch = cmd.Branch(run=name, name=f"{name}-b", values={"epochs": 2}, other_data=True)
    await engine.send(branch)
    await ended(engine, branch.name, 2)
    await engine.send(cmd.ResumeRun(run=name, epochs=2, other_data=True))
    await ended(engine, name, 2)
    for state, words in (
        (state_of(name), "resumed on other data"),
        (state_of(branch.name), f"branched off {name} on other data"),
    ):
        assert state.started is not None and state.started.instead_of == own
        assert state.data != own
        assert state.data_since == 1
        assert [mark_text(mark) for mark in state.marks] == [words]
    await engine.send(cmd.ResumeRun(run=name, epochs=3))  # which by now are its own
    await ended(engine, name, 3)
    assert state_of(name).data_since == 1


async def test_a_log_that_does_not_tell_takes_any_data_and_tells_from_then_on(
    engine: Engine, trained: tuple[str, Path]
) -> None:
    name, _ = trained
    run = find_run(name)
    lines = [msgspec.json.decode(line) for line in run.events.read_bytes().splitlines()]
    for line in lines:
        for key in ("identity", "overlap", "instead_of"):
            line.pop(key, None)
    run.events.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    assert state_of(name).data is None
    await engine.send(cmd.ResumeRun(run=name, epochs=2))
    await ended(engine, name, 2)
    state = state_of(name)
    assert state.data is not None and state.started is not None and state.started.instead_of is None


async def test_all_arms_of_an_experiment_have_the_same_data(engine: Engine, home: Path) -> None:
    data = write_tiny_set(home / "arms", train=300, test=64)
    values = {"epochs": 1, "train_images": 0, "device": "cpu", "data_dir": str(data)}
    command = cmd.Experiment(experiment="dropout-small-set", values=values, name="arms")
    await engine.send(command)
    await until(engine, ev.RunStarted)  # of the first, which has its data by now
    shutil.rmtree(data)
    write_tiny_set(data, train=300, test=64, seed=7)
    over = await until(engine, ExperimentOver)
    second = find_experiment("dropout-small-set").arms[1].word
    assert over.fault.startswith("Run 2 of arms could not start: The data in")
    assert "are not the ones that arms was trained on: the images and the labels differ" in over.fault
    resume = cmd.Experiment(experiment="dropout-small-set", name="arms", resume=True)
    with pytest.raises(OtherDataProblem):
        await engine.send(resume)
    await engine.send(msgspec.structs.replace(resume, other_data=True))
    assert (await until(engine, ExperimentOver)).fault == ""
    assert state_of(f"arms.2-{second}").data != state_of("arms.1-").data


async def test_a_relative_folder_is_the_one_it_was_where_it_was_named(
    engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_tiny_set(home / "w1" / "set", train=300, test=64)
    monkeypatch.chdir(data.parent)
    sent = from_here(cmd.Start(config=config(Path("set")), name="relative"))
    await engine.send(sent)
    await ended(engine, "relative", 1)
    assert state_of("relative").config.data_dir == str(data)
    assert find_run("relative").read_config().data_dir == str(data)
