"""The test screen: two runs compared, and labels that several runs agree against."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.app_kit import stage
from tests.tui.tested_kit import Digital
from tests.tui.tested_screen_kit import SIZES, digital, go_there, suspects

__all__ = ["digital"]


# two runs


async def test_two_runs_are_compared_in_words(digital: Digital) -> None:
    digital.run("calm-fox", test=digital.off(digital.test, *range(10, 22)))
    digital.run("brave-otter", test=digital.off(digital.test, 5))
    async with stage(size=(80, 24)) as on:
        screen = await go_there(on, "brave-otter")
        await on.press("c")
        await on.done("test")
        text = " ".join(on.text().split())
        assert "brave-otter is better" in text
        said = screen.compare.panel.plain.replace("\n", " ")
        assert "On 12 images only brave-otter is right, on 1 only calm-fox." in said
        assert "once in 290 test sets like this: the difference is real." in said
        assert "McNemar's test, exact: p = 0.003" in said


async def test_the_arrows_choose_the_other_run(digital: Digital) -> None:
    digital.run("calm-fox", test=digital.off(digital.test, 1))
    digital.run("wise-owl", test=digital.off(digital.test, 2, 3))
    digital.run("brave-otter", test=digital.off(digital.test, 1))
    async with stage(size=(120, 40)) as on:
        screen = await go_there(on, "brave-otter")
        await on.press("c")
        await on.done("test")
        assert "brave-otter and wise-owl" in on.text()
        assert {view.index for view in screen.compare.only_first.views} == {2, 3}
        assert {view.index for view in screen.compare.only_second.views} == {1}
        await on.press("down")
        assert "brave-otter and calm-fox" in on.text()
        assert "Both are right and wrong on the very same images." in screen.compare.panel.plain
        assert screen.compare.only_first.views == ()


async def test_only_runs_on_the_same_images_can_be_chosen(digital: Digital, tmp_path: Path) -> None:
    Digital(tmp_path / "others", seed=5).run("strange-cat")
    digital.run("brave-otter")
    async with stage(size=(80, 24)) as on:
        screen = await go_there(on, "brave-otter")
        await on.press("c")
        await on.done("test")
        assert screen.compare.runs.count == 0
        assert "no other run that was tested on the same images" in screen.compare.panel.plain.replace("\n", " ")


async def test_a_run_whose_look_was_not_kept_says_what_to_do(digital: Digital) -> None:
    folder = digital.run("brave-otter")
    folder.look("best").unlink()
    async with stage() as on:
        screen = await go_there(on, "brave-otter")
        await on.press("c")
        await on.done("test")
        assert "was not kept: e looks at it." in screen.compare.panel.plain.replace("\n", " ")


@pytest.mark.parametrize("size", SIZES)
async def test_labels_that_runs_agree_against_are_shown(
    digital: Digital, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    digital.run("calm-fox", validation=digital.off(digital.validation, 7, 11))
    digital.run("brave-otter", validation=digital.off(digital.validation, 7, 20))
    shown: list[int] = []
    async with stage(size=size) as on:
        monkeypatch.setattr(type(on.app), "show_digit", lambda app, index: shown.append(index), raising=False)
        screen = await suspects(on)
        [only] = screen.suspects.suspects
        label = int(digital.validation[7])
        assert (only.index, only.label, only.prediction, only.agree, only.runs) == (7, label, (label + 1) % 10, 2, 2)
        text = on.text()
        for words in ("image 7", f"label {label}", "agree 2 of 2", "sure  90%", "2 runs heard"):
            assert words in text
        await on.press("enter")
        assert shown == [7]
        assert on.app.choice.split == "validation"


async def test_the_test_set_s_labels_come_from_the_looks_that_were_kept(digital: Digital) -> None:
    digital.run("calm-fox", test=digital.off(digital.test, 40))
    digital.run("brave-otter", test=digital.off(digital.test, 40))
    async with stage() as on:
        screen = await suspects(on)
        assert "agrees against any label" in on.text()
        await on.press("w")
        await on.done("test")
        assert [each.index for each in screen.suspects.suspects] == [40]
        assert "Suspect labels, test set" in on.text()


async def test_one_run_is_no_witness(digital: Digital) -> None:
    digital.run("brave-otter", validation=digital.off(digital.validation, 7))
    bad = digital.off(digital.validation, *range(40))
    digital.run("calm-fox", validation=bad)  # reads 20% rightly: not heard
    async with stage() as on:
        screen = await suspects(on)
        assert screen.suspects.suspects == ()
        assert "This needs at least two runs with readings" in on.text()
        assert "there is one" in on.text()
