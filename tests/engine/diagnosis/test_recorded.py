"""The rules on real runs: each speaks where its fault is, in time, and all are silent where there is none."""

from __future__ import annotations

import pytest

from engine.config import HYPERPARAMETERS, make_config
from engine.diagnosis import RULES, diagnose
from engine.diagnosis.segment import segment_of
from tests.engine.diagnosis.kit import at_end, prefixes, told
from tests.engine.diagnosis.record import LOGS, MOST_BYTES, RECIPES

SOUND = ("blog-adam", "quick", "fast99", "sgd-momentum", "blog-sgd-cured", "sound-tanh")

FAULTS = [
    # log, rule, the epoch by which it has to be told, of how many, and its remedy
    ("blog-sgd", "rate_low", 2, 25, "learning rate 0.001 → 0.1"),
    ("overfit", "overfitting", 14, 60, "train images 500 → 0 (all)"),
    ("overfit", "best_by", 16, 60, "best by loss → accuracy"),
    ("overfit-all-parts", "overfitting", 8, 30, "train images 2000 → 0 (all)"),
    ("patience", "early_stop_near", 9, 60, "patience 3 → 6"),
    ("lr-too-high-wide", "rate_high", 0.3, 5, "learning rate 0.3 → 0.03"),
    ("lr-too-high-wide", "diverging", 0.6, 5, "learning rate 0.3 → 0.03"),
    ("lr-too-high", "diverging", 0.6, 5, "learning rate 0.3 → 0.03"),
    ("adam-rate-20-times", "rate_high", 3, 5, "learning rate 0.02 → 0.002"),
    ("sgd-rate-1", "rate_high", 4, 5, "learning rate 1 → 0.1"),
    ("killed-by-its-rate", "not_learning", 1, 4, "learning rate 1 → 0.001"),
    ("rate-zero", "not_learning", 1, 2, "learning rate 0 → 0.1"),
    ("sigmoid-deep", "vanishing", 1, 5, "activation sigmoid → relu"),
    ("sigmoid-deep-mse", "vanishing", 1, 3, "activation sigmoid → relu"),
    ("sigmoid-deep-bce", "vanishing", 1, 3, "activation sigmoid → relu"),
    ("dead-relus", "dead_relus", 1, 3, "activation relu → leaky_relu, learning rate 0.1 → 0.001"),
    ("many-dead-relus", "dead_relus", 1, 4, "activation relu → leaky_relu, learning rate 0.03 → 0.001"),
    ("saturated-tanh", "saturated", 1, 3, "learning rate 0.03 → 0.003"),
    ("saturated-sigmoid", "saturated", 1, 3, "learning rate 0.1 → 0.01"),
    ("spikes", "exploding", 6, 8, None),
    ("dropout-0.9", "dropout_high", 2, 5, "dropout 0.9 → 0.5"),
    ("batch-2", "batch_small", 0.5, 2, "batch size 2 → 64"),
    ("batch-5000", "batch_large", 2, 15, "batch size 5000 → 64"),
    ("smoothed-flat", "plateau", 10, 12, "schedule constant → plateau"),
    ("shared-cores", "oversubscribed", 2, 4, None),
    ("busy-machine", "slowed", 8, 10, None),
    ("other-writers", "test_harder", 3, 3, None),
]


@pytest.mark.parametrize("name", SOUND)
def test_no_rule_speaks_at_any_moment_of_a_sound_run(name: str) -> None:
    for state in prefixes(name):
        if state.started is not None:
            segment = segment_of(state)
            spoken = {rule.name: finding for rule in RULES if (finding := rule.look(segment))}
            assert spoken == {}, f"epoch {state.position}"


@pytest.mark.parametrize(("log", "rule", "by", "epochs", "remedy"), FAULTS)
def test_a_fault_is_told_in_time(log: str, rule: str, by: float, epochs: int, remedy: str | None) -> None:
    assert prefixes(log)[-1].config.epochs == epochs
    where, hint = told(log)[rule]
    assert where <= by
    if remedy is not None:
        assert hint.remedy is not None
        assert hint.remedy.label == remedy


