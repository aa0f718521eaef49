"""A choice by keyboard and mouse: turned, opened, closed, and silent to letters."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.widgets import Button

from tui.widgets.choice import ASCII_SIGNS, SIGNS, Choice, ChoiceList, choice_text

OPTIONS = ("sgd", "adam", "adamw", "rmsprop")


class ChoiceApp(App[None]):
    """One choice, something else to focus, and single-letter keys as the program has them."""

    BINDINGS: ClassVar = [("r", "note('r')"), ("q", "note('q')"), ("s", "note('s')"), ("space", "note('space')")]

    def __init__(self, value: str = "adam") -> None:
        super().__init__()
        self.choice = Choice(OPTIONS, value)
        self.chosen: list[str] = []
        self.letters: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.choice
        yield Button("other")

    def on_mount(self) -> None:
        self.choice.focus()

    def action_note(self, letter: str) -> None:
        self.letters.append(letter)

    @on(Choice.Changed)
    def keep(self, event: Choice.Changed) -> None:
        self.chosen.append(event.value)


def lists(app: App[None]) -> int:
    return len(app.query(ChoiceList))


@pytest.mark.parametrize(
    ("start", "keys", "chosen"),
    [
        ("adam", ["right"], ["adamw"]),
        ("adam", ["left", "left"], ["sgd", "rmsprop"]),
        ("rmsprop", ["right"], ["sgd"]),
        ("no option", ["right"], ["sgd"]),
        ("no option", ["left"], ["rmsprop"]),
    ],
)
async def test_arrows_turn_it_round(start: str, keys: list[str], chosen: list[str]) -> None:
    app = ChoiceApp(start)
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        assert app.chosen == chosen
        assert app.choice.value == chosen[-1]


@pytest.mark.parametrize("opener", ["enter", "space"])
@pytest.mark.parametrize("taker", ["enter", "space"])
async def test_list_opens_on_the_present_value_and_takes_the_highlighted_one(opener: str, taker: str) -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        await pilot.press(opener)
        assert app.query_one(ChoiceList).highlighted == OPTIONS.index("adam")
        await pilot.press("down", "down", taker)
        assert app.chosen == ["rmsprop"]
        assert lists(app) == 0
        assert app.focused is app.choice


@pytest.mark.parametrize("key", ["escape", "q", "tab", "shift+tab", "left"])
async def test_list_closes_without_choosing(key: str) -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        await pilot.press("enter", "down", key)
        assert (lists(app), app.chosen, app.letters) == (0, [], [])
        assert app.focused is app.choice


async def test_choosing_what_is_chosen_tells_nobody() -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        await pilot.press("enter", "enter")
        assert (lists(app), app.chosen) == (0, [])


async def test_letters_are_the_programs_except_while_the_list_is_open() -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        await pilot.press("r", "s")
        assert app.letters == ["r", "s"]
        await pilot.press("enter", "r", "s")
        assert app.letters == ["r", "s"]
        assert lists(app) == 1


async def test_mouse_opens_chooses_and_closes() -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        await pilot.click(Choice)
        assert lists(app) == 1
        await pilot.click(ChoiceList, offset=(3, 4))
        assert (app.chosen, lists(app)) == (["rmsprop"], 0)
        await pilot.click(Choice)
        await pilot.click(Choice)
        assert lists(app) == 0
        await pilot.click(Choice)
        await pilot.click(Button, offset=(14, 1))
        assert lists(app) == 0
        assert isinstance(app.focused, Button)


async def test_list_stays_when_the_terminal_is_left_and_comes_back() -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        app.app_focus = False
        await pilot.pause()
        app.app_focus = True
        await pilot.pause()
        assert isinstance(app.focused, ChoiceList)


async def test_locked_changes_nothing_and_shuts_an_open_list() -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        app.choice.locked = True
        await pilot.pause()
        await pilot.press("right", "left", "enter", "space")
        await pilot.click(Choice)
        assert (lists(app), app.chosen, app.choice.value) == (0, [], "adam")
        assert app.focused is app.choice


async def test_space_is_the_programs_while_locked_and_opens_the_list_otherwise() -> None:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        app.choice.locked = True
        await pilot.press("space", "r")
        assert (app.letters, lists(app)) == (["space", "r"], 0)
        app.choice.locked = False
        await pilot.press("space")
        assert (app.letters, lists(app)) == (["space", "r"], 1)


@pytest.mark.parametrize("size", [(20, 4), (12, 3), (5, 2), (1, 1)])
async def test_small_screens_do_no_harm(size: tuple[int, int]) -> None:
    app = ChoiceApp()
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter", "down", "enter")
        assert app.chosen == ["adamw"]


@pytest.mark.parametrize(
    ("room", "place", "text"),
    [
        (20, "", "adam ▾"),
        (20, "2/4", "adam  ◂ 2/4 ▸"),
        (8, "2/4", "adam ▾"),
        (6, "", "adam ▾"),
        (5, "", "adam"),
        (3, "", "ad…"),
        (1, "", "…"),
        (0, "", ""),
    ],
)
def test_signs_give_way_to_the_value(room: int, place: str, text: str) -> None:
    assert choice_text("adam", room, SIGNS, place).plain == text


def test_ascii_signs() -> None:
    assert choice_text("adam", 20, ASCII_SIGNS, "2/4").plain == "adam  < 2/4 >"
