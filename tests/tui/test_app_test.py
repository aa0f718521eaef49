"""The test screen: the figure and its looks, and the images that are misclassified."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.errors import RunProblem
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder
from tests import events_kit as kit
from tests.fake_engine import FakeEngine, refusing
from tests.tui.app_kit import stage
from tests.tui.tested_kit import Digital, look_of, result_of
from tests.tui.tested_screen_kit import SIZES, digital, go_there, suspects
from tui.screens.dialog import Dialog
from tui.views.test_evaluations import NO_HONEST_ONE

__all__ = ["digital"]


# the figure


async def test_without_a_run_it_says_how_to_get_one() -> None:
    async with stage() as on:
        await go_there(on)
        for key, words in (("f", "No run yet"), ("c", "No run yet"), ("l", "This needs at least two runs")):
            await on.press(key)
            await on.done("test")
            assert words in on.text()
        await on.press("e", "enter", "w")
        assert on.engine.commands == []


async def test_while_a_run_trains_the_test_set_waits() -> None:
    async with stage(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1, 2)])) as on:
        await go_there(on)
        assert "The test set waits for the end of the run" in on.text()
        await on.press("e")
        await on.done("dialog")
        assert "The test set waits for the end of the run: s stops it and tests." in on.notices
        assert on.app.evaluating == ""
        assert "Look" not in on.text().splitlines()[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_figure_has_interval_errors_and_looks(digital: Digital, size: tuple[int, int]) -> None:
    digital.run("brave-otter", test=digital.off(digital.test, 5, 9, 30))
    async with stage(size=size) as on:
        screen = await go_there(on, "brave-otter")
        said = " ".join(screen.figure.plain.split())
        for words in ("test accuracy, best weights", "95% interval 87.10 to 98.39%", "3 of 64 misclassified"):
            assert words in said
        assert re.search(r"evaluated once: 1\d Mar 2026 \d\d:\d\d", said)
        assert NO_HONEST_ONE not in said
        assert "Wrong: 3" in on.text()


async def test_best_and_last_weights_stand_side_by_side(digital: Digital) -> None:
    folder = digital.run("brave-otter", test=digital.off(digital.test, 5))
    worse = result_of(look_of(digital.off(digital.test, 1, 2, 3), digital.test), "last")
    append(folder, ev.Tested(test=msgspec.structs.replace(worse, epoch=7)))
    async with stage(size=(80, 24)) as on:
        screen = await go_there(on, "brave-otter")
        lines = on.text().splitlines()
        assert any("epoch" in line and "best 2" in line and "last 7" in line for line in lines)
        [row] = [line for line in lines if " accuracy  " in line]
        assert "98.44%" in row
        assert "95.31%" in row
        assert "evaluated 2 times" in on.text()
        assert "picking the best" in on.text()
        assert screen.wrong.count == 1  # of the best, which validation chose
        await on.press("w")
        assert screen.wrong.count == 3
        assert "test accuracy, last weights" in on.text()


async def test_a_run_that_was_never_tested_can_be(digital: Digital) -> None:
    digital.run("brave-otter", test_evaluations=0)
    async with stage() as on:
        await go_there(on, "brave-otter")
        assert "Not tested" in on.text()
        assert "e: evaluate the best weights on the test set." in on.text()


# looking again


def append(folder: RunFolder, event: ev.Event) -> None:
    """Have the log tell one event more, as another engine would."""
    seq = sum(1 for _ in read_events(folder.events))
    with folder.events.open("ab") as file:
        file.write(msgspec.json.encode(msgspec.structs.replace(event, seq=seq, time=1_800_000_000.0)) + b"\n")


def looker(folder: RunFolder, result: ev.TestResult) -> FakeEngine:
    """An engine that looks at the test set and records it."""
    engine = FakeEngine()

    def look(command: cmd.Command) -> None:
        assert isinstance(command, cmd.EvaluateRun)
        append(folder, ev.Tested(test=result))
        engine.push(*read_events(folder.events))

    engine.answer = look
    return engine


async def test_the_first_look_is_not_asked_about_and_is_shown(digital: Digital) -> None:
    folder = digital.run("brave-otter", test_evaluations=0)
    script = looker(folder, result_of(look_of(digital.off(digital.test, 3, 4), digital.test)))
    async with stage(ask=script.connect) as on:
        screen = await go_there(on, "brave-otter")
        await on.press("e")
        await on.done("dialog")
        await on.done("look")
        assert script.commands == [cmd.EvaluateRun(run="brave-otter", weights="best")]
        assert script.closed
        assert len(on.app.snapshot.state.test_evaluations) == 1
        assert "2 of 64 misclassified" in on.text()
        assert screen.wrong.count == 2
        assert on.engine.commands == []  # the app's own is left alone


@pytest.mark.parametrize(("key", "weights"), [("e", "best"), ("E", "last")])
async def test_a_second_look_asks_first_and_is_counted(digital: Digital, key: str, weights: ev.CheckpointKind) -> None:
    folder = digital.run("brave-otter")
    script = looker(folder, result_of(look_of(digital.off(digital.test, 3, 4), digital.test), weights))
    async with stage(ask=script.connect) as on:
        await go_there(on, "brave-otter")
        await on.press(key)
        assert isinstance(on.app.screen, Dialog)
        assert "This would be look 2" in on.text()
        await on.press("escape")
        assert script.commands == []
        await on.press(key, "y")
        await on.done("dialog")
        await on.done("look")
        assert script.commands == [cmd.EvaluateRun(run="brave-otter", weights=weights)]
        assert len(on.app.snapshot.state.test_evaluations) == 2
        assert f"test accuracy, {weights} weights" in on.text()
        assert "evaluated 2 times" in on.text()


async def test_the_app_s_own_run_knows_of_the_look_as_well(digital: Digital) -> None:
    folder = digital.run("brave-otter")
    script = looker(folder, result_of(look_of(digital.test, digital.test)))
    async with stage(list(read_events(folder.events)), ask=script.connect) as on:
        await go_there(on)
        assert not on.app.snapshot.opened
        await on.press("e", "y")
        await on.done("dialog")
        await on.done("look")
        assert len(on.app.snapshot.state.test_evaluations) == 2
        assert on.app.snapshot.state.epochs
        assert not on.app.snapshot.running


async def test_a_look_that_is_refused_is_told(digital: Digital) -> None:
    digital.run("brave-otter", test_evaluations=0)
    script = FakeEngine()
    script.answer = refusing(RunProblem("brave-otter is running on elsewhere."))
    async with stage(ask=script.connect) as on:
        await go_there(on, "brave-otter")
        await on.press("e")
        await on.done("dialog")
        await on.done("look")
        assert "brave-otter is running on elsewhere." in on.notices
        assert on.app.evaluating == ""
        assert "Not tested" in on.text()


async def test_a_look_that_could_not_be_recorded_is_said_to_be_so(digital: Digital) -> None:
    folder = digital.run("brave-otter", test_evaluations=0)
    events = list(read_events(folder.events))
    fault = ev.SaveFailed(path=str(folder.events), reason="No space left on device", seq=len(events), time=1.0)
    seen = ev.Tested(test=result_of(look_of(digital.test, digital.test)), seq=len(events) + 1, time=2.0)
    script = FakeEngine()
    script.answer = lambda command: script.push(*events, fault, seen)
    async with stage(ask=script.connect) as on:
        await go_there(on, "brave-otter")
        await on.press("e")
        await on.done("dialog")
        await on.done("look")
        assert any(notice.startswith("The look is not recorded.") for notice in on.notices)
        assert "0 of 64 misclassified" in on.text()


# wrong images


async def test_wrong_images_are_listed_the_surest_first_and_open_among_the_digits(
    digital: Digital, monkeypatch: pytest.MonkeyPatch
) -> None:
    digital.run("brave-otter", test=digital.off(digital.test, 5, 9, 30))
    shown: list[int] = []
    async with stage(size=(80, 24)) as on:
        monkeypatch.setattr(type(on.app), "show_digit", lambda app, index: shown.append(index), raising=False)
        screen = await go_there(on, "brave-otter")
        rows = [line for line in on.text().splitlines() if " as " in line and "%" in line]
        assert [row.split("as")[0].split()[-2] for row in rows[:3]] == ["30", "9", "5"]
        assert "90.30%" in rows[0]
        assert [view.index for view in screen.picture.views] == [30]
        await on.press("down")
        assert [view.index for view in screen.picture.views] == [9]
        await on.press("enter")
        assert shown == [9]
        assert on.app.choice.split == "test"
        await on.press("end", "enter", "home", "enter", "pagedown", "pageup")
        assert shown == [9, 5, 30]


async def test_no_pictures_of_other_images_than_the_tested_ones(digital: Digital, tmp_path: Path) -> None:
    folder = digital.run("brave-otter", test=digital.off(digital.test, *range(20)))
    assert folder.look("best").exists()
    Digital(tmp_path / "digits", seed=9)  # other files in the same place
    async with stage(size=(80, 24)) as on:
        screen = await go_there(on, "brave-otter")
        assert screen.wrong.count == 20
        assert screen.picture.views == ()


@pytest.mark.parametrize("keys", [["tab"], ["tab", "tab"], ["shift+tab"]])
async def test_tab_turns_the_panes(digital: Digital, keys: list[str]) -> None:
    digital.run("brave-otter")
    async with stage(size=(80, 24)) as on:
        screen = await go_there(on, "brave-otter")
        await on.press(*keys)
        assert screen.pane == ("compare" if keys == ["tab"] else "labels")


async def test_arrows_and_clicks_move_among_the_tiles(digital: Digital) -> None:
    wrong = digital.off(digital.validation, 3, 7, 11, 20)
    digital.run("calm-fox", validation=wrong)
    digital.run("brave-otter", validation=wrong)
    async with stage(size=(80, 24)) as on:
        tiles = (await suspects(on)).suspects
        assert tiles.per_line == 3
        places = []
        for key in ("right", "right", "down", "left", "up", "end", "home", "left"):
            await on.press(key)
            places.append(tiles.cursor)
        assert places == [1, 2, 3, 2, 2, 3, 0, 0]
        await on.pilot.click(tiles, offset=(30, 2))
        assert tiles.cursor == 1


@pytest.mark.parametrize("pane", ["f", "c", "l"])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_pane_at_every_size(digital: Digital, pane: str, ascii_only: bool) -> None:
    digital.run("calm-fox", test=digital.off(digital.test, 1), validation=digital.off(digital.validation, 7))
    digital.run("brave-otter", test=digital.off(digital.test, 2), validation=digital.off(digital.validation, 7))
    async with stage(ascii=ascii_only) as on:
        await go_there(on, "brave-otter")
        await on.press(pane)
        await on.done("test")
        for size in [*SIZES, (50, 16), (30, 8), (300, 20), (52, 90)]:
            await on.pilot.resize_terminal(*size)
            await on.settle()
            assert len(on.text().splitlines()) <= size[1]
            if ascii_only:
                assert re.sub("[×…]", "", on.text()).isascii()  # of those the terminal gets twins


async def test_nothing_is_painted_when_nothing_changed(digital: Digital, monkeypatch: pytest.MonkeyPatch) -> None:
    digital.run("brave-otter", test=digital.off(digital.test, 2))
    async with stage(size=(80, 24)) as on:
        screen = await go_there(on, "brave-otter")
        painted: list[object] = []
        for part in (screen.figure, screen.wrong, screen.picture, screen.compare.runs, screen.suspects):
            monkeypatch.setattr(part, "refresh", lambda *a, part=part, **k: painted.append(part))
        on.app._changed()
        await on.settle()
        assert painted == []


async def test_figures_stay_whole_where_lines_break(digital: Digital) -> None:
    digital.run("calm-fox", test=digital.off(digital.test, *range(10, 22)))
    digital.run("brave-otter", test=digital.off(digital.test, 5))
    async with stage(size=(80, 24)) as on:
        screen = await go_there(on, "brave-otter")
        await on.press("c")
        await on.done("test")
        for width in range(28, 60):
            text = screen.compare.panel.build(width, 40).plain
            assert not re.search(r"\d\n%|brave-\n|= *\n", text)
