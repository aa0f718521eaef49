"""An experiment in a real engine: its arms follow one another, whoever looks on, and it can be gone on with."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine, Lost
from engine.errors import ConfigProblem, DataProblem, EngineProblem, RunProblem
from engine.experiments import find_experiment, find_experiment_run
from engine.protocol import ExperimentOver
from engine.runs.folder import all_runs, find_run
from engine.state.run_state import RunState
from tests.kit import home_of_our_own, write_tiny_set

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

NAME = "dropout-small-set"
EXPERIMENT = find_experiment(NAME)


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What makes the experiment a short one, on a small set."""
    home = tmp_path_factory.mktemp("home")
    with home_of_our_own(home):
        data = write_tiny_set(home / "data", train=300, test=64)
        yield {"epochs": 2, "train_images": 0, "device": "cpu", "data_dir": str(data)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(values: dict[str, Any]) -> AsyncIterator[Engine]:
    started = await Engine.start()
    yield started
    await started.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.hello.pid, signal.SIGKILL)


async def to_the_end(engine: Engine) -> tuple[list[Any], ExperimentOver]:
    """The events until the experiment is over, and what is said then."""
    seen: list[Any] = []
    async for message in engine.events():
        match message:
            case ExperimentOver():
                return seen, message
            case ev.Base():
                seen.append(message)
            case Lost():
                raise AssertionError(message)
    raise AssertionError(seen)


async def until(engine: Engine, kind: type, run: str, current: str = "") -> None:
    """Wait for an event of a run; `current` is the run that goes on without being created."""
    async for message in engine.events():
        if isinstance(message, ev.RunCreated):
            current = message.run
        if isinstance(message, kind) and current == run:
            return


def states(group: str) -> tuple[RunState | None, ...]:
    return find_experiment_run(EXPERIMENT, group).states(2)


def outcomes(group: str) -> list[str]:
    return [state.finished.outcome if state and state.finished else "" for state in states(group)]


async def test_each_arm_is_a_run_of_its_own_and_follows_the_one_before(engine: Engine, values: dict[str, Any]) -> None:
    reply = await engine.send(cmd.Experiment(experiment=NAME, values=values))
    group = reply.result["group"]
    assert (group, reply.result["run"]) == (f"{NAME}-1", f"{NAME}-1.1-dropout-0")
    with pytest.raises(EngineProblem, match="The engine is busy with"):
        await engine.send(cmd.Experiment(experiment=NAME, values=values))
    seen, over = await to_the_end(engine)
    assert over == ExperimentOver(experiment=NAME, group=group)
    created = [e for e in seen if isinstance(e, ev.RunCreated)]
    assert [e.run for e in created] == [f"{group}.1-dropout-0", f"{group}.2-dropout-0.5"]
    assert [e.arm for e in created] == [
        ev.Arm(experiment=NAME, group=group, number=n, of=2, label=label, values=values)
        for n, label in ((1, "dropout 0"), (2, "dropout 0.5"))
    ]
    assert [e.config.dropout for e in created] == [0.0, 0.5]
    assert all(e.config.epochs == 2 and e.preset == "overfit" for e in created)
    assert isinstance(seen[-1], ev.Finished) and seen[-1].run == created[1].run
    assert outcomes(group) == ["completed", "completed"]
    folder = find_run(created[0].run)
    assert folder.state().arm == created[0].arm and folder.finished() is not None and folder.live() is None


async def test_a_stop_ends_an_arm_and_an_abort_all_of_it_and_it_goes_on_from_there(
    engine: Engine, values: dict[str, Any]
) -> None:
    long = values | {"epochs": 10_000}
    await engine.send(cmd.Experiment(experiment=NAME, values=long, name="long"))
    await until(engine, ev.EpochEnded, "long.1-dropout-0")
    await engine.send(cmd.Stop())
    await until(engine, ev.EpochEnded, "long.2-dropout-0.5")
    await engine.send(cmd.Abort())
    _, over = await to_the_end(engine)
    assert over.fault == (
        f"long was aborted at dropout 0.5 (2 of 2). `mnist-tui experiment {NAME} --resume` continues it."
    )
    assert outcomes("long") == ["stopped", "aborted"]
    before = states("long")[0]

    reply = await engine.send(cmd.Experiment(experiment=NAME, resume=True))
    assert (reply.result["group"], reply.result["run"]) == ("long", "long.2-dropout-0.5")
    await until(engine, ev.RunStarted, "long.2-dropout-0.5", "long.2-dropout-0.5")
    await engine.send(cmd.Stop())
    _, over = await to_the_end(engine)
    assert over.fault == ""
    assert outcomes("long") == ["stopped", "stopped"]
    assert states("long")[0] == before
    with pytest.raises(ConfigProblem, match=r"long is complete; .*--show"):
        await engine.send(cmd.Experiment(experiment=NAME, resume=True))


