"""The experiments' screen: choosing, training after a question, following from arm to arm, what was seen."""

from __future__ import annotations

import pytest

from engine import commands as cmd
from engine import events as ev
from engine.experiments import experiments, find_experiment
from engine.protocol import ExperimentOver, Ready
from tests import events_kit as kit
from tests.tui.app_kit import Stage, stage
from tests.tui.experiment_kit import GROUP, SGD, arm_events, write_arm
from tui.screens.dialog import Dialog
from tui.screens.experiments import ExperimentsScreen

SMALL, LARGE = (80, 24), (120, 40)
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=str)
OVER = ExperimentOver(experiment="sgd-vs-adam", group=GROUP)


async def there(on: Stage) -> ExperimentsScreen:
    """Go to the screen and wait for what the folders tell."""
    await on.press("0")
    await on.done("experiments")
    screen = on.app.screen
    assert isinstance(screen, ExperimentsScreen)
    return screen


def words(on: Stage) -> str:
    """All that is on the screen, without its frames and the list at the side."""
    lines = on.text().splitlines()
    beside = "Experiments ─" in lines[1] and not isinstance(on.app.screen, Dialog)
    aside = 28 if beside else 0
    return " ".join(" ".join(line[aside:] for line in lines).replace("│", " ").split())


@SIZES
async def test_before_it_was_trained_it_says_what_will_be_and_how_long_it_takes(size: tuple[int, int]) -> None:
    async with stage(size=size) as on:
        await there(on)
        text = words(on)
        assert SGD.question in text
        assert f"Watch: {SGD.watch}" in text
        assert "preset blog-sgd: mlp, sgd" in text and "preset blog-adam: mlp, adam" in text
        assert "Enter trains these 2 runs, one after the other: about 45 s on one core." in text
        assert ("sigmoid-vanishing" in on.text()) == (size == LARGE)
        assert ("1 of 6" in text) == (size == SMALL)


async def test_up_and_down_choose_and_go_round() -> None:
    async with stage(size=SMALL) as on:
        screen = await there(on)
        seen = []
        for _ in experiments():
            await on.press("down")
            seen.append(screen.chosen)
            assert find_experiment(screen.chosen).question[:40] in words(on)
        assert seen == [*list(experiments())[1:], "sgd-vs-adam"]
        await on.press("up")
        assert screen.chosen == "dead-relu"


async def test_enter_asks_and_then_has_it_trained() -> None:
    async with stage() as on:
        await there(on)
        await on.press("enter")
        assert "2 runs, one after the other: about 45 s on one core" in words(on)
        await on.press("n")
        assert on.engine.commands == []
        await on.press("enter", "y")
        assert on.engine.commands == [cmd.Experiment(experiment="sgd-vs-adam")]


async def test_while_something_trains_nothing_else_begins() -> None:
    async with stage(kit.numbered(kit.opening())) as on:
        await there(on)
        await on.press("enter")
        assert on.engine.commands == []
        assert on.notices == ["It is training: s stops it, q leaves it training."]


@SIZES
async def test_it_follows_from_arm_to_arm_and_ends_with_both_figures(size: tuple[int, int]) -> None:
    first, second = arm_events(1), arm_events(2)
    ended = next(n for n, e in enumerate(first) if isinstance(e, ev.Tested))
    async with stage(size=size) as on:
        screen = await there(on)
        await on.tell(*first[:ended])
        assert "epoch 2 of 25" in words(on) or "testing" in words(on)
        assert "waiting" in words(on)
        assert "0 of 2 runs are over; there are no figures yet of Adam." in words(on)
        curve, _ = screen.chart.plot.curves  # type: ignore[union-attr]
        assert list(curve.x) == [1.0, 2.0]

        write_arm(first)
        begun = next(n for n, e in enumerate(second) if isinstance(e, ev.EpochEnded)) + 1
        await on.tell(*first[ended:], *second[:begun])
        await on.done("experiments")
        assert "87.40%" in words(on)
        assert "So far: " in words(on)
        assert screen.arm == 1
        assert [len(c.x) for c in screen.chart.plot.curves] == [2, 1]  # type: ignore[union-attr]

        write_arm(second)
        await on.tell(*second[begun:], OVER)
        await on.done("experiments")
        text = words(on)
        assert "Seen: After 2 epochs at a rate of 0.001, Adam reads 97.7% of the test images" in text
        assert "SGD 87.4%" in text
        assert "87.40%" in text and "97.70%" in text
        assert on.app.snapshot.state.run == f"{GROUP}.2-adam"
        await on.press("1")
        assert "sgd-vs-adam-1.2" in on.text()
        await on.press("v")
        assert "4 → 9: 23" in on.text()


async def test_what_was_trained_before_is_read_from_the_folders() -> None:
    write_arm(arm_events(1))
    write_arm(arm_events(2, epochs=0, outcome="diverged"))
    async with stage(size=LARGE) as on:
        screen = await there(on)
        text = on.text()
        assert "finished" in text and "diverged" in text and GROUP in text
        assert next(line for line in text.splitlines() if "sgd-vs-adam  " in line).count("✓") == 1
        await on.press("right", "o")
        await on.done("open")
        assert on.app.screen is on.train
        assert on.app.snapshot.state.run == f"{GROUP}.2-adam"
        assert not screen.is_current


