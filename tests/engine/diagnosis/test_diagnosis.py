"""What holds of the rules whatever the run: they never fail, are pure, cheap, worded, and know what was changed when."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.config import HYPERPARAMETERS, TrainConfig, make_config
from engine.diagnosis import RULES, diagnose
from engine.diagnosis.rates import higher, lower, one_digit, slower, usual_rate
from engine.diagnosis.segment import BLOCK_IMAGES, BLOCK_STEPS, GUESSING, segment_of
from engine.diagnosis.wording import count, number, page, percent
from engine.errors import ConfigProblem
from engine.help import diagnosis_page
from engine.state.run_state import Mark, RunState, fold, reduce
from tests.engine.diagnosis.kit import events, prefixes, rules, run_of
from tests.engine.strategies import EVENT_TYPES, configs, examples, lives, messages
from tui.views.plain import ascii_text, spelled

FALLING = [2.29, 2.28, 2.26, 2.24]


@given(lives())
@examples(60)
def test_no_moment_of_any_life_of_a_run_raises(life: list[ev.Event]) -> None:
    state = RunState()
    for event in life:
        state = reduce(state, event)
        before = msgspec.json.encode(state.epochs)
        assert diagnose(state) == diagnose(state)
        assert msgspec.json.encode(state.epochs) == before


@given(st.lists(st.one_of([messages(kind) for kind in EVENT_TYPES]), max_size=12))
@examples(60)
def test_no_heap_of_events_that_make_no_sense_together_raises(heap: list[ev.Event]) -> None:
    diagnose(fold(msgspec.structs.replace(event, seq=n) for n, event in enumerate(heap)))


@given(configs(), st.sampled_from(["overfit", "lr-too-high", "batch-2", "sigmoid-deep"]))
@examples(40)
def test_no_settings_make_a_remedy_that_the_form_refuses(config: TrainConfig, log: str) -> None:
    state = msgspec.structs.replace(prefixes(log)[-1], config=config)
    for hint in diagnose(state):
        if hint.remedy is not None:
            values = {change.name: change.new for change in hint.remedy.changes}
            make_config({name: HYPERPARAMETERS[name].parse(text) for name, text in values.items()}, config)


def test_nothing_is_said_of_a_run_that_has_not_started() -> None:
    assert diagnose(RunState()) == ()


# what the machine does


def _epochs(state: RunState, **values: float | None) -> RunState:
    """The same run with other figures of its epochs."""
    epochs = tuple(msgspec.structs.replace(epoch, **values) for epoch in state.epochs)
    return msgspec.structs.replace(state, epochs=epochs)


def test_a_gpu_that_is_never_waited_for_is_told_of_with_a_larger_batch() -> None:
    state = run_of([0.3, 0.2], [0.2, 0.1], batch_size=64)  # two seconds an epoch, a tenth of it validation
    assert rules(_epochs(state, waited=0.6)) == []
    assert rules(_epochs(state, waited=None)) == []
    (hint,) = diagnose(_epochs(state, waited=0.018))
    assert (hint.rule, hint.severity) == ("gpu_waiting", "note")
    assert hint.text == "the GPU is waited for 1.0% of the time: batches of 64 are small"
    assert hint.remedy is not None
    assert (hint.remedy.label, hint.remedy.live) == ("batch size 64 → 256", True)
    assert rules(_epochs(run_of([0.3, 0.2], [0.2, 0.1], batch_size=1024), waited=0.0)) == []
    assert rules(_epochs(run_of([0.3], [0.2]), waited=0.0)) == []


def test_threads_that_wait_for_cores_are_told_of_once_it_costs_half_as_much_again() -> None:
    state = run_of([0.3, 0.2], [0.2, 0.1])
    assert rules(_epochs(state, starved=0.3)) == []
    assert rules(_epochs(state, starved=None)) == []
    assert rules(_epochs(state, starved=0.5, seconds=0.4)) == []  # too short to measure
    assert rules(_epochs(state, starved=0.5)) == ["oversubscribed"]
    assert state.started is not None
    machine = msgspec.structs.replace(state.started.machine, threads=4)
    four = msgspec.structs.replace(state, started=msgspec.structs.replace(state.started, machine=machine))
    (hint,) = diagnose(_epochs(four, starved=0.5))
    assert hint.text == "its 4 threads waited for a free core 50% of the time"
    assert hint.remedy is not None
    assert [(c.name, c.new) for c in hint.remedy.changes] == [("threads", "2")]


# what is changed while it trains


def _changed(state: RunState, name: str, old: str, new: str) -> RunState:
    at = state.epochs[-1]
    change = ev.Changed(seq=state.seq + 1, step=at.step, position=float(at.epoch), name=name, old=old, new=new)
    return reduce(state, change)


def test_a_changed_rate_gets_a_fresh_look() -> None:
    state = run_of(FALLING, FALLING, [0.3, 0.4, 0.5, 0.55], optimizer="sgd", learning_rate=0.001)
    assert rules(state) == ["rate_low"]
    assert rules(_changed(state, "learning_rate", "0.001", "0.002")) == []


def _had_changed(state: RunState, *changes: tuple[float, str, str, str]) -> RunState:
    """The run as if fields had been changed on the way: where in epochs, which, from what, to what."""
    marks = []
    for position, name, old, new in changes:
        step = round(position * state.epochs[0].step)
        change = ev.Changed(step=step, position=position, name=name, old=old, new=new)
        marks.append(Mark("changed", step, position, change))
    return msgspec.structs.replace(state, marks=tuple(marks))


OVERFITTED = [0.4, 0.3, 0.27, 0.266, 0.28, 0.30, 0.315, 0.312, 0.313, 0.314, 0.313, 0.314]
"""Validation losses of a run that was best in epoch 4."""
BY_HEART = [0.35, 0.25, 0.2, 0.17, 0.15, 0.13, 0.12, 0.12, 0.12, 0.12, 0.119, 0.119]
UP_AND_BACK = ((6.5, "learning_rate", "0.001", "0.002"), (6.6, "learning_rate", "0.002", "0.001"))


def _overfitting(state: RunState) -> str:
    return next((hint.text for hint in diagnose(state) if hint.rule == "overfitting"), "")


def test_a_change_that_was_taken_back_changes_nothing() -> None:
    state = run_of(BY_HEART, OVERFITTED)
    told = _overfitting(state)
    assert "rose from 0.266 to 0.314 since epoch 4" in told
    assert diagnose(_had_changed(state, *UP_AND_BACK)) == diagnose(state)
    short = run_of(BY_HEART[:7], OVERFITTED[:7])
    assert diagnose(_had_changed(short, *UP_AND_BACK)) == diagnose(short) != ()
    assert _overfitting(_had_changed(short, UP_AND_BACK[0])) == ""


def test_the_best_epoch_counts_whatever_was_changed_after_it() -> None:
    state = _had_changed(run_of(BY_HEART, OVERFITTED), (6.0, "learning_rate", "0.001", "0.002"))
    assert "rose from 0.266 to 0.314 since epoch 4" in _overfitting(state)
    assert [hint.rule for hint in diagnose(state)] == ["overfitting"]
    flat = _had_changed(run_of([0.12] * 12, OVERFITTED), (6.0, "learning_rate", "0.001", "0.002"))
    [hint] = diagnose(flat)
    assert "no better than 0.266 for 5 epochs" in hint.text
    assert hint.evidence[0].value == "0.266, epoch 4"


def test_what_brings_the_validation_loss_down_again_is_no_overfitting_though_it_was_better() -> None:
    losses = [*OVERFITTED[:8], 0.305, 0.3, 0.295, 0.29]
    state = _had_changed(run_of(BY_HEART, losses), (6.0, "weight_decay", "0", "0.01"))
    assert _overfitting(state) == ""


def test_a_training_loss_of_another_dropout_is_compared_with_none_before() -> None:
    higher = [*BY_HEART[:6], 0.3, 0.29, 0.28, 0.27, 0.26, 0.25]
    state = run_of(higher, OVERFITTED, dropout=0.0)
    assert _overfitting(state) == ""
    changed = _had_changed(state, (6.0, "dropout", "0", "0.3"))
    [hint] = [each for each in diagnose(changed) if each.rule == "overfitting"]
    assert [figure.value for figure in hint.evidence if figure.name.startswith("training loss")] == [
        "0.300, epoch 7; 0.250, epoch 12"
    ]


def test_the_most_accurate_epoch_is_the_whole_runs() -> None:
    accuracies = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.951, 0.95, 0.949, 0.948, 0.947, 0.946]
    losses = [0.2, 0.3, *[0.31] * 10]
    state = run_of([0.3] * 12, losses, accuracies)
    before = {hint.rule: hint.text for hint in diagnose(state)}["best_by"]
    changed = _had_changed(state, (9.0, "learning_rate", "0.001", "0.002"))
    assert {hint.rule: hint.text for hint in diagnose(changed)}["best_by"] == before


def test_one_more_epoch_changes_nothing_of_the_curves() -> None:
    state = run_of(FALLING, FALLING, [0.3, 0.4, 0.5, 0.55], optimizer="sgd", learning_rate=0.001)
    assert rules(_changed(state, "epochs", "50", "51")) == ["rate_low"]


# single rules, where their borders are


def test_the_value_of_guessing() -> None:
    assert {name: round(value, 4) for name, value in GUESSING.items()} == {
        "cross_entropy": 2.3026,
        "nll": 2.3026,
        "mse": 0.09,
        "bce": 0.3251,
    }


@pytest.mark.parametrize(
    ("optimizer", "rate", "spoken"), [("sgd", 0.001, True), ("sgd", 0.1, False), ("adam", 0.001, False)]
)
def test_a_slow_fall_is_the_rates_fault_only_below_the_usual_rate(optimizer: str, rate: float, spoken: bool) -> None:
    state = run_of(FALLING, FALLING, [0.3, 0.4, 0.5, 0.55], optimizer=optimizer, learning_rate=rate)
    assert ("rate_low" in rules(state)) is spoken


def test_a_fall_that_is_nearly_there_is_not_slow() -> None:
    state = run_of([0.3, 0.28, 0.27], [0.3, 0.28, 0.27], [0.92, 0.925, 0.93], optimizer="sgd", learning_rate=0.001)
    assert rules(state) == []


@pytest.mark.parametrize(
    ("validated", "spoken"), [([0.3, 0.2, 0.22, 0.23, 0.24], True), ([0.3, 0.2, 0.22, 0.19, 0.24], False)]
)
def test_overfitting_takes_three_epochs_in_a_row(validated: list[float], spoken: bool) -> None:
    state = run_of([0.3, 0.2, 0.1, 0.05, 0.02], validated)
    assert ("overfitting" in rules(state)) is spoken


def test_dropout_lifts_the_training_loss_so_that_a_gap_is_not_asked_for_but_more_of_a_rise() -> None:
    trained = [0.5, 0.4, 0.35, 0.32, 0.3]
    assert "overfitting" not in rules(run_of(trained, [0.3, 0.2, 0.22, 0.22, 0.23], dropout=0.5))
    state = run_of(trained, [0.3, 0.2, 0.25, 0.26, 0.27], dropout=0.5)
    [hint] = diagnose(state)
    assert hint.rule == "overfitting"
    assert any("with dropout 0.5" in figure.name for figure in hint.evidence)


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        ({"train_images": 500, "dropout": 0.0}, "train images 500 → 0 (all)"),
        ({"dropout": 0.0}, "dropout 0 (off) → 0.3"),
        ({"dropout": 0.2}, "shift 0 (off) → 2"),
        ({"dropout": 0.2, "rotation": 5.0}, "weight decay 0 (off) → 0.01"),
        ({"dropout": 0.2, "rotation": 5.0, "weight_decay": 0.1}, ""),
    ],
)
def test_against_overfitting_comes_what_is_not_done_yet(settings: dict[str, object], label: str) -> None:
    state = run_of([0.3, 0.2, 0.1, 0.05, 0.02], [0.3, 0.2, 0.26, 0.27, 0.28], **settings)
    [hint] = [each for each in diagnose(state) if each.rule == "overfitting"]
    assert (hint.remedy.label if hint.remedy else "") == label


def test_a_plateau_is_none_while_training_goes_on_learning_or_the_rate_changes() -> None:
    flat = [0.2] * 8
    assert rules(run_of(flat, flat)) == ["plateau"]
    assert rules(run_of([0.2, 0.19, 0.18, 0.17, 0.16, 0.15, 0.14, 0.13], flat)) == []
    state = run_of(flat, flat, schedule="cosine")
    falling = tuple(msgspec.structs.replace(epoch, learning_rate=1e-3 / epoch.epoch) for epoch in state.epochs)
    assert rules(msgspec.structs.replace(state, epochs=falling)) == []


def test_a_run_that_is_over_does_not_stop_after_the_next_epoch() -> None:
    state = run_of([0.3, 0.2, 0.1], [0.3, 0.2, 0.21], patience=2)
    assert rules(state) == ["early_stop_near"]
    assert rules(msgspec.structs.replace(state, status="ended")) == []


def test_the_last_epoch_planned_is_no_early_stop() -> None:
    assert rules(run_of([0.3, 0.2, 0.1], [0.3, 0.2, 0.21], patience=2, epochs=4)) == []


def test_a_tiny_gradient_at_guessing_vanishes_whatever_the_activation() -> None:
    state = run_of([2.3026] * 2, [2.3026] * 2, [0.1, 0.1], activation="relu")
    assert rules(state) == ["not_learning"]
    tiny = tuple(msgspec.structs.replace(epoch, gradient_norm=2e-5) for epoch in state.epochs)
    assert rules(msgspec.structs.replace(state, epochs=tiny)) == ["vanishing"]


def test_a_clipped_gradient_does_not_explode() -> None:
    state = prefixes("spikes")[-1]
    speaking = next(s for s in prefixes("spikes") if "exploding" in rules(s))
    config = msgspec.structs.replace(state.config, clip_norm=1.0)
    assert "exploding" not in rules(msgspec.structs.replace(speaking, config=config))


def test_an_epoch_at_half_speed_is_somebodys_short_job_and_two_are_told() -> None:
    state = run_of([0.2, 0.19, 0.18, 0.17, 0.16, 0.15], [0.2, 0.19, 0.18, 0.17, 0.16, 0.15])
    speeds = [25_000, 26_000, 24_000, 25_000, 9_000, 8_000]
    epochs = tuple(
        msgspec.structs.replace(epoch, images_per_second=speed)
        for epoch, speed in zip(state.epochs, speeds, strict=True)
    )
    assert rules(msgspec.structs.replace(state, epochs=epochs)) == ["slowed"]
    assert rules(msgspec.structs.replace(state, epochs=epochs[:-1])) == []


# what the rules look at


def test_blocks_hold_enough_steps_and_images_for_a_mean() -> None:
    state = prefixes("blog-adam")[-1]
    segment = segment_of(state)
    for before, after in pairwise(segment.blocks):
        assert after.step - before.step >= BLOCK_STEPS
        assert (after.step - before.step) * 64 >= BLOCK_IMAGES - 64
    means = [block.mean for block in segment.blocks]
    epoch = [block.mean for block in segment.blocks if block.position <= 1]
    assert math.isclose(sum(epoch) / len(epoch), state.epochs[0].train_loss or 0, rel_tol=0.15)
    assert means[0] > means[-1]


def test_a_look_is_cheap_however_long_the_run() -> None:
    """By what it looks at, not by the clock: the curve is bounded."""
    assert len(segment_of(prefixes("blog-sgd")[-1]).points) <= 2048


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.3026, "2.30"),
        (0.09, "0.0900"),
        (12.34, "12.3"),
        (0.0, "0"),
        (1e-5, "1e-05"),
        (1.9e21, "1.9e+21"),
        (None, "not finite"),
    ],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_other_figures() -> None:
    assert percent(0.978) == "97.8%"
    assert count(12_345.6) == "12,346"
    assert one_digit(0.0333) == 0.03
    assert lower(0.3, 10) == 0.03


def test_rates() -> None:
    sgd = make_config({"optimizer": "sgd", "learning_rate": 0.3, "momentum": 0.9})
    assert math.isclose(usual_rate(sgd), 0.01)
    assert slower(sgd, 10) == 0.03
    assert slower(msgspec.structs.replace(sgd, learning_rate=100.0), 10) == 0.01
    assert higher(msgspec.structs.replace(sgd, learning_rate=0.0)) == 0.01
    assert higher(msgspec.structs.replace(sgd, learning_rate=0.01)) == 0.03


# the pages


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_every_rule_has_a_page_with_headlines_a_formula_and_something_to_try(rule: str) -> None:
    headlines, explanation = page(rule)
    assert headlines
    assert all(text and not text.endswith(".") for text in headlines.values())
    paragraphs = explanation.split("\n\n")
    assert explanation.count("```") == 2
    assert all(len(line) <= 68 for line in explanation.split("```")[1].splitlines())
    assert paragraphs[-1].startswith("**Try**: ")
    assert 50 <= len(explanation.split()) <= 150
    assert "?" not in ascii_text(spelled(explanation)), "a character that ASCII has no word for"
    bare = re.sub(r"`[^`]+`|\*\*\w+\*\*|```.*?```", "", explanation, flags=re.DOTALL)
    assert not re.search(r"[*#<\[\]]|https?:", bare)


def test_rules_have_names_of_their_own_and_hide_only_rules_there_are() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert set().union(*(rule.hides for rule in RULES)) <= set(names)
    assert all(rule.name not in rule.hides for rule in RULES)


@pytest.mark.parametrize("rule", ["", "nothing", "../learning_rate", "learning_rate"])
def test_an_unknown_page_is_refused_in_a_sentence(rule: str) -> None:
    with pytest.raises(ConfigProblem, match=r"^There is no page on the diagnosis '.*'\.$"):
        diagnosis_page(rule)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ConfigProblem, match="language 'xx'"):
        diagnose(prefixes("overfit")[-1], language="xx")


def test_the_diagnosis_brings_in_neither_numpy_nor_torch() -> None:
    code = "import sys, engine.diagnosis; print(sorted({'numpy', 'torch', 'textual', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_log_that_is_read_at_once_says_the_same_as_one_that_was_followed() -> None:
    for log in ("overfit", "blog-sgd", "lr-too-high"):
        assert diagnose(fold(events(log))) == diagnose(prefixes(log)[-1])
