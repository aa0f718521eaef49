"""Steering a run by keys."""

from __future__ import annotations

import pytest

from engine import commands as cmd
from engine import events as ev
from engine.protocol import Steers
from tests import events_kit as kit
from tests.tui.app_kit import stage


def training() -> list[ev.Event]:
    """A run in its second epoch."""
    return kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("p", cmd.Pause()),
        ("space", cmd.Pause()),
        ("b", cmd.StepBatch()),
        ("e", cmd.OneMoreEpoch()),
        ("s", cmd.Stop()),
    ],
)
async def test_a_key_is_a_command(key: str, command: cmd.Command) -> None:
    async with stage(training()) as on:
        await on.press(key)
        assert on.engine.commands == [command]


@pytest.mark.parametrize("key", ["p", "space"])
async def test_the_pause_key_goes_on_after_a_pause(key: str) -> None:
    async with stage(training()) as on:
        events = training()
        await on.tell(ev.Paused(seq=len(events), step=800, position=1.02))
        assert "paused" in on.status
        await on.press(key)
        assert on.engine.commands == [cmd.Continue()]
        await on.tell(ev.Continued(seq=len(events) + 1, step=800, position=1.02))
        assert "training" in on.status


@pytest.mark.parametrize("screen", ["2", "3"])
async def test_pause_and_stop_work_on_the_other_screens(screen: str) -> None:
    async with stage(training()) as on:
        await on.press(screen, "p", "s")
        assert on.engine.commands == [cmd.Pause(), cmd.Stop()]


@pytest.mark.parametrize("key", ["p", "b", "e", "s", "x"])
async def test_without_a_run_a_steering_key_says_so(key: str) -> None:
    async with stage() as on:
        await on.press(key)
        assert on.engine.commands == []
        assert on.notices == ["Nothing is training here."]
        assert on.app.screen is on.train


@pytest.mark.parametrize(
    ("answer", "commands"), [("a", [cmd.Abort()]), ("c", []), ("escape", []), ("enter", [cmd.Abort()])]
)
async def test_abort_asks_first(answer: str, commands: list[cmd.Command]) -> None:
    async with stage(training()) as on:
        await on.press("x")
        assert on.engine.commands == []
        assert "End brave-otter without a test?" in on.text()
        await on.press(answer)
        assert on.engine.commands == commands


async def test_a_click_on_a_key_presses_it() -> None:
    async with stage(training()) as on:
        line = on.text().splitlines()[-1]
        await on.pilot.click(offset=(line.index("Stop & test"), 34))
        await on.settle()
        assert on.engine.commands == [cmd.Stop()]


async def test_a_click_on_a_tab_shows_its_screen() -> None:
    async with stage(training()) as on:
        line = on.text().splitlines()[0]
        await on.pilot.click(offset=(line.index(" 3 ") + 1, 0))
        await on.settle()
        assert on.app.current_mode == "log"


async def test_the_line_of_keys_follows_what_can_be_done() -> None:
    def keys(text: str) -> str:
        return text.splitlines()[-1]

    async with stage() as on:
        assert "r Start" in keys(on.text())
        assert "Pause" not in keys(on.text())
        await on.tell(*training())
        assert "p Pause" in keys(on.text())
        assert "r Start" not in keys(on.text())
        await on.tell(ev.Paused(seq=10_000, step=800, position=1.02))
        assert "p Go on" in keys(on.text())


async def test_charts_are_drawn_another_way() -> None:
    async with stage(training()) as on:
        assert on.train.loss.border_subtitle == "smoothed 0.9, log, by epoch"
        await on.press("l", "m", "a")
        assert on.train.loss.border_subtitle == "smoothed 0.97, linear, by seconds"
        assert on.train.loss.plot is not None
        assert not on.train.loss.plot.log_y
        assert on.train.loss.plot.x_label == on.train.accuracy.plot.x_label == "seconds"
        await on.press("m")
        assert on.train.loss.border_subtitle == "as it was, linear, by seconds"
        assert [curve.label for curve in on.train.loss.plot.curves] == ["training", "validation"]


async def test_the_palette_has_the_commands_that_mean_something() -> None:
    async with stage(training(), size=(120, 60)) as on:
        titles = {command.title: command for command in on.app.get_system_commands(on.app.screen)}
        assert "Batch: train one batch and pause" in titles
        assert "Start: train with the settings of the form, as a new run" not in titles
        await titles["Batch: train one batch and pause"].callback()
        await on.settle()
        assert on.engine.commands == [cmd.StepBatch()]
        await on.press("colon")
        assert "Pause: pause / resume" in on.text()


async def test_where_another_screen_steers_this_one_watches_and_takes_control_with_a_key() -> None:
    async with stage(training()) as on:
        await on.tell(Steers(name="pts/7", you=False, screens=2))
        assert "pts/7 steers (k takes control)" in on.text().splitlines()[0]
        await on.press("p", "s", "b")
        assert on.engine.commands == []
        assert "k Take control" in on.text().splitlines()[-1]
        await on.press("k")
        assert on.engine.commands == [cmd.TakeControl()]
        await on.tell(Steers(name="pts/3", you=True, screens=2))
        assert "watched by 1 other screen" in on.text().splitlines()[0]
        await on.press("p", "k")
        assert on.engine.commands == [cmd.TakeControl(), cmd.Pause()]


async def test_one_who_only_watches_quits_at_once() -> None:
    async with stage(training()) as on:
        await on.tell(Steers(name="pts/7", you=False, screens=2))
        await on.press("q")
        assert on.app._exit
        assert on.engine.commands == []
