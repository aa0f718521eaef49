"""The tour of a first start: shown once, goes on when the thing was done, and is in nobody's way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.help.tour import tour
from engine.state.run_state import RunState, reduce
from tests.events_kit import whole_run
from tests.tui.app_kit import Stage, stage
from tui.screens.tour_panel import TourPanel
from tui.screens.train import TrainScreen
from tui.views.snapshot import Snapshot
from tui.views.tour import STEPS, SWITCH, Progress, first_start, followed, next_step


def title(on: Stage) -> str:
    panels = list(on.app.screen.query(TourPanel))
    return str(panels[0].border_title) if panels else ""


def test_there_is_a_text_for_every_step_and_it_fits_two_lines() -> None:
    assert len(tour()) == STEPS
    for step in tour():
        words = " ".join(step.text.split()).replace("**", "").replace("`", "")
        assert step.title
        assert 40 <= len(words) <= 2 * 70


def running(run: str = "one", status: str = "training", epochs: int = 0, finished: bool = False) -> Snapshot:
    state = RunState()
    for event in whole_run(epochs=2, events_per_epoch=1):
        before, state = state, reduce(state, event)
        if finished is False and state.finished is not None:
            state = before
            break
    state = msgspec.structs.replace(state, run=run, status=status, epochs=state.epochs[:epochs])  # type: ignore[arg-type]
    return Snapshot(state=state)


def test_each_step_is_over_when_its_thing_was_done() -> None:
    at = Progress()
    assert followed(at, Snapshot(), "train") == at
    at = followed(at, running(), "train")
    assert at.step == 2
    assert followed(at, running(epochs=1), "train").step == 2
    at = followed(at, running(epochs=2), "train")
    assert at.step == 3
    assert followed(at, running(), "train").step == 3
    at = followed(followed(at, running(status="paused"), "train"), running(), "train")
    assert at.step == 4
    assert followed(at, running("one"), "train").step == 4
    at = followed(at, running("two"), "train")
    assert at.step == 5
    at = followed(followed(at, running("two"), "digits"), running("two"), "train")
    assert at.step == 5
    at = followed(at, running("two"), "confusion")
    assert at.step == 6
    assert at.is_last
    assert next_step(at) is None


def test_a_run_that_ends_holds_nobody_up() -> None:
    assert followed(Progress(2, "one"), running(status="ended", finished=True), "train").step == 3
    assert followed(Progress(3, "one"), running(status="ended", finished=True), "train").step == 4


async def test_it_follows_what_is_done_on_every_screen_and_help_ends_it() -> None:
    async with stage(size=(80, 24), tour=Progress()) as on:
        assert title(on).startswith("Tour 1 of 6: ")
        assert "Press r." in on.text()
        await on.press("enter", "enter", "enter", "enter")
        assert title(on).startswith("Tour 5 of 6: ")
        await on.press("4")
        assert title(on).startswith("Tour 5 of 6: ")
        await on.press("5")
        assert title(on).startswith("Tour 6 of 6: ")
        await on.press("1")
        assert title(on).startswith("Tour 6 of 6: ")
        await on.press("question_mark", "escape")
        assert isinstance(on.app.screen, TrainScreen)
        assert title(on) == ""
        await on.press("5")
        assert title(on) == ""


async def test_the_events_of_a_run_move_it_on() -> None:
    events = whole_run(epochs=3, events_per_epoch=1)
    async with stage(tour=Progress()) as on:
        await on.tell(*events[:4])
        assert title(on).startswith("Tour 2 of 6: ")
        await on.tell(*events[4:])
        assert not title(on).startswith("Tour 2 of 6: ")


async def test_escape_leaves_it_and_keys_work_as_ever_before_and_after() -> None:
    async with stage(size=(80, 24), tour=Progress()) as on:
        await on.press("f", "tab")
        await on.press("escape")
        assert title(on).startswith("Tour 1 of 6: ")
        await on.press("escape")
        assert title(on) == ""
        assert on.app.tour is None
        assert on.notices == ["mnist-tui --tour shows the tour again."]
        await on.press("1", "enter", "escape", "r")
        assert [type(command).__name__ for command in on.engine.commands] == ["Start"]


async def test_without_a_tour_there_is_none() -> None:
    async with stage() as on:
        assert title(on) == ""
        await on.press("enter", "escape", "2", "escape")
        assert on.notices == []


@pytest.mark.parametrize("ascii", [False, True])
async def test_in_plain_characters_it_is_plain(ascii: bool) -> None:
    async with stage(size=(80, 24), ascii=ascii, tour=Progress()) as on:
        assert on.text().isascii() == ascii


class TestFirstStart:
    def test_only_the_first_start_is_one(self, home: Path) -> None:
        assert first_start({})
        assert not first_start({})
        assert [path.name for path in home.iterdir()] == ["tour-seen"]

    @pytest.mark.parametrize("off", ["0", "off", "No", "false"])
    def test_the_switch_keeps_it_away_and_leaves_no_mark(self, home: Path, off: str) -> None:
        assert not first_start({SWITCH: off})
        assert not home.exists()

    def test_who_has_runs_has_started_before(self, home: Path) -> None:
        (home / "runs").mkdir(parents=True)
        assert not first_start({})

    def test_where_no_mark_can_be_left_it_is_never_shown(self, home: Path) -> None:
        home.write_text("a file where the folder should be")
        assert not first_start({})
