"""Every screen at every size: nothing raises, nothing is lost, all comes back."""

from __future__ import annotations

import random

import pytest

from engine import commands as cmd
from engine import events as ev
from tests import events_kit as kit
from tests.tui.app_kit import Stage, stage
from tui.widgets.pane_tabs import PANES

SIZES = [(80, 24), (60, 20), (40, 12), (5, 2), (1, 1), (200, 3)]
PARTS = ("#form", "#help", "#loss", "#accuracy", "#results", "#digits")


def training() -> list[ev.Event]:
    """A run in its second epoch."""
    return kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])


async def resize(on: Stage, width: int, height: int) -> None:
    """Give the terminal another size."""
    await on.pilot.resize_terminal(width, height)
    await on.settle()


def seen(on: Stage) -> list[str]:
    """The parts of the train screen that are wholly in sight, with room for something in them."""
    screen = on.app.screen
    found = []
    for part in PARTS:
        region = screen.query_one(part).region
        if screen.region.contains_region(region) and region.width > 8 and region.height >= 5:
            found.append(part)
    return found


@pytest.mark.parametrize("size", [(120, 35), (112, 33), (140, 40), (200, 50)])
async def test_a_large_window_has_everything_at_once(size: tuple[int, int]) -> None:
    async with stage(training(), size=size) as on:
        assert seen(on) == list(PARTS)
        regions = [on.train.query_one(part).region for part in PARTS]
        for n, region in enumerate(regions):
            assert not any(region.overlaps(other) for other in regions[n + 1 :])
        assert len(on.text().splitlines()) == size[1]
        for words in (
            "Hyperparameters",
            "Loss",
            "Accuracy",
            "Best so far",
            "10 correct",
            "epoch 2 of 25",
            "q Quit",
        ):
            assert words in on.text()


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (50, 16), (111, 60), (160, 30)])
async def test_a_small_window_has_the_same_in_panes(size: tuple[int, int]) -> None:
    parts = {
        "charts": ["#loss", "#accuracy"],
        "digits": ["#digits"],
        "results": ["#results"],
        "form": ["#form", "#help"],
    }
    async with stage(training(), size=size) as on:
        for key, pane in (("c", "charts"), ("d", "digits"), ("v", "results"), ("f", "form")):
            await on.press(key)
            assert on.train.pane == pane
            assert set(seen(on)) == set(parts[pane])
            assert "epoch 2 of 25" in on.text()
            assert "q" in on.text().splitlines()[-1]
            await on.press("escape")


async def test_the_arrow_keys_turn_the_panes() -> None:
    async with stage(size=(80, 24)) as on:
        order = []
        for _ in PANES:
            order.append(on.train.pane)
            await on.press("right")
        assert sorted(order) == sorted(PANES)
        assert on.train.pane == order[0]
        await on.press("left")
        assert on.train.pane == order[-1]


async def test_a_run_that_starts_from_the_form_shows_its_charts() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("f", "escape", "r")
        assert on.train.pane == "charts"
        assert [type(c) for c in on.engine.commands] == [cmd.Start]


@pytest.mark.parametrize("size", [(40, 12), (20, 6), (5, 2), (1, 1), (49, 40), (200, 15)])
async def test_too_small_a_window_says_so_and_can_still_be_steered(size: tuple[int, int]) -> None:
    async with stage(training(), size=size) as on:
        if size >= (20, 6):
            assert "50×16" in on.text()
            assert f"{size[0]}×{size[1]}" in on.text()
        await on.press("p", "s")
        assert on.engine.commands == [cmd.Pause(), cmd.Stop()]
        await on.press("q", "l")
        assert on.app._exit


@pytest.mark.parametrize("keys", [["1"], ["2"], ["3"], ["question_mark"], ["o"], ["q"], ["x"], ["f"], ["colon"]])
async def test_every_screen_at_every_size(keys: list[str]) -> None:
    idle = keys == ["o"]
    async with stage([] if idle else training()) as on:
        await on.press(*keys)
        for width, height in SIZES:
            await resize(on, width, height)
            lines = on.text().splitlines()
            assert len(lines) <= height
        await resize(on, 120, 35)


async def test_growing_back_restores_everything() -> None:
    async with stage(training()) as on:
        before = on.text()
        for width, height in SIZES:
            await resize(on, width, height)
        await resize(on, 120, 35)
        assert on.text() == before


async def test_a_storm_of_sizes_ends_as_a_fresh_start_does() -> None:
    chance = random.Random(1)
    async with stage(training()) as on, stage(training()) as fresh:
        for _ in range(20):
            await on.pilot.resize_terminal(chance.randint(1, 200), chance.randint(1, 60))
        more = kit.numbered(kit.epoch_events(kit.BLOG, 2), first=len(training()))
        await on.tell(*more)
        await fresh.tell(*more)
        await resize(on, 120, 35)
        assert on.text() == fresh.text()
        assert [e.epoch for e in on.app.snapshot.state.epochs] == [1, 2]
