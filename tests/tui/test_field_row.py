"""A field on its line: what is wrong is explained under it, a paste is tamed, and what is locked stays as it is."""

from __future__ import annotations

import pytest
from textual.events import Paste

from engine.config import HYPERPARAMETERS, TrainConfig
from tests.tui.form_kit import WRONG, FormApp, ready
from tui.widgets.choice import ChoiceList
from tui.widgets.field_row import FieldInput


@pytest.mark.parametrize("name", sorted({name for name, _ in WRONG}))
async def test_a_wrong_text_is_marked_and_explained_under_its_row(name: str) -> None:
    app = FormApp()
    parameter = HYPERPARAMETERS[name]
    async with app.run_test(size=(70, 40)) as pilot:
        await ready(pilot, name)
        field = app.row(name).query_one(FieldInput)
        for text in [text for field_name, text in WRONG if field_name == name]:
            field.value = text
            await pilot.pause()
            assert app.line(name).startswith("▸✗")
            assert parameter.expected in app.fault(name)
            assert field.value == text
            edit = app.edits[-1]
            assert edit.config is None
            assert edit.problem is not None
            assert edit.problem.field == name
        field.value = parameter.format(parameter.default)
        await pilot.pause()
        assert (app.line(name)[:2], app.fault(name)) == ("▸ ", "")
        assert app.edits[-1].config == TrainConfig()


@pytest.mark.parametrize("size", [(30, 60), (36, 60), (80, 60)])
async def test_the_message_wraps_and_nothing_of_it_is_cut(size: tuple[int, int]) -> None:
    app = FormApp()
    async with app.run_test(size=size) as pilot:
        await ready(pilot, "learning_rate")
        app.form.set_value("learning_rate", "abc")
        await pilot.pause()
        assert app.fault("learning_rate") == "'abc' is not a number; expected a number from 0 to 1000000."


async def test_letters_are_text_in_an_input_and_the_programs_on_a_choice() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "data_dir")
        await pilot.press("r", "p")
        assert (app.form.config().data_dir, app.letters) == ("rp", [])
        await ready(pilot, "model")
        await pilot.press("r", "p")
        assert (app.form.config().model, app.letters) == ("mlp", ["r", "p"])


async def test_what_is_typed_while_the_focus_is_on_its_way_is_not_lost() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot)
        app.row("hidden").focus_editor()
        for key in "64":
            app.simulate_key(key)
        await ready(pilot, "hidden")
        assert app.form.config().hidden == (64,)


@pytest.mark.parametrize(("name", "most"), [("learning_rate", 200), ("data_dir", 4096)])
async def test_a_huge_paste_leaves_the_field_as_it_was(name: str, most: int) -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, name)
        text = app.row(name).text
        assert app.focused is not None
        app.focused.post_message(Paste("9" * 5000))
        await pilot.pause()
        assert (app.row(name).text, app.edits) == (text, [])
        app.focused.post_message(Paste("9" * most))
        await pilot.pause()
        assert app.row(name).text == "9" * most


@pytest.mark.parametrize(
    ("pasted", "text"),
    [("0.1\n0.2", "0.1"), ("\n\r\n 0.1 \n", "0.1"), ("\x1b[31m0.1\x07", "[31m0.1"), ("\n", "0.001"), ("", "0.001")],
)
async def test_a_paste_is_its_first_line_without_control_characters(pasted: str, text: str) -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "learning_rate")
        assert app.focused is not None
        app.focused.post_message(Paste(pasted))
        await pilot.pause()
        assert app.row("learning_rate").text == text


async def test_control_characters_of_a_config_do_not_reach_the_screen() -> None:
    config = TrainConfig(data_dir="a\x1b[31mb")
    app = FormApp(config)
    async with app.run_test(size=(36, 50)) as pilot:
        await ready(pilot, "data_dir")
        assert "a?[31mb" in app.line("data_dir")
        assert app.form.config() == config
        assert app.edits == []


async def test_locked_can_be_read_and_not_changed() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "epochs")
        app.form.border_subtitle = "blog-adam"
        app.form.locked, app.form.steering = True, False
        app.form.lock_reason = "read only: brave-otter trains"
        await pilot.pause()
        assert "read only: brave-otter trains" in app.screen_lines()[-1]
        await pilot.press("9", "backspace", "delete", "ctrl+u", "ctrl+k", "ctrl+x", "ctrl+v")
        assert app.focused is not None
        app.focused.post_message(Paste("9"))
        await ready(pilot, "model")
        await pilot.press("right", "enter", "space")
        await ready(pilot, "seed")
        await pilot.press("7")
        assert app.form.config() == TrainConfig()
        assert (app.edits, app.letters, len(app.query(ChoiceList))) == ([], [], 0)
        app.form.load(TrainConfig(epochs=3), "blog-adam")
        await pilot.pause()
        assert "3" in app.line("epochs")
        app.form.locked = False
        await pilot.press("8")
        assert app.form.config().seed == 8
        assert app.form.border_subtitle == "blog-adam"


@pytest.mark.parametrize("name", ["seed", "data_dir", "model"])
async def test_letters_are_the_programs_while_locked(name: str) -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, name)
        text = app.row(name).text
        app.form.locked = True
        await pilot.press("r", "p", "9", "space")
        assert app.letters == ["r", "p"]
        assert (app.row(name).text, app.edits) == (text, [])
        assert app.focused is app.row(name).editor


async def test_keys_that_come_at_once_have_their_effects_one_after_the_other() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "model")
        for key in ("r", "tab", "6", "4", "left", "2", "r", "shift+tab", "p", "tab", "end", "tab", "r"):
            app.simulate_key(key)
        await pilot.pause()
        while app._is_dispatching:
            await pilot.pause()
        assert app.row("hidden").query_one(FieldInput).value == "62r4"
        assert app.letters == ["r", "p", "r"], "a choice leaves letters to the program"


async def test_letters_are_the_programs_while_the_focus_is_on_its_way_to_a_locked_field() -> None:
    app = FormApp()
    app.form.locked = True
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot)
        app.row("hidden").focus_editor()
        for key in "rp":
            app.simulate_key(key)
        await ready(pilot, "hidden")
        assert app.letters == ["r", "p"]


async def test_letters_are_text_again_when_no_longer_locked() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        app.form.locked = True
        await ready(pilot, "data_dir")
        app.form.locked = False
        await pilot.press("r", "p")
        assert (app.form.config().data_dir, app.letters) == ("rp", [])


async def test_what_zero_means_and_the_unit_stand_behind_the_value() -> None:
    app = FormApp(TrainConfig(warmup=0, shift=2))
    async with app.run_test(size=(35, 50)) as pilot:
        await ready(pilot, "batch_size")
        ends = {
            "warmup": "0 off",
            "shift": "2 pixels",
            "batch_size": "64 images",
            "train_images": "0 all",
            "patience": "0 epochs",
        }
        for name, end in ends.items():
            assert app.line(name)[18:].strip() == end
        await pilot.press(*"12345678901")
        assert app.line("batch_size")[18:].strip() == "12345678901"