async def test_an_experiment_that_was_broken_off_goes_on() -> None:
    write_arm(arm_events(1))
    write_arm(arm_events(2, epochs=1, outcome="aborted"))
    async with stage(size=LARGE) as on:
        await there(on)
        assert "c: resume it." in words(on)
        assert "aborted after 1.0 of 25 epochs" in words(on)
        await on.press("c")
        assert on.engine.commands == [cmd.Experiment(experiment="sgd-vs-adam", name=GROUP, resume=True)]


async def test_there_is_nothing_to_go_on_with_otherwise() -> None:
    write_arm(arm_events(1))
    write_arm(arm_events(2))
    async with stage(size=LARGE) as on:
        await there(on)
        assert "c: resume" not in words(on)
        await on.press("c")
        assert on.engine.commands == []
        assert on.notices == ["There is nothing to go on with; enter trains these runs."]


async def test_an_arm_that_was_not_trained_cannot_be_opened() -> None:
    async with stage() as on:
        await there(on)
        await on.press("right", "o")
        assert on.notices == ["Adam was not trained yet."]


async def test_losses_have_two_axes_and_accuracies_one() -> None:
    write_arm(arm_events(1))
    write_arm(arm_events(1, experiment=find_experiment("batch-noise"), group="batch-noise-1"))
    async with stage(size=LARGE) as on:
        screen = await there(on)
        await on.press("l")
        assert on.notices == ["An accuracy is drawn on a linear axis alone."]
        assert not screen.chart.plot.log_y  # type: ignore[union-attr]
        screen.chosen = "batch-noise"
        await on.done("experiments")
        assert not screen.chart.plot.log_y  # type: ignore[union-attr]
        await on.press("l")
        assert screen.chart.plot.log_y  # type: ignore[union-attr]


async def test_an_arm_under_way_is_followed_also_while_another_run_is_shown() -> None:
    write_arm(kit.whole_run(epochs=1))
    async with stage(size=LARGE) as on:
        await on.tell(*arm_events(1, epochs=1, outcome=None))
        on.app.open_run(kit.RUN)
        await on.done("open")
        await there(on)
        assert on.app.snapshot.opened
        assert "95.54%" not in words(on)
        assert "epoch 2 of 25" in words(on)


async def test_nothing_is_painted_where_nothing_changed() -> None:
    write_arm(arm_events(1))
    write_arm(arm_events(2))
    async with stage(size=LARGE) as on:
        screen = await there(on)
        painted: list[object] = []
        for widget in (screen.about, screen.chart, screen.conclusion, screen.names):
            widget.refresh = lambda *a, w=widget, **k: painted.append(w) or w  # type: ignore[method-assign,assignment]
        await on.tell(Ready(torch="2.13.0"))
        assert painted == []


async def test_an_abort_says_that_the_experiment_ends_with_it() -> None:
    async with stage(size=LARGE) as on:
        await there(on)
        await on.tell(*arm_events(1, epochs=1, outcome=None))
        await on.press("x")
        while not isinstance(on.app.screen, Dialog):
            await on.settle()
        await on.settle()
        assert "without a test, and the experiment" in words(on) and f"{GROUP} with it?" in words(on)
        await on.press("a")
        assert on.engine.commands == [cmd.Abort()]


async def test_a_run_that_cannot_begin_is_told_once() -> None:
    fault = "Run 2 of sgd-vs-adam-1 could not begin: No run folder can be made in /full: No space left on device."
    async with stage(arm_events(1)) as on:
        await on.tell(ExperimentOver(experiment="sgd-vs-adam", group=GROUP, fault=fault), Ready(torch="2.13.0"))
        assert on.notices == [fault]
        await on.tell(OVER)
        assert on.notices == [fault]


async def test_stop_and_test_and_quit_ends_the_whole_experiment() -> None:
    whole = arm_events(1)
    ended = next(n for n, e in enumerate(whole) if isinstance(e, ev.Tested))
    async with stage() as on:
        await on.tell(*whole[:ended])
        await on.press("q", "s")
        await on.tell(*whole[ended:])
        for worker in [w for w in on.app.workers if w.group == "leave"]:
            await worker.wait()
        assert on.engine.commands == [cmd.Stop(), cmd.Abort()]
        assert on.app._exit


@SIZES
async def test_in_plain_characters_there_is_nothing_else(size: tuple[int, int]) -> None:
    write_arm(arm_events(1))
    write_arm(arm_events(2))
    async with stage(size=size, ascii=True) as on:
        await there(on)
        assert on.text().isascii()
        assert "* Seen: After 2 epochs" in words(on)
        await on.press("down")
        await on.done("experiments")
        assert on.text().isascii()


async def test_a_click_chooses_an_experiment_and_marks_a_run() -> None:
    write_arm(arm_events(1))
    write_arm(arm_events(2))
    async with stage(size=LARGE) as on:
        screen = await there(on)
        row = next(n for n, line in enumerate(on.text().splitlines()) if "Adam  " in line and "finished" in line)
        await on.pilot.click(offset=(40, row))
        await on.settle()
        assert screen.arm == 1
        await on.pilot.click("#names", offset=(6, 3))
        await on.settle()
        assert screen.chosen == "sigmoid-vanishing"
