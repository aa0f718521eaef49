"""Hints on the screen: the line, the dialog, what its keys do; and how seldom the rules are asked."""

from __future__ import annotations

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.diagnosis import Change, Figure, Hint, Remedy, diagnose
from engine.state.run_state import RunState
from tests.engine.diagnosis.kit import events, prefixes
from tests.events_kit import BLOG, epoch_events, numbered, opening
from tests.tui.app_kit import Stage, stage
from tui.app.hint_scheduler import SECONDS, Adviser
from tui.screens.explain import ExplainScreen
from tui.screens.why import Why
from tui.views.hints import evidence, hint_line, remedy
from tui.widgets.hint_line import HintLine
from tui.widgets.status_line import StatusLine

SIZES = [(80, 24), (120, 40), (200, 50)]
SLOW = "loss falls by only 2.0% an epoch and is still 0.698: rate too low"


def hint(text: str = SLOW, rule: str = "rate_low") -> Hint:
    change = Remedy((Change("learning_rate", "0.001", "0.1"),), True, "learning rate 0.001 → 0.1")
    return Hint(rule, "warning", text, (Figure("training loss", "0.698, epoch 25"),), "It is **slow**.", change)


def line(on: Stage) -> HintLine:
    return on.train.query_one(HintLine)


def unfinished(log: str, epochs: int) -> list[ev.Event]:
    """A recorded log up to the end of an epoch."""
    found: list[ev.Event] = []
    for event in events(log):
        found.append(event)
        if isinstance(event, ev.EpochEnded) and event.epoch == epochs:
            break
    return found


# the line


@pytest.mark.parametrize("width", [20, 40, 78, 118, 198])
def test_the_line_is_never_wider_than_its_place(width: int) -> None:
    assert hint_line([hint(), hint()], width).cell_length <= width


def test_at_80_columns_the_longest_hint_and_its_key_are_whole() -> None:
    text = "loss has not fallen below 0.325, the value of guessing, in 12 epochs"
    assert len(text) == 68
    assert hint_line([hint(text)], 78).plain == f"! {text}  i why?"


def test_the_line_tells_how_many_more_there_are_where_that_has_room() -> None:
    assert hint_line([hint("a"), hint("b"), hint("c")], 78).plain == "! a  i why?  2 more"


def test_nothing_to_say_is_an_empty_line() -> None:
    assert hint_line([], 78).plain == ""


@pytest.mark.parametrize("size", SIZES)
async def test_a_sound_run_has_no_line_and_a_faulty_one_pushes_nothing_out(size: tuple[int, int]) -> None:
    async with stage(events("quick"), size=size) as on:
        assert not line(on).display
        assert line(on).region.height == 0
    async with stage(events("overfit"), size=size) as on:
        assert "validation loss rose from" in line(on).plain
        assert line(on).plain in on.text()
        for part in (on.train.loss, on.train.accuracy, line(on), on.train.query_one(StatusLine)):
            assert on.train.region.contains_region(part.region)
            assert part.region.height >= 1
        assert on.train.query_one(StatusLine).region.height == 2
        assert on.train.loss.region.height >= 5


async def test_the_line_keeps_its_row_until_another_run_so_that_nothing_moves_back() -> None:
    async with stage(unfinished("patience", 9)) as on:
        assert "stops after the next epoch" in line(on).plain
        await on.tell(*[event for event in events("patience") if event.seq > on.app.snapshot.state.seq])
        assert "stops after" not in line(on).plain
        assert line(on).display
        await on.tell(*[msgspec.structs.replace(event, time=event.time + 9e6) for event in events("quick")])
        assert not line(on).display


async def test_ascii_mode_has_no_other_character_in_line_and_dialog() -> None:
    async with stage(events("sigmoid-deep"), size=(80, 40), ascii=True) as on:
        assert line(on).plain.isascii()
        assert "x gradient " in line(on).plain
        await on.press("i")
        assert isinstance(on.app.screen, Why)
        assert on.text().isascii()


# the dialog


async def test_i_explains_with_figures_formula_and_remedy() -> None:
    async with stage(events("overfit"), size=(80, 40)) as on:
        await on.press("i")
        text = on.text()
        for words in ("Why? A warning, 1 of 2", "train images 500 → 0 (all)", "gap = validation", "The figures"):
            assert words in text
        await on.press("right")
        assert "Why? A note, 2 of 2" in on.text()
        assert "best by loss → accuracy" in on.text()
        await on.press("q")
        assert on.app.screen is on.train


async def test_before_the_first_figures_it_is_too_early_to_tell() -> None:
    async with stage() as on:
        await on.press("i")
        assert "No hints yet" in on.notices[-1]
        await on.tell(*numbered([*opening(), *epoch_events(BLOG, 1)[:4]]))
        await on.press("i")
        assert "No hints yet" in on.notices[-1] and "nothing looks wrong" not in on.notices[-1]


async def test_without_a_hint_i_says_so() -> None:
    async with stage(events("quick")) as on:
        await on.press("i")
        assert on.app.screen is on.train
        assert "nothing looks wrong" in on.notices[-1]


