"""The engine for questions: started when the first is asked, once, and again when it is gone."""

from __future__ import annotations

import asyncio

import pytest

from engine import commands as cmd
from engine.client import EngineLike, Lost
from engine.errors import EngineProblem
from tests.fake_engine import FakeEngine
from tui.app.query_engine import Asker

QUESTION = cmd.PredictPictures(run="x", pixels=b"")


class Engines:
    """Makes an engine for each start."""

    def __init__(self) -> None:
        self.made: list[FakeEngine] = []

    async def start(self) -> EngineLike:
        engine = FakeEngine()
        engine.answer = lambda command: {"by": len(self.made)}
        self.made.append(engine)
        return engine


async def test_one_engine_answers_all_that_is_asked_at_once() -> None:
    engines = Engines()
    asker = Asker(engines.start)
    assert engines.made == []
    answers = await asyncio.gather(*(asker.ask(QUESTION) for _ in range(5)))
    assert answers == [{"by": 1}] * 5
    assert len(engines.made) == 1
    await asker.close()
    assert engines.made[0].closed


async def test_another_is_started_when_it_is_gone() -> None:
    engines = Engines()
    asker = Asker(engines.start)
    await asker.ask(QUESTION)
    engines.made[0].push(Lost("The engine was ended by SIGKILL."))
    await engines.made[0].told()
    await asyncio.sleep(0)
    await asker.ask(QUESTION)
    assert len(engines.made) == 2
    await asker.close()


async def test_one_that_does_not_start_is_told_each_time() -> None:
    async def fails() -> EngineLike:
        raise EngineProblem("The engine did not start: no module named torch")

    asker = Asker(fails)
    for _ in range(2):
        with pytest.raises(EngineProblem, match="did not start"):
            await asker.ask(QUESTION)
    await asker.close()


async def test_a_start_is_not_lost_with_the_question_it_was_for() -> None:
    engines, free = Engines(), asyncio.Event()

    async def slowly() -> EngineLike:
        await free.wait()
        return await engines.start()

    asker = Asker(slowly)
    for _ in range(5):
        given_up = asyncio.create_task(asker.ask(QUESTION))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
    free.set()
    assert await asker.ask(QUESTION) == {"by": 1}
    assert len(engines.made) == 1
    await asker.close()
