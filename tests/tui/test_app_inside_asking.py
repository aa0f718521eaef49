"""The Inside screen and its questions: progress, giving up, newer weights, faults in words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine import commands as cmd
from engine.errors import DataProblem, EngineProblem, RunProblem
from engine.protocol import Working
from tests import events_kit as kit
from tests.fake_engine import kinds, refusing
from tests.tui.inside_kit import Oracle, _digits, answered, inside, trained

__all__ = ["_digits"]


async def test_only_the_pane_that_is_seen_is_asked_for_and_only_once() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        assert kinds(oracle.commands) == [cmd.ShowWeights]
        await on.press("a")
        await answered(on)
        assert kinds(oracle.commands) == [cmd.ShowWeights, cmd.MeasureActivations]
        await on.press("w", "1", "7")
        await answered(on)
        assert len(oracle.commands) == 2
        assert "60 neurons" in on.text()


async def test_progress_is_told_and_escape_gives_up() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        oracle.held = asyncio.Event()
        await on.press("a")
        assert oracle.heard is not None
        oracle.heard(Working(id=1, share=0.34))
        await on.settle()
        assert "34%" in on.text() and "escape gives up" in on.text()
        await on.press("escape")
        assert oracle.given_up == 1
        assert "Given up; enter asks again." in on.text()
        assert "34%" not in on.text()
        oracle.held = None
        await on.press("enter")
        await answered(on)
        assert "never fire" in on.text()


@pytest.mark.parametrize("away", ["w", "1", "right", "question_mark"])
async def test_whoever_leaves_gives_up(away: str) -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        oracle.held = asyncio.Event()
        await on.press("a")
        oracle.held = None
        await on.press(away)
        assert oracle.given_up == 1


async def test_newer_weights_are_told_of_and_asked_about_with_enter() -> None:
    oracle = Oracle()
    events = trained(2)
    first = len(trained(1))
    async with inside(oracle, events[:first]) as on:
        assert "is there" not in on.text()
        await on.tell(*events[first:])
        assert "epoch 2 is there: enter asks again" in on.text()
        assert "epoch 1's weights (last)" in on.text()
        assert len(oracle.commands) == 1
        oracle.epoch = 2
        await on.press("enter")
        await answered(on)
        assert "epoch 2's weights (last)" in on.text()
        assert "is there" not in on.text()


async def test_best_and_last_weights_are_both_kept() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        await on.press("b")
        await answered(on)
        assert "epoch 1's weights (best)" in on.text()
        await on.press("b")
        await answered(on)
        assert "epoch 1's weights (last)" in on.text()
        assert [c.weights for c in oracle.commands if isinstance(c, cmd.ShowWeights)] == ["last", "best"]


@pytest.mark.parametrize(
    ("pane", "fault"),
    [
        ("w", RunProblem("There is no such run.")),
        ("o", EngineProblem("Gone.")),
        ("a", DataProblem("The data are gone.")),
        ("r", OSError("The disk is gone.")),
    ],
    ids=str,
)
async def test_a_refusal_stands_in_the_pane_as_a_sentence(pane: str, fault: Any) -> None:
    oracle = Oracle()
    oracle.answer = refusing(fault)
    async with inside(oracle) as on:
        await on.press(pane)
        await answered(on)
        assert str(fault) in on.text()
        oracle.answer = oracle.tell_of
        await on.press("enter")
        await answered(on)
        assert str(fault) not in on.text()
        assert "epoch 1's weights" in on.text()


async def test_without_a_run_or_weights_it_says_so_and_asks_nothing() -> None:
    oracle = Oracle()
    async with inside(oracle, []) as on:
        assert "No run yet" in on.text()
        await on.tell(*kit.numbered(kit.opening()))
        assert "No weights yet" in on.text()
        await on.press("enter", "o", "escape", "b", "down", "e", "d", "z", "w", "b")
        assert oracle.commands == []
        await on.tell(*trained()[len(kit.opening()) :])
        await answered(on)
        assert kinds(oracle.commands) == [cmd.ShowWeights]
        assert "60 neurons" in on.text()


async def test_another_run_has_answers_of_its_own() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        other = [*kit.opening(run="other-owl"), *kit.epoch_events(kit.BLOG, 1)]
        oracle.neurons = 32
        await on.tell(*kit.numbered(other, time=1_773_600_000.0))
        await answered(on)
        assert len(oracle.commands) == 2
        assert {c.run for c in oracle.commands if isinstance(c, cmd.ShowWeights)} == {kit.RUN, "other-owl"}
        assert "32 neurons" in on.text()