async def test_enter_puts_the_remedy_into_the_form() -> None:
    async with stage(events("overfit")) as on:
        assert on.train.form.config().train_images == 500
        await on.press("i", "enter")
        assert on.app.screen is on.train
        assert on.train.form.config().train_images == 0
        assert "train images 500 → 0 (all); r trains with it" in on.notices[-1]


async def test_while_it_trains_the_remedy_is_a_change_like_any_other() -> None:
    async with stage(unfinished("blog-sgd", 3)) as on:
        await on.press("i", "enter")
        assert on.engine.commands == [cmd.Change(values={"learning_rate": 0.1})]
        assert on.notices[-1] == "From the next step on: learning rate 0.001 → 0.1; u gives it back."


async def test_a_remedy_that_needs_a_new_run_waits_in_the_form_whatever_else_changes() -> None:
    told = unfinished("overfit", 30)
    async with stage(told) as on:
        await on.press("i", "enter")
        assert on.train.form.config().train_images == 0
        assert on.train.form.border_subtitle == "changed for the next run"
        assert on.engine.commands == []
        assert "when this run has ended" in on.notices[-1]
        seq = on.app.snapshot.state.seq + 1
        await on.tell(ev.Changed(seq=seq, step=900, position=30.0, name="dropout", old="0", new="0.2"))
        assert on.train.form.config().dropout == 0.2
        assert on.train.form.config().train_images == 0


async def test_h_silences_a_rule_for_the_session() -> None:
    async with stage(events("overfit")) as on:
        await on.press("i", "h")
        assert "best by loss keeps" in line(on).plain
        await on.press("i")
        assert "1 of" not in on.text()
        await on.press("h")
        assert line(on).plain == ""
        await on.tell(*[msgspec.structs.replace(event, time=event.time + 9e6) for event in events("overfit")])
        assert not line(on).display


async def test_a_remedy_that_there_is_none_of_leaves_the_dialog_open() -> None:
    async with stage(events("other-writers")) as on:
        await on.press("i", "enter")
        assert isinstance(on.app.screen, Why)
        assert "no setting of the form would help" in on.text()


def test_figures_stand_under_one_another_and_are_broken_where_they_are_long() -> None:
    long = Figure("speed", "a figure with many words that does not fit on one line of a narrow window at all")
    lines = [each.plain for each in evidence(Hint("a", "note", "b", (Figure("loss", "1"), long), "", None), 40)]
    assert all(len(each) <= 40 for each in lines)
    assert lines[0].index("1") == lines[1].index("a figure")


def test_no_remedy_is_said_in_words() -> None:
    assert "no setting" in remedy(Hint("a", "note", "b", (), "", None)).plain


# how often the rules are asked


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunState]:
    """The states that the rules were asked about."""
    states: list[RunState] = []

    def counted(state: RunState, silenced: object = ()) -> tuple[Hint, ...]:
        states.append(state)
        return diagnose(state, silenced)  # type: ignore[arg-type]

    monkeypatch.setattr("engine.diagnosis.diagnose", counted)
    return states


def test_the_rules_are_asked_once_an_epoch_and_each_few_seconds(asked: list[RunState]) -> None:
    adviser = Adviser()
    for state in prefixes("blog-sgd"):
        adviser.hints(state)
        adviser.hints(state)
    end = prefixes("blog-sgd")[-1]
    seconds = end.progress.seconds if end.progress else 0.0
    assert len(asked) <= len(end.epochs) + seconds / SECONDS + 4
    assert len(asked) >= len(end.epochs)


def test_what_has_not_changed_stays_the_same_object() -> None:
    adviser = Adviser()
    for state in prefixes("sigmoid-deep"):
        first = adviser.hints(state)
        assert adviser.hints(state) is first


def test_within_an_epoch_hints_only_come() -> None:
    """A sudden opinion of the middle of an epoch is not taken back before the epoch's end."""
    adviser = Adviser()
    epochs, before = 0, set[str]()
    for state in prefixes("killed-by-its-rate"):
        now = {each.rule for each in adviser.hints(state)}
        if len(state.epochs) == epochs and state.finished is None:
            assert before <= now
        epochs, before = len(state.epochs), now


def test_another_run_begins_without_the_last_ones_hints() -> None:
    adviser = Adviser()
    assert adviser.hints(prefixes("overfit")[-1])
    assert adviser.hints(prefixes("quick")[0]) == ()
    assert adviser.hints(prefixes("quick")[-1]) == ()


async def test_ctrl_g_explains_the_rule_and_h_still_silences_it() -> None:
    async with stage(events("overfit"), size=(80, 40)) as on:
        await on.press("i", "ctrl+g")
        assert isinstance(on.app.screen, ExplainScreen)
        assert "Hint: overfitting" in on.text()
        await on.press("escape")
        assert isinstance(on.app.screen, Why)
        await on.press("h")
        assert on.notices == ["No more of this until you leave."]
