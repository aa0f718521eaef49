"""Changing a run while it trains: with keys, in the form, and on the command line."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.widgets import Input

from engine import commands as cmd
from engine import events as ev
from engine.config import make_config
from engine.errors import ConfigProblem
from engine.state.run_state import fold
from tests.events_kit import BLOG, RUN, ending, epoch_events, numbered, opening
from tests.fake_engine import refusing
from tests.tui.app_kit import Stage, stage
from tui.cli.commands.set import parsed
from tui.views.steering import next_rate, rolled_back
from tui.widgets.form import HyperparameterForm


def training() -> list[ev.Event]:
    return numbered([*opening(BLOG), *epoch_events(BLOG, 1)])


def told(seq: int, name: str, old: str, new: str) -> ev.Changed:
    return ev.Changed(seq=seq, step=900, position=1.1, name=name, old=old, new=new)


def changes(on: Stage) -> list[dict[str, Any]]:
    return [command.values for command in on.engine.commands if isinstance(command, cmd.Change)]


@pytest.mark.parametrize(
    ("rate", "higher", "lower"),
    [
        (0.001, 0.002, 0.0005),
        (0.002, 0.005, 0.001),
        (0.005, 0.01, 0.002),
        (0.01, 0.02, 0.005),
        (0.0033, 0.005, 0.002),
        (0.0099999999999, 0.02, 0.005),
        (1.0, 2.0, 0.5),
        (0.0, 1e-8, 0.0),
        (1e-8, 2e-8, 1e-8),
        (1e6, 1e3, 1e3),
    ],
)
def test_the_rate_goes_up_and_down_in_steps_of_1_2_5(rate: float, higher: float, lower: float) -> None:
    assert next_rate(rate, 1) == pytest.approx(higher)
    assert next_rate(rate, -1) == pytest.approx(lower)


async def test_brackets_change_the_rate_each_press_further_though_nothing_is_told_yet() -> None:
    async with stage(training()) as on:
        await on.press("right_square_bracket", "right_square_bracket", "left_square_bracket")
        assert changes(on) == [{"learning_rate": 0.002}, {"learning_rate": 0.005}, {"learning_rate": 0.002}]
        seq = on.app.snapshot.state.seq
        await on.tell(told(seq + 1, "learning_rate", "0.001", "0.05"))
        await on.press("right_square_bracket")
        assert changes(on)[-1] == {"learning_rate": 0.1}


async def test_brackets_held_down_go_further_while_the_first_changes_are_told() -> None:
    """A quick engine tells of the first before the last is asked for: that is no step back."""
    async with stage(training()) as on:
        seq = on.app.snapshot.state.seq
        await on.press("right_square_bracket", "right_square_bracket")
        await on.tell(told(seq + 1, "learning_rate", "0.001", "0.002"))
        await on.press("right_square_bracket", "right_square_bracket")
        assert changes(on) == [{"learning_rate": rate} for rate in (0.002, 0.005, 0.01, 0.02)]
        olds = ("0.002", "0.005", "0.01")
        news = ("0.005", "0.01", "0.02")
        await on.tell(
            *(told(seq + 2 + n, "learning_rate", *pair) for n, pair in enumerate(zip(olds, news, strict=True)))
        )
        await on.tell(told(seq + 5, "learning_rate", "0.02", "0.01"))  # taken back
        await on.press("right_square_bracket")
        assert changes(on)[-1] == {"learning_rate": 0.02}


async def test_a_rate_that_was_refused_is_not_gone_on_from() -> None:
    async with stage(training()) as on:
        on.engine.answer = refusing(ConfigProblem("Learning rate: no.", "learning_rate"))
        await on.press("right_square_bracket", "right_square_bracket")
        assert changes(on) == [{"learning_rate": 0.002}, {"learning_rate": 0.002}]


async def test_undo_is_offered_once_something_was_changed() -> None:
    async with stage(training()) as on:
        await on.press("u")
        assert on.engine.commands == []
        await on.tell(told(on.app.snapshot.state.seq + 1, "learning_rate", "0.001", "0.05"))
        await on.press("u")
        assert on.engine.commands == [cmd.Undo()]


async def test_a_field_that_is_live_takes_a_value_when_it_is_left() -> None:
    async with stage(training()) as on:
        form = on.app.screen.query_one(HyperparameterForm)
        form.focus_field("learning_rate")
        await on.settle()
        await on.press("ctrl+u", *"0.01", "enter")
        assert changes(on) == [{"learning_rate": 0.01}]
        await on.tell(told(on.app.snapshot.state.seq + 1, "learning_rate", "0.001", "0.01"))
        form.focus_field("dropout")
        await on.settle()
        await on.press("ctrl+u", *"0.25", "tab")
        assert changes(on)[1:] == [{"dropout": 0.25}]


async def test_what_is_typed_is_taken_back_with_escape_and_nothing_is_sent() -> None:
    async with stage(training()) as on:
        form = on.app.screen.query_one(HyperparameterForm)
        form.focus_field("learning_rate")
        await on.settle()
        await on.press("ctrl+u", *"0.5", "escape")
        assert changes(on) == []
        assert form.config().learning_rate == 0.001


async def test_nonsense_is_said_and_the_value_that_the_run_has_comes_back() -> None:
    async with stage(training()) as on:
        form = on.app.screen.query_one(HyperparameterForm)
        form.focus_field("dropout")
        await on.settle()
        await on.press("ctrl+u", *"1.5", "enter")
        assert changes(on) == []
        assert "Dropout: 1.5 is out of range" in on.notices[-1]
        assert isinstance(on.app.focused, Input)
        await on.press("ctrl+u", *"0.3", "enter")  # put right at once: no letter was a key
        assert changes(on) == [{"dropout": 0.3}]
        assert on.app.focused is None


async def test_nonsense_is_taken_back_with_escape_and_when_the_field_is_left() -> None:
    async with stage(training()) as on:
        form = on.app.screen.query_one(HyperparameterForm)
        form.focus_field("dropout")
        await on.settle()
        await on.press("ctrl+u", *"1.5", "enter", "escape")
        assert form.config().dropout == 0.5
        form.focus_field("dropout")
        await on.settle()
        await on.press("ctrl+u", *"1.5", "tab")
        assert "Dropout: 1.5 is out of range" in on.notices[-1]
        assert form.config().dropout == 0.5
        assert changes(on) == []


async def test_a_refusal_of_the_engine_is_said_and_the_value_comes_back() -> None:
    async with stage(training()) as on:
        on.engine.answer = refusing(ConfigProblem("Batch size: this network needs at least 2 images.", "batch_size"))
        form = on.app.screen.query_one(HyperparameterForm)
        form.focus_field("batch_size")
        await on.settle()
        await on.press("ctrl+u", "1", "enter")
        assert changes(on) == [{"batch_size": 1}]
        assert "needs at least 2 images" in on.notices[-1]
        assert form.config().batch_size == 64


async def test_a_field_that_needs_a_new_run_can_only_be_read() -> None:
    async with stage(training()) as on:
        form = on.app.screen.query_one(HyperparameterForm)
        form.focus_field("hidden")
        await on.settle()
        await on.press("backspace", "9", "enter")
        assert changes(on) == []
        assert form.config().hidden == (128, 256)


async def test_changes_that_come_from_elsewhere_are_shown_but_what_is_being_typed_stays() -> None:
    async with stage(training()) as on:
        form = on.app.screen.query_one(HyperparameterForm)
        form.focus_field("learning_rate")
        await on.settle()
        await on.press("ctrl+u", *"0.07")
        seq = on.app.snapshot.state.seq
        await on.tell(told(seq + 1, "dropout", "0.5", "0.1"), told(seq + 2, "learning_rate", "0.001", "0.02"))
        assert form.config().dropout == 0.1
        assert form.config().learning_rate == 0.07
        await on.press("enter")
        assert changes(on) == [{"learning_rate": 0.07}]


def test_what_is_set_on_the_command_line_is_checked_by_the_table() -> None:
    assert parsed(["lr=3e-4", "Batch-Size=32", "optimizer=adamw"]) == {
        "learning_rate": 3e-4,
        "batch_size": 32,
        "optimizer": "adamw",
    }
    for words, said in (
        (["lr=-1"], "Learning rate: -1 is out of range; expected a number from 0 to 1000000."),
        (["lr=1", "learning-rate=2"], "Learning rate is given twice."),
        (["lerning_rate=1"], "did you mean 'learning_rate'"),
        (["dropout="], "Dropout"),
        (["dropout=nan"], "Dropout"),
        (["batch=0"], "Batch size: 0 is out of range"),
    ):
        with pytest.raises(ConfigProblem) as caught:
            parsed(words)
        assert said in str(caught.value)


async def test_after_a_divergence_one_key_goes_on_with_a_third_of_the_rate() -> None:
    config = msgspec.structs.replace(BLOG, learning_rate=0.3)
    lost = ending(config, 1, outcome="diverged")
    async with stage(numbered([*opening(config), *epoch_events(config, 1), *lost])) as on:
        assert "z Roll back" in on.text().splitlines()[-1]
        await on.press("z")
        assert on.engine.commands == [cmd.Branch(run=RUN, values={"learning_rate": 0.1})]


async def test_a_divergence_before_the_first_checkpoint_begins_again() -> None:
    config = msgspec.structs.replace(BLOG, learning_rate=0.3)
    async with stage(numbered([*opening(config), *ending(config, 0, outcome="diverged")])) as on:
        await on.press("z")
        [command] = on.engine.commands
        assert isinstance(command, cmd.Start)
        assert command.config == msgspec.structs.replace(config, learning_rate=0.1)


async def test_a_rate_that_was_raised_far_too_much_goes_back_to_what_it_was() -> None:
    config = msgspec.structs.replace(BLOG, learning_rate=0.01)
    lost = ending(config, 1, outcome="diverged")
    events = [*opening(config), *epoch_events(config, 1), told(0, "learning_rate", "0.01", "1000"), *lost]
    async with stage(numbered(events)) as on:
        good = on.app.snapshot.state.epochs[-1].learning_rate
        await on.press("z")
        assert on.engine.commands == [cmd.Branch(run=RUN, values={"learning_rate": good})]
        assert good < 1


def test_an_epoch_that_was_ruined_already_is_not_what_is_gone_back_to() -> None:
    """Its loss was still a number when it ended, after the rate had been raised; the one before is the best."""
    config = msgspec.structs.replace(BLOG, learning_rate=0.01)
    state = fold(numbered([*opening(config), *epoch_events(config, 1), *epoch_events(config, 2)]))
    good, ruined = state.epochs
    ruined = msgspec.structs.replace(ruined, validation_loss=1e27, best=False, learning_rate=1000.0)
    raised = msgspec.structs.replace(config, learning_rate=1000.0)
    lost = msgspec.structs.replace(state, epochs=(good, ruined), config=raised)
    assert rolled_back(lost) == cmd.Branch(run=RUN, at="best", values={"learning_rate": good.learning_rate})
    nothing_good = msgspec.structs.replace(lost, epochs=(msgspec.structs.replace(ruined, best=True),))
    again = rolled_back(nothing_good)
    assert isinstance(again, cmd.Start)
    assert again.config.learning_rate == 0.01  # what the run began with


async def test_a_branch_that_diverged_at_once_goes_back_to_the_weights_it_began_with() -> None:
    config = msgspec.structs.replace(BLOG, learning_rate=0.3)
    origin = ev.Parent(run="otter", at="best", epoch=7, step=5474)
    first, *rest = opening(config)
    events = [msgspec.structs.replace(first, parent=origin), *rest, *ending(config, 0, outcome="diverged")]
    async with stage(numbered(events)) as on:
        await on.press("z")
        [command] = on.engine.commands
        assert isinstance(command, cmd.Branch)
        assert (command.run, command.at) == ("otter", "best")
        assert make_config(command.values, BLOG) == msgspec.structs.replace(config, learning_rate=0.1)


async def test_a_branch_takes_what_the_form_has_changed() -> None:
    async with stage(numbered([*opening(BLOG), *epoch_events(BLOG, 1), *ending(BLOG, 1)])) as on:
        form = on.app.screen.query_one(HyperparameterForm)
        form.set_value("learning_rate", "0.0003")
        await on.press("n")
        assert on.engine.commands == [cmd.Branch(run=RUN, at="best", values={"learning_rate": 0.0003})]


async def test_nothing_branches_while_it_trains() -> None:
    async with stage(training()) as on:
        await on.press("n", "z")
        assert on.engine.commands == []
        assert on.notices == [
            "A branch begins at a run that has ended and has an epoch's weights.",
            "There is nothing to roll back: this run has not diverged.",
        ]
