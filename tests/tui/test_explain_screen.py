"""The pages in the app: found by typing, opened where one is, and left again."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from engine.help.catalog import catalog
from engine.settings import presets
from tests.tui.app_kit import Stage, stage
from tui.screens.explain import ExplainScreen, Filter
from tui.screens.help import HelpScreen
from tui.screens.presets import PresetPicker
from tui.screens.train import TrainScreen
from tui.widgets.explain_text import ExplainText


def browser(on: Stage) -> ExplainScreen:
    assert isinstance(on.app.screen, ExplainScreen)
    return on.app.screen


def shown(on: Stage) -> str:
    """The name of the page that is shown, which is the one that is highlighted."""
    entry = browser(on).query_one(ExplainText).entry
    assert entry is not None
    options = browser(on).query_one(OptionList)
    assert options.highlighted_option is not None
    assert options.highlighted_option.id == entry.name
    return entry.name


async def test_h_opens_the_first_page_where_nothing_in_particular_is_seen_and_escape_goes_back() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("3", "h")
        assert shown(on) == "neuron"
        assert "Sums its weighted inputs" in on.text()
        await on.press("escape", "1")
        assert isinstance(on.app.screen, TrainScreen)


@pytest.mark.parametrize(
    ("keys", "name"),
    [("", "charts"), ("d", "sample_digits"), ("v", "test_accuracy"), ("f escape", "model")],
)
async def test_in_a_small_window_the_pane_that_is_seen_is_explained(keys: str, name: str) -> None:
    async with stage(size=(80, 24)) as on:
        await on.press(*keys.split(), "h")
        assert shown(on) == name


async def test_where_all_panes_are_seen_the_charts_are_explained() -> None:
    async with stage(size=(160, 50)) as on:
        await on.press("d", "h")
        assert shown(on) == "charts"
        assert "How to read the curves" in on.text()


async def test_the_picker_explains_the_preset_that_is_highlighted() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("o", "j", "h")
        assert shown(on) == f"preset_{list(presets())[1]}"
        await on.press("escape")
        assert isinstance(on.app.screen, PresetPicker)
        await on.press("escape")
        await on.press("escape")
        assert isinstance(on.app.screen, TrainScreen)


async def test_typing_narrows_the_list_down_and_shows_what_fits_best() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("h", *"lr")
        assert shown(on) == "learning_rate"
        assert "Takes a number from 0 to 1000000." in on.text()
        await on.press("ctrl+u", *"relu")
        assert shown(on) == "relu"
        names = [o.id for o in browser(on).query_one(OptionList).options if not o.disabled]
        assert names == ["relu", "leaky_relu", "dead_relu", "hint_dead_relus"]
        await on.press("down", "down")
        assert shown(on) == "dead_relu"
        await on.press("up")
        assert shown(on) == "leaky_relu"


async def test_letters_that_are_keys_elsewhere_are_text_here() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("h", "q", "r", "space", "h")
        assert browser(on).query_one(Filter).value == "qr h"
        assert "No page is called 'qr h'" in on.text()
        assert not on.engine.commands
        await on.press("backspace", "backspace", "backspace", "backspace")
        assert len([o for o in browser(on).query_one(OptionList).options if not o.disabled]) == len(catalog())


async def test_links_are_followed_by_tab_and_enter_and_backspace_comes_back() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("h", *"relu")
        await on.press("tab", "tab")
        assert browser(on).query_one(ExplainText).link == 1
        assert "▸Dead ReLU" in on.text()
        await on.press("enter")
        assert shown(on) == "dead_relu"
        assert browser(on).query_one(Filter).value == ""
        assert "backspace: back" in on.text()
        await on.press("shift+tab", "enter")
        assert shown(on) == catalog()["dead_relu"].see[-1]
        await on.press("backspace", "backspace")
        assert shown(on) == "relu"
        await on.press("backspace", "enter")
        assert shown(on) == "relu"


async def test_page_keys_scroll_and_another_page_begins_at_its_top() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("h", *"relu")
        page = browser(on).query_one("#page")
        await on.press("pagedown")
        assert page.scroll_y > 0
        await on.press("pageup")
        assert page.scroll_y == 0
        await on.press("pagedown", "down")
        assert page.scroll_y == 0


@pytest.mark.parametrize(
    ("keys", "name"), [(["f", "h"], "model"), (["f", "tab", "ctrl+g"], "hidden"), (["5", "h"], "confusion_matrix")]
)
async def test_it_opens_on_what_the_person_is_at(keys: list[str], name: str) -> None:
    async with stage() as on:
        await on.press(*keys)
        assert shown(on) == name


async def test_in_a_field_h_is_a_letter_and_ctrl_g_explains_it_and_gives_the_field_back() -> None:
    async with stage() as on:
        await on.press("f", "tab")
        field = on.app.focused
        await on.press("h")
        assert isinstance(on.app.screen, TrainScreen)
        await on.press("backspace", "ctrl+g", "ctrl+g", "escape")
        assert isinstance(on.app.screen, TrainScreen)
        assert on.app.focused is field


async def test_the_help_leads_there_and_back() -> None:
    async with stage() as on:
        await on.press("question_mark", "h")
        browser(on)
        await on.press("escape")
        assert isinstance(on.app.screen, HelpScreen)


@pytest.mark.parametrize("size", [(50, 16), (80, 24), (120, 40), (200, 50)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_at_every_size_the_page_and_its_links_are_there(size: tuple[int, int], ascii: bool) -> None:
    async with stage(size=size, ascii=ascii) as on:
        await on.press("h", *"gelu")
        assert "GELU" in on.text()
        await on.press("tab")
        assert "See also" in on.text()
        assert (">ReLU" if ascii else "▸ReLU") in on.text()
        if ascii:
            assert on.text().isascii()
