"""Keys: which are offered, whose they are, and what is said of a letter that is none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.widgets._toast import Toast, ToastRack

from engine import commands as cmd
from engine import events as ev
from engine.protocol import Steers
from tests import events_kit as kit
from tests.tui.app_kit import Stage, stage
from tests.tui.tested_kit import Digital
from tests.tui.tested_screen_kit import go_there
from tui.keymap.keyboard_layout import no_key
from tui.screens.confusion import ConfusionScreen
from tui.views.snapshot import Snapshot
from tui.views.status import short_titles
from tui.widgets.choice import Choice
from tui.widgets.field_row import FieldRow


def training() -> list[ev.Event]:
    return kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])


def offered(on: Stage) -> str:
    """The line of keys."""
    return on.text().splitlines()[-1]


@pytest.fixture
def digital(tmp_path: Path) -> Digital:
    digital = Digital(tmp_path / "digits")
    digital.run("brave-otter", test=digital.off(digital.test, 3, 4), validation=digital.off(digital.validation, 5))
    return digital


# which are offered


@pytest.mark.parametrize(("size", "there"), [((80, 24), True), ((120, 40), False), ((200, 50), False)])
async def test_figures_are_offered_where_they_are_not_seen_already(
    digital: Digital, size: tuple[int, int], there: bool
) -> None:
    assert digital
    async with stage(size=size, run="brave-otter") as on:
        await on.done("open")
        await on.press("5")
        await on.done("inspect")
        assert isinstance(on.app.screen, ConfusionScreen)
        assert ("f Figures" in offered(on)) is there
        before = on.text()
        await on.press("f")
        assert (on.text() != before) is there
        await on.press("g")
        assert "f Figures" in offered(on)
        assert "Show" not in offered(on)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_without_a_run_no_key_is_offered_that_needs_one(size: tuple[int, int]) -> None:
    never = {
        "1": ("Log axis", "Smooth", "Cursor", "Zoom"),
        "2": ("Open", "Continue", "Delete"),
        "4": ("Earlier", "Later", "Test set", "Label", "Order", "Right/wrong"),
        "5": ("Earlier", "Percent", "Figures", "Calibration", "Next error", "Show"),
        "6": ("Undo", "Redo", "Clear", "Last/best"),
        "7": ("Best/last", "Ask again"),
        "8": ("Open", "Look"),
        "9": ("Enlarge", "Log axis", "Smooth", "X axis", "Cursor", "Zoom"),
        "0": ("o Open", "Log axis"),
    }
    async with stage(size=size) as on:
        for key, labels in never.items():
            await on.press(key)
            for group in ("inspect", "runs", "experiments", "test"):
                await on.done(group)
            assert [label for label in labels if label in offered(on)] == [], key
            assert "q Quit" in offered(on)


async def test_keys_of_the_charts_are_offered_where_charts_are_seen() -> None:
    async with stage(training(), size=(110, 24)) as on:
        assert "Log axis" in offered(on)
        await on.press("v")
        assert "Log axis" not in offered(on)
    async with stage(training()) as on:
        await on.press("9")
        assert "Enlarge" in offered(on)
        await on.press("d")
        assert "Enlarge" not in offered(on)
        assert "Log axis" not in offered(on)


async def test_the_epochs_at_hand_are_offered(digital: Digital) -> None:
    assert digital
    async with stage(size=(120, 40), run="brave-otter") as on:
        await on.done("open")
        await on.press("5")
        await on.done("inspect")
        assert ", Earlier" in offered(on)
        assert ". Later" not in offered(on)
        await on.press("comma")
        await on.done("inspect")
        assert ", Earlier" not in offered(on)
        assert ". Later" in offered(on)
        assert "d Change" not in offered(on)


async def test_a_drawing_is_taken_back_where_there_is_one() -> None:
    async with stage(size=(120, 40)) as on:
        await on.press("6")
        await on.press("d", "right", "right", "d")
        assert "z Undo" in offered(on)
        assert "c Clear" in offered(on)
        await on.press("z")
        assert "z Undo" not in offered(on)
        assert "y Redo" in offered(on)


# whose they are


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_in_the_form_no_key_moves_the_cursor_of_the_charts(size: tuple[int, int]) -> None:
    async with stage(kit.whole_run(epochs=2), size=size) as on:
        await on.press("f")
        for field in ("activation", "learning_rate"):
            on.train.form.focus_field(field)
            await on.settle()
            for key in ("home", "end", "pageup", "pagedown", "up", "down", "left", "right", "plus", "minus", "comma"):
                view, pane = on.app.chart_view, on.train.pane
                await on.press(key)
                assert (on.app.chart_view, on.train.pane) == (view, pane), (field, key)
                assert on.train.form in on.train.focused.ancestors  # type: ignore[union-attr]


async def test_home_and_end_lead_to_the_ends_of_the_form_and_of_a_text() -> None:
    async with stage(size=(80, 24)) as on:
        await on.press("f")
        assert isinstance(on.train.focused, Choice)
        await on.press("end")
        rows = [row for row in on.train.form.query(FieldRow) if row.display]
        assert rows[-1].has_focus_within
        on.train.form.focus_field("model")
        await on.settle()
        await on.press("end", "home")
        on.train.form.focus_field("learning_rate")
        await on.settle()
        await on.press("end")
        row = on.train.form.query_one("#field-learning_rate", FieldRow)
        assert row.has_focus_within
        assert row.editor.cursor_position == len(row.text)  # type: ignore[union-attr]


async def test_home_and_end_are_the_charts_where_no_field_has_the_focus() -> None:
    async with stage(kit.whole_run(epochs=2)) as on:
        await on.press("home")
        first = on.app.chart_view.cursor
        await on.press("end")
        assert first is not None
        assert on.app.chart_view.cursor is not None
        assert on.app.chart_view.cursor > first


# notices


@pytest.mark.parametrize("size", [(80, 24), (80, 30), (120, 40)])
async def test_a_notice_does_not_cover_the_field_that_has_the_focus(size: tuple[int, int]) -> None:
    async with stage(size=size, notifications=True) as on:
        await on.press("f")
        for field in ("model", "learning_rate", "epochs", "data_dir"):
            on.train.form.focus_field(field)
            await on.settle()
            on.app.notify("This cannot be used, for a reason that takes some words to tell.", title="Not started")
            await on.settle()
            row = on.train.form.query_one(f"#field-{field}", FieldRow)
            toast = on.app.screen.get_child_by_type(ToastRack).query_one(Toast).region
            assert on.app.screen.region.contains_region(toast)
            assert on.app.screen.region.contains_region(row.region)
            assert not toast.overlaps(row.region)
            on.app.clear_notifications()
            await on.settle()


async def test_a_field_that_is_wrong_is_seen_with_what_is_said_of_it() -> None:
    async with stage(size=(80, 24), notifications=True) as on:
        on.train.form.set_value("batch_size", "0")
        await on.press("r")
        row = on.train.form.query_one("#field-batch_size", FieldRow)
        toast = on.app.screen.get_child_by_type(ToastRack).query_one(Toast)
        assert row.has_focus_within
        assert row.region.height >= 2
        assert on.app.screen.region.contains_region(row.region)
        assert not toast.region.overlaps(row.region)


# letters that are none


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("S", "Caps Lock seems to be on: S is no key here, keys are small letters."),
        ("ы", "The keyboard layout is not Latin: Cyrillic. Keys are Latin letters, so switch to a Latin one. ы usually lies where s is."),
        ("Ы", "The keyboard layout is not Latin: Cyrillic. Keys are Latin letters, so switch to a Latin one. Ы usually lies where s is."),
        ("σ", "The keyboard layout is not Latin: Greek. Keys are Latin letters, so switch to a Latin one. σ usually lies where s is."),
        ("ש", "The keyboard layout is not Latin: Hebrew. Keys are Latin letters, so switch to a Latin one."),
        ("é", "é is no key here: letters without accents are, digits and signs. ? lists them."),
        ("s", ""),
        ("5", ""),
        ("ctrl+x", ""),
    ],
)  # fmt: skip
def test_what_a_letter_says_of_the_keyboard(key: str, words: str) -> None:
    assert no_key(key) == words


async def test_a_letter_that_is_no_key_is_told_of_once() -> None:
    async with stage(training()) as on:
        await on.press("S", "P", "Q")
        assert [words for words in on.notices if "Caps Lock" in words] == [no_key("S")]
        await on.press("p", "ы", "й")
        assert [words for words in on.notices if "layout" in words] == [no_key("ы")]
        assert on.engine.commands == [cmd.Pause()]


async def test_it_is_told_in_a_dialog_too() -> None:
    async with stage(training()) as on:
        await on.press("x", "A")
        assert any("Caps Lock" in words for words in on.notices)
        assert on.engine.commands == []


async def test_a_field_takes_letters_of_any_alphabet() -> None:
    async with stage(size=(120, 40)) as on:
        await on.press("f")
        on.train.form.focus_field("data_dir")
        await on.settle()
        await on.press("Д", "é", "S")
        assert on.train.form.query_one("#field-data_dir", FieldRow).text == "ДéS"
        assert on.notices == []


async def test_a_shifted_letter_does_not_look_at_the_test_set(digital: Digital) -> None:
    digital.run("calm-heron", test_evaluations=0)
    async with stage(size=(80, 24)) as on:
        await go_there(on, "calm-heron")
        await on.press("E")
        assert "was not evaluated yet" in on.text()
        await on.press("escape")
        assert not on.app.evaluating
        assert on.app.snapshot.state.test_evaluations == ()


# who steers


@pytest.mark.parametrize("who", ["", "the screen of a colleague", "mnist-tui attach"])
@pytest.mark.parametrize("only_watches", [False, True])
async def test_who_steers_can_be_read_in_a_small_window(who: str, only_watches: bool) -> None:
    config = msgspec.structs.replace(kit.BLOG)
    events = kit.numbered([*kit.opening(config), *kit.epoch_events(config, 1)])
    steers = Steers(you=False, name=who, screens=2)
    async with stage([*events, steers], size=(80, 24), only_watches=only_watches) as on:
        for key in "1234567890":
            await on.press(key)
            line = on.text().splitlines()[0]
            assert f"{who or 'another screen'} steers" in line
            assert line.rstrip().endswith("?")


def test_the_name_of_the_run_stays_where_there_is_room() -> None:
    state = msgspec.structs.replace(Snapshot().state, run=kit.RUN, preset="blog-adam")
    titles = [
        each.plain for each in short_titles(Snapshot(state=state, steers=Steers(you=False, name="ann", screens=2)))
    ]
    assert titles[-2].strip() == "brave-otter  ann steers"
    assert all("ann steers" in each for each in titles)
