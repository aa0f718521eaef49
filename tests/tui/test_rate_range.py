"""Finding a learning rate: what is asked, what is shown, and what becomes of the one that is taken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import commands as cmd
from engine.analysis.lr_range_test import rates
from engine.answers import RangeTest, decode_result
from engine.client import EngineLike
from engine.errors import RunProblem
from tests.events_kit import BLOG, RUN, epoch_events, numbered, opening
from tests.fake_engine import FakeEngine, refusing
from tests.tui.app_kit import Stage, stage
from tests.tui.cli_kit import home, make_run, short_run, use_engine
from tui.cli.commands.lrfind import lines
from tui.cli.main import main
from tui.screens.rate_range import RateRange
from tui.views.rate_range import sentence

__all__ = ["home"]

TRIED = rates(60)
FOUND: dict[str, Any] = {
    "rates": TRIED,
    "losses": [2.3 - 0.03 * n for n in range(60)],
    "steepest": 0.01,
    "tenth": 0.002,
    "epoch": 0,
}
NOTHING = {**FOUND, "losses": [2.3] * 60, "steepest": None, "tenth": None}


def answering(found: dict[str, Any]) -> tuple[FakeEngine, dict[str, Any]]:
    engine = FakeEngine()
    engine.answer = lambda command: found

    async def connect() -> EngineLike:
        return engine

    return engine, {"ask": connect}


async def asked(on: Stage) -> str:
    await on.press("y")
    for _ in range(20):
        await on.settle()
    assert isinstance(on.app.screen, RateRange)
    return on.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_before_a_run_the_form_is_tested_and_takes_the_rate(size: tuple[int, int]) -> None:
    engine, options = answering(FOUND)
    async with stage(size=size, **options) as on:
        text = await asked(on)
        assert "0.01 (where the loss falls fastest)" in " ".join(text.split())
        assert engine.commands == [cmd.TestRange(config=on.train.form.config())]
        await on.press("enter")
        assert on.train.form.config().learning_rate == 0.01
        assert on.notices == ["In the form: learning rate 0.01; r trains with it."]


async def test_while_it_trains_its_own_weights_are_tested_and_the_rate_is_a_change() -> None:
    engine, options = answering(FOUND)
    async with stage(numbered([*opening(BLOG), *epoch_events(BLOG, 1)]), **options) as on:
        await asked(on)
        assert engine.commands == [cmd.TestRange(run=RUN)]
        await on.press("t")
        assert on.engine.commands == [cmd.Change(values={"learning_rate": 0.002})]


async def test_where_nothing_is_suggested_nothing_can_be_taken() -> None:
    _, options = answering(NOTHING)
    async with stage(size=(100, 30), **options) as on:
        text = " ".join((await asked(on)).split())
        assert "The loss did not fall at any rate: nothing is suggested. Q goes back." in text
        await on.press("enter", "t")
        assert isinstance(on.app.screen, RateRange)
        await on.press("escape")
        assert on.app.screen is on.train


async def test_what_the_engine_refuses_is_said_in_its_place() -> None:
    engine, options = answering(FOUND)
    engine.answer = refusing(RunProblem("demo has no weights yet."))
    async with stage(**options) as on:
        assert "demo has no weights yet." in await asked(on)
        await on.press("q")
        assert on.app.screen is on.train


@pytest.mark.parametrize("key", ["h", "ctrl+g"])
async def test_it_explains_itself_and_is_there_again_afterwards(key: str) -> None:
    _, options = answering(FOUND)
    async with stage(size=(100, 30), **options) as on:
        assert "h explains" in await asked(on)
        await on.press(key)
        assert "trains a copy while the rate rises" in " ".join(on.text().split())
        await on.press("escape")
        assert isinstance(on.app.screen, RateRange)


def test_on_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(short_run())
    engine = use_engine(monkeypatch, FakeEngine())
    engine.answer = lambda command: FOUND
    assert main(["lrfind", RUN]) == 0
    assert engine.commands == [cmd.TestRange(run=RUN)]
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Try a learning rate of 0.01 (where the loss falls fastest) or 0.002 (a tenth of where it is lowest)."
    )
    engine = use_engine(monkeypatch, FakeEngine())
    engine.answer = lambda command: FOUND
    assert main(["lrfind", "--preset", "blog-sgd", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == FOUND
    [command] = engine.commands
    assert isinstance(command, cmd.TestRange) and command.config is not None and command.config.optimizer == "sgd"


def test_settings_beside_a_run_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(short_run())
    assert main(["lrfind", RUN, "--lr", "1"]) == 2
    assert capsys.readouterr().err == "mnist-tui: Settings cannot be combined with a run, which has its own.\n"


def test_what_was_found_in_words() -> None:
    assert sentence(decode_result(RangeTest, NOTHING)) == "The loss did not fall at any rate: nothing is suggested."
    assert lines(decode_result(RangeTest, {**FOUND, "rates": [], "losses": []})) == [
        "The loss was NaN from the first step: no learning rate can be suggested."
    ]
    assert all(len(line) <= 80 for line in lines(decode_result(RangeTest, FOUND))[:-1])
