"""The form: what does not apply is out of sight, nothing typed is lost, and the keyboard suffices."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from engine.config import HYPERPARAMETERS, TrainConfig, applies
from engine.errors import ConfigProblem
from engine.settings import presets
from tests.tui.form_kit import FormApp, ready
from tui.widgets.choice import ASCII_SIGNS, ChoiceList
from tui.widgets.field_row import FieldRow
from tui.widgets.form import GroupTitle

SHOWN = [name for name in HYPERPARAMETERS if applies(TrainConfig(), name)]
"""The fields of the default configuration that apply."""


@pytest.mark.parametrize("preset", presets())
async def test_every_preset_is_shown_without_marks_and_comes_back(preset: str) -> None:
    app = FormApp()
    config = presets()[preset].config
    async with app.run_test(size=(36, 60)) as pilot:
        await ready(pilot)
        app.form.load(config, preset)
        await pilot.pause()
        assert app.form.config() == config
        assert app.edits == []
        for name, parameter in HYPERPARAMETERS.items():
            assert app.row(name).display == applies(config, name)
            if applies(config, name):
                assert app.line(name)[:17] == f"  {parameter.about.label}".ljust(17)
                assert app.row(name).text == parameter.format(getattr(config, name))
                assert app.line(name)[18:].rstrip("… ").split(" ")[0] in app.row(name).text


async def test_a_preset_nobody_knows_any_more_compares_with_the_defaults() -> None:
    app = FormApp(TrainConfig(epochs=3), "gone")
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot)
        assert app.row("epochs").changed
        assert not app.row("batch_size").changed


async def test_typing_reports_each_change_at_once() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "epochs")
        await pilot.press("7", "0")
        assert [edit.config and edit.config.epochs for edit in app.edits] == [7, 70]
        assert app.line("epochs")[:2] == "▸•"
        assert app.letters == []


async def test_fields_come_and_go_with_the_choices_and_keep_their_values() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 50)) as pilot:
        await ready(pilot, "model")
        app.form.set_value("hidden", "32")
        await pilot.press("right")
        assert app.form.config().model == "cnn"
        assert not app.row("hidden").display
        assert app.row("dropout").display
        await pilot.press("left")
        assert app.row("hidden").display
        assert "32" in app.line("hidden")
        assert app.form.config() == TrainConfig(hidden=(32,))


async def test_rows_stand_in_the_order_of_the_table_under_their_groups() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 12)) as pilot:
        await ready(pilot)
        assert [row.parameter.name for row in app.query(FieldRow)] == list(HYPERPARAMETERS)
        above: dict[str, str] = {}
        for line in app.form.children:
            match line:
                case GroupTitle():
                    title = line.render().plain.split()[0]
                case FieldRow():
                    above[line.parameter.name] = title
        assert above == {name: parameter.about.group for name, parameter in HYPERPARAMETERS.items()}


async def test_values_that_do_not_go_together_are_shown_at_the_field() -> None:
    app = FormApp(TrainConfig(model="fastcnn"))
    async with app.run_test(size=(36, 50)) as pilot:
        await ready(pilot, "batch_size")
        await pilot.press("1")
        assert app.line("batch_size")[:2] == "▸✗"
        assert "at least 2 images" in app.fault("batch_size")
        with pytest.raises(ConfigProblem) as problem:
            app.form.config()
        assert problem.value.field == "batch_size"


async def test_down_goes_through_every_field_shown() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 12)) as pilot:
        await ready(pilot, SHOWN[0])
        for _ in SHOWN:
            await pilot.press("down")
            await pilot.pause()
            marked = [line for line in app.screen_lines() if line.startswith("▸")]
            assert marked == [app.line(app.focused_fields[-1])]
        assert app.focused_fields == SHOWN
        assert app.edits == []


@pytest.mark.parametrize(("there", "back"), [("down", "up"), ("tab", "shift+tab"), ("enter", "up")])
async def test_keys_go_on_and_back(there: str, back: str) -> None:
    app = FormApp()
    async with app.run_test(size=(36, 12)) as pilot:
        before, first, second, third = SHOWN[SHOWN.index("learning_rate") - 1 :][:4]
        await ready(pilot, first)
        await pilot.press(there, there, back, back, back)
        assert app.focused_fields == [first, second, third, second, first, before]


async def test_pages_and_ends() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 12)) as pilot:
        await ready(pilot, "model")
        await pilot.press("pagedown")
        assert app.focused_fields[-1] == SHOWN[9]
        await pilot.press("pageup")
        assert app.focused_fields[-1] == "model"
        await pilot.press("ctrl+end")
        await pilot.pause()
        assert app.focused_fields[-1] == "data_dir"
        assert app.line("data_dir").startswith("▸ Data folder")
        await pilot.press("down", "down")
        assert app.focused_fields[-1] == "data_dir"
        await pilot.press("ctrl+home")
        await pilot.pause()
        assert app.screen_lines()[0].split()[0] == "Network"


async def test_a_field_can_be_focused_before_it_is_there() -> None:
    app = FormApp()
    app.form.focus_field("data_dir")
    async with app.run_test(size=(36, 12)) as pilot:
        while not app.focused_fields:
            await pilot.pause()
        assert set(app.focused_fields) == {"data_dir"}


async def test_what_is_loaded_and_typed_before_it_is_on_the_screen_stands_there() -> None:
    app = FormApp()
    app.form.load(TrainConfig(epochs=7), "blog-adam")
    app.form.set_value("batch_size", "none")
    app.form.locked = True
    async with app.run_test(size=(36, 50)) as pilot:
        await ready(pilot)
        assert app.line("epochs")[:20] == " •Epochs          7 "
        assert app.line("batch_size").startswith(" ✗")
        assert app.screen_lines()[-1].strip("─ ") == app.form.lock_reason


async def test_list_of_a_choice_opens_and_closes_over_the_form() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "optimizer")
        await pilot.press("enter", "up", "enter")
        assert app.form.config().optimizer == "sgd"
        assert app.row("momentum").display
        assert not app.row("beta1").display
        await pilot.press("enter", "q")
        assert len(app.query(ChoiceList)) == 0
        assert app.focused is app.row("optimizer").editor
        assert app.letters == []


async def test_mouse_focuses_rows_and_opens_choices() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot)
        await pilot.click("#field-epochs", offset=(4, 0))
        assert app.focused_fields[-1] == "epochs"
        await pilot.click("#field-loss", offset=(4, 0))
        assert (app.focused_fields[-1], len(app.query(ChoiceList))) == ("loss", 0)
        await pilot.click("#field-optimizer", offset=(20, 0))
        assert len(app.query(ChoiceList)) == 1
        await pilot.click(ChoiceList, offset=(3, 1))
        assert app.form.config().optimizer == "sgd"


async def test_loading_drops_what_was_being_typed() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "epochs")
        app.row("epochs").query_one(Input).value = "x"
        app.form.load(TrainConfig(epochs=5), "")
        await pilot.pause()
        assert app.form.config() == TrainConfig(epochs=5)
        assert app.row("epochs").query_one(Input).value == "5"


async def test_the_focus_finds_another_field_when_its_own_goes() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 40)) as pilot:
        await ready(pilot, "hidden")
        app.form.load(TrainConfig(model="linear"), "")
        await pilot.pause()
        assert app.focused_fields == ["hidden", "model"]
        assert app.focused is app.row("model").editor


async def test_nothing_on_the_form_moves_by_itself() -> None:
    app = FormApp()
    async with app.run_test(size=(36, 50)) as pilot:
        await ready(pilot)
        for name in ("hidden", "learning_rate", "data_dir", "model", "seed"):
            await ready(pilot, name)
        assert [field.cursor_blink for field in app.query(Input)] == [False] * 4
        assert not any(timer._active.is_set() for widget in app.query("*") for timer in widget._timers)


@pytest.mark.parametrize("size", [(80, 22), (36, 24), (30, 10), (20, 6), (5, 2), (1, 1)])
async def test_every_size_shows_the_focused_row(size: tuple[int, int]) -> None:
    app = FormApp(signs=ASCII_SIGNS)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, "scale")
        await pilot.press("x")
        await pilot.resize_terminal(size[0] + 3, size[1] + 2)
        await pilot.pause()
        assert app.line("scale").startswith(">!")
        assert all(line[:-1].isascii() for line in app.screen_lines())
