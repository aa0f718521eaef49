"""Runs of version 0.1.0 go on: resumed, replayed, branched, tested, by a real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.log.event_log import read_events
from engine.runs.folder import find_run
from engine.runs.replay import recipe
from engine.state.run_state import RunState, fold
from tests.engine.steered_kit import an_engine, until
from tests.kit import home_of_our_own
from tests.recorded_kit import lay_out

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

ALIKE = 0.02
"""How far losses may lie apart that were computed by processors with other vector units. Version 0.1.0 did not record
the processor; that a replay on the same one is equal bit for bit is for tests/engine/test_steered.py."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with home_of_our_own(folder), pytest.MonkeyPatch.context() as patch:
        patch.chdir(lay_out(folder))
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(home: Path) -> AsyncIterator[Engine]:
    async with an_engine() as started:
        yield started


async def done(engine: Engine, job: cmd.Command) -> RunState:
    """The state of the run that comes of a job, once it has ended."""
    told = find_run(job.run).state().seq if isinstance(job, cmd.ResumeRun) else -1  # of one that goes on, before
    name = (await engine.send(job)).result["run"]
    end: ev.Finished = await until(engine, ev.Finished, where=lambda event: event.run == name and event.seq > told)
    assert end.fault == ""
    return find_run(name).state()


def losses(state: RunState) -> list[float | None]:
    return [epoch.validation_loss for epoch in state.epochs]


def misclassified(state: RunState) -> int | None:
    return state.tested.wrong if state.tested else None


@pytest.mark.parametrize("name", ["finished", "changed", "stopped", "branch", "diverged"])
async def test_a_replay_comes_out_the_same(engine: Engine, name: str) -> None:
    events = list(read_events(find_run(name).events))
    before = fold(events)
    again = await done(engine, recipe(events).job(before.preset, f"{name}-again"))
    assert [(e.epoch, e.step) for e in again.epochs] == [(e.epoch, e.step) for e in before.epochs]
    assert losses(again) == pytest.approx(losses(before), rel=ALIKE)
    assert misclassified(again) == pytest.approx(misclassified(before), abs=2)
    assert again.finished is not None and before.finished is not None
    ends = [(state.finished.outcome, state.finished.ended_at) for state in (again, before)]
    assert ends[0] == ends[1]


async def test_an_interrupted_run_goes_on_to_the_numbers_it_would_have_had(engine: Engine) -> None:
    before = find_run("interrupted").state()
    undisturbed = await done(engine, cmd.Start(config=before.config, preset=before.preset, name="undisturbed"))
    resumed = await done(engine, cmd.ResumeRun(run="interrupted"))
    assert [(e.epoch, e.step) for e in resumed.epochs] == [(e.epoch, e.step) for e in undisturbed.epochs]
    assert losses(resumed) == pytest.approx(losses(undisturbed), rel=ALIKE)


@pytest.mark.parametrize(("name", "wrong"), [("finished", 80), ("stopped", 24)])
async def test_a_checkpoint_is_tested_to_the_same_result(engine: Engine, name: str, wrong: int) -> None:
    before = find_run(name).state()
    await engine.send(cmd.EvaluateRun(run=name, weights="best"))
    told: ev.Tested = await until(engine, ev.Tested, where=lambda event: event.seq > before.seq)
    assert abs(told.test.wrong - wrong) <= 1
    assert len(find_run(name).state().test_evaluations) == len(before.test_evaluations) + 1


@pytest.mark.parametrize(("name", "at"), [("finished", "2"), ("aborted", "last"), ("interrupted", "best")])
async def test_each_kind_of_checkpoint_can_be_branched_from(engine: Engine, name: str, at: str) -> None:
    epochs = find_run(name).state().epochs[-1].epoch + 1
    made = await done(engine, cmd.Branch(run=name, at=at, values={"epochs": epochs, "batch_size": 20}))
    assert made.parent is not None and (made.parent.run, made.parent.at) == (name, at)
    assert made.finished is not None and made.finished.outcome == "completed"


async def test_an_aborted_and_a_stopped_run_go_on_where_they_were(engine: Engine) -> None:
    for name in ("aborted", "stopped"):
        before = find_run(name).state()
        assert before.finished is not None
        after = await done(engine, cmd.ResumeRun(run=name, epochs=3))
        assert after.started is not None and after.started.resumed
        assert after.started.step == before.finished.step
        assert after.epochs[: len(before.epochs)] == before.epochs
        assert len(after.epochs) == 3