async def test_one_that_cannot_be_trained_is_refused_and_leaves_nothing(engine: Engine, values: dict[str, Any]) -> None:
    nowhere = values | {"data_dir": values["data_dir"] + "/nowhere"}
    with pytest.raises(DataProblem, match="nowhere does not exist"):
        await engine.send(cmd.Experiment(experiment=NAME, values=nowhere, name="without-data"))
    assert not any(run.name.startswith("without-data") for run in all_runs())


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (cmd.Experiment(experiment="none"), "There is no experiment 'none'; expected one of sgd-vs-adam, "),
        (cmd.Experiment(experiment=NAME, values={"dropout": 0.3}), "--dropout is what dropout-small-set compares"),
        (cmd.Experiment(experiment=NAME, values={"epochs": 0}), "Epochs: 0 is out of range"),
        (cmd.Experiment(experiment=NAME, name="long"), "There is already an experiment run 'long'"),
        (cmd.Experiment(experiment=NAME, name="a/b"), "'a/b.1-dropout-0' is no name for a run"),
        (cmd.Experiment(experiment=NAME, name="none", resume=True), "There is no performance of .* called 'none'"),
        (cmd.Experiment(experiment="dead-relu", resume=True), "There is no performance of dead-relu yet"),
    ],
)
async def test_what_cannot_be_is_refused_and_the_engine_is_free(
    engine: Engine, command: cmd.Experiment, sentence: str
) -> None:
    for _ in range(2):  # the second time it is not busy with the first
        with pytest.raises((ConfigProblem, RunProblem), match=sentence):
            await engine.send(command)


async def test_an_arm_that_was_created_and_never_told_of_is_begun(engine: Engine, values: dict[str, Any]) -> None:
    await engine.send(cmd.Experiment(experiment=NAME, values=values, name="early"))
    await to_the_end(engine)
    second = find_run("early.2-dropout-0.5")
    for left in second.path.iterdir():
        if left != second.config:
            left.unlink()
    reply = await engine.send(cmd.Experiment(experiment=NAME, name="early", resume=True))
    assert reply.result["run"] == second.name
    await to_the_end(engine)
    assert outcomes("early") == ["completed", "completed"]


async def test_a_run_that_has_the_name_of_an_arm_by_chance_ends_it(engine: Engine, values: dict[str, Any]) -> None:
    config = EXPERIMENT.configs(values)[0]
    await engine.send(cmd.Start(config=config, name="taken.2-dropout-0.5"))
    await until(engine, ev.Finished, "taken.2-dropout-0.5")
    await engine.send(cmd.Experiment(experiment=NAME, values=values, name="taken"))
    _, over = await to_the_end(engine)
    assert over.fault.startswith("Run 2 of taken could not start: There is a run 'taken.2-dropout-0.5' already")
    assert outcomes("taken") == ["completed", ""]
    assert find_run("taken.2-dropout-0.5").state().arm is None


async def test_it_goes_on_without_anybody_attached_and_after_its_engine_was_killed(values: dict[str, Any]) -> None:
    first = await Engine.start("script")
    await first.send(cmd.Experiment(experiment=NAME, values=values | {"epochs": 40}, name="alone"))
    await first.close()

    await eventually(lambda: len(find_experiment_run(EXPERIMENT, "alone").runs) == 2)
    os.kill(first.hello.pid, signal.SIGKILL)
    assert outcomes("alone") == ["completed", ""]

    second = await Engine.start("script")
    reply = await second.send(cmd.Experiment(experiment=NAME, name="alone", resume=True))
    assert reply.result["run"] == "alone.2-dropout-0.5"
    _, over = await to_the_end(second)
    await second.close()
    assert over.fault == ""
    assert outcomes("alone") == ["completed", "completed"]
    assert all(state is not None and len(state.epochs) == 40 for state in states("alone"))
    await eventually(lambda: not Path(f"/proc/{second.hello.pid}").exists() or _is_zombie(second.hello.pid))


def _is_zombie(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


async def eventually(holds: Any) -> None:
    """Wait until it holds; the test's own time limit ends it."""
    while True:
        with contextlib.suppress(RunProblem):
            if holds():
                return
        await asyncio.sleep(0.01)