def test_every_rule_has_a_run_with_its_fault() -> None:
    without = {"gpu_waiting"}  # there was no GPU to record one on; test_diagnosis.py makes one up
    assert {rule for _, rule, *_ in FAULTS} == {rule.name for rule in RULES} - without


@pytest.mark.parametrize("log", sorted({log for log, *_ in FAULTS}))
def test_a_run_is_told_what_is_wrong_with_it_and_nothing_else(log: str) -> None:
    """What may be told of each log: its own faults, and no more than what they bring with them."""
    expected = {rule for name, rule, *_ in FAULTS if name == log}
    beside = {
        "patience": {"overfitting", "best_by"},
        "overfit-all-parts": {"best_by"},
        "killed-by-its-rate": {"diverging", "rate_high"},
        "spikes": {"dropout_high"},
        "smoothed-flat": {"best_by"},
    }
    assert set(told(log)) - beside.get(log, set()) == expected


@pytest.mark.parametrize("log", RECIPES)
def test_what_is_said_has_a_figure_in_one_short_line_and_figures_behind_it(log: str) -> None:
    for state in prefixes(log):
        for hint in diagnose(state):
            assert len(hint.text) <= 68, hint.text
            assert any(c.isdigit() for c in hint.text)
            assert "{" not in hint.text
            assert hint.evidence
            assert all(any(c.isdigit() for c in figure.value) for figure in hint.evidence), hint.evidence


@pytest.mark.parametrize("log", RECIPES)
def test_a_remedy_is_what_the_form_takes(log: str) -> None:
    for _, hint in told(log).values():
        if hint.remedy is None:
            continue
        config = prefixes(log)[0].config
        values = {change.name: HYPERPARAMETERS[change.name].parse(change.new) for change in hint.remedy.changes}
        assert make_config(values, config) != config
        assert hint.remedy.live == all(HYPERPARAMETERS[name].about.live for name in values)
        for change in hint.remedy.changes:
            assert change.old == HYPERPARAMETERS[change.name].format(getattr(config, change.name))


@pytest.mark.parametrize(("log", "rule"), [("blog-sgd", "rate_low"), ("overfit", "overfitting")])
def test_a_lasting_fault_stands_to_the_end(log: str, rule: str) -> None:
    first = next(at for at, state in enumerate(prefixes(log)) if rule in {h.rule for h in diagnose(state)})
    assert all(rule in {hint.rule for hint in diagnose(state)} for state in prefixes(log)[first:])


def test_the_gravest_comes_first() -> None:
    ranks = ["fault", "warning", "note"]
    for log in RECIPES:
        for state in prefixes(log):
            severities = [ranks.index(hint.severity) for hint in diagnose(state)]
            assert severities == sorted(severities)


def test_a_silenced_rule_says_nothing_and_no_other_takes_its_place() -> None:
    state = prefixes("sigmoid-deep")[-1]
    assert [hint.rule for hint in diagnose(state)] == ["vanishing"]
    assert diagnose(state, {"vanishing"}) == ()
    assert [hint.rule for hint in diagnose(prefixes("overfit")[-1], {"overfitting"})] == ["best_by"]


def test_a_rule_that_was_silenced_is_one_of_those_there_are() -> None:
    assert set(at_end("overfit")) == {"overfitting", "best_by"}


def test_the_logs_are_small_and_from_nowhere_in_particular() -> None:
    assert {path.stem for path in LOGS.glob("*.jsonl")} == set(RECIPES)
    for path in LOGS.glob("*.jsonl"):
        text = path.read_text(encoding="utf-8")
        assert len(text) <= MOST_BYTES * 1.1, path.name
        assert "/tmp" not in text
        assert "/home" not in text
