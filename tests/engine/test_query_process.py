"""Questions over the socket: an idle engine answers, one that trains refuses, and what nobody waits for is given up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig, make_config
from engine.errors import EngineProblem, Problem
from engine.protocol import Working
from tests.kit import home_of_our_own, write_tiny_set

pytestmark = [pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainConfig]:
    home = tmp_path_factory.mktemp("home")
    with home_of_our_own(home):
        data = write_tiny_set(home / "data", train=300, test=64)
        yield make_config({"hidden": (16,), "batch_size": 16, "epochs": 1, "device": "cpu", "data_dir": str(data)})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    started = await Engine.start()
    await started.send(cmd.Start(config=config, name="asked"))
    async for message in started.events():
        if isinstance(message, ev.Finished):
            break
    yield started
    await started.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.hello.pid, signal.SIGKILL)


QUESTION = cmd.PredictPictures(run="asked", pixels=bytes(3 * 784))


async def test_an_idle_engine_answers_and_tells_how_far_it_is(engine: Engine) -> None:
    heard: list[Working] = []
    reply = await engine.send(QUESTION, heard.append)
    assert len(reply.result["probabilities"]) == 3
    assert all(sum(row) == pytest.approx(1.0, abs=1e-5) for row in reply.result["probabilities"])
    assert [each.share for each in heard] == [0.0]


async def test_many_questions_are_answered_each(engine: Engine) -> None:
    replies = await asyncio.gather(*(engine.send(QUESTION) for _ in range(20)))
    assert all(len(reply.result["probabilities"]) == 3 for reply in replies)


async def test_a_question_about_no_run_is_refused(engine: Engine) -> None:
    with pytest.raises(Problem, match="There is no run 'nobody'"):
        await engine.send(cmd.PredictPictures(run="nobody", pixels=b""))


async def test_what_is_given_up_leaves_the_engine_as_it_was(engine: Engine) -> None:
    asked = [asyncio.create_task(engine.send(QUESTION)) for _ in range(10)]
    await asyncio.sleep(0)
    for task in asked[1:]:
        task.cancel()
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(done[0], BaseException)
    reply = await engine.send(QUESTION)
    assert len(reply.result["probabilities"]) == 3


async def test_one_that_trains_refuses(engine: Engine, config: TrainConfig, tmp_path: Path) -> None:
    long = make_config({"epochs": 10_000}, config)
    await engine.send(cmd.Start(config=long, name="long"))
    with pytest.raises(EngineProblem, match="busy with long"):
        await engine.send(QUESTION)
    await engine.send(cmd.Abort())
    async for message in engine.events():
        if isinstance(message, ev.Finished) and message.run == "long":
            break
