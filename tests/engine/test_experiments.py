"""The table of experiments, the performances among the run folders, and what is concluded from the arms."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.config import TrainConfig
from engine.errors import ConfigProblem, RunProblem
from engine.experiments import (
    Experiment,
    experiments,
    find_experiment,
    find_experiment_run,
    is_over,
    list_experiment_runs,
    measures,
    of_machine,
)
from engine.experiments.conclusions import Conclusion, conclude
from engine.experiments.experiment_files import read_experiment
from engine.experiments.experiment_runs import arm_name, free_group
from engine.experiments.verdicts import VERDICTS
from engine.help.catalog import find
from engine.log.event_log import EventLog
from engine.runs.folder import RunFolder, create_run
from engine.state.loss_series import Point, Series
from engine.state.run_state import Mark, RunState, fold
from tests.engine.experiment_kit import arm
from tests.engine.runs_kit import root
from tests.engine.strategies import examples, lives, messages

__all__ = ["root"]

SGD = find_experiment("sgd-vs-adam")
RATE = find_experiment("rate-too-high")
SIGMOID = find_experiment("sigmoid-vanishing")
DROPOUT = find_experiment("dropout-small-set")
BATCH = find_experiment("batch-noise")
DEAD = find_experiment("dead-relu")
WRONG_87, WRONG_97 = range(1300), range(300)


# the table


@pytest.mark.parametrize(
    ("name", "compared"),
    [
        ("sgd-vs-adam", ("optimizer",)),
        ("rate-too-high", ("learning_rate",)),
        ("sigmoid-vanishing", ("activation",)),
        ("dropout-small-set", ("dropout",)),
        ("batch-noise", ("batch_size",)),
        ("dead-relu", ("activation", "learning_rate")),
    ],
)
def test_the_arms_differ_in_what_the_question_is_about_and_in_nothing_else(
    name: str, compared: tuple[str, ...]
) -> None:
    assert find_experiment(name).compared == compared


def test_there_is_a_verdict_for_each_and_a_page_for_all_that_is_to_be_read_beside_it() -> None:
    assert list(VERDICTS) == list(experiments())
    for each in experiments().values():
        assert [find(page).name for page in each.see] == list(each.see)
        assert each.question.endswith("?") and each.watch.endswith(".")


def test_the_tutorials_figure_is_made_by_the_tutorials_presets() -> None:
    assert [(a.preset, dict(a.values), a.config.epochs) for a in SGD.arms] == [
        ("blog-sgd", {}, 25),
        ("blog-adam", {}, 25),
    ]


def test_values_are_laid_over_every_arm_but_not_over_what_is_compared() -> None:
    assert [c.epochs for c in RATE.configs({"epochs": 2})] == [2, 2, 2]
    with pytest.raises(ConfigProblem, match="--learning-rate is what rate-too-high compares") as fault:
        RATE.configs({"learning_rate": 0.1})
    assert fault.value.field == "learning_rate"
    with pytest.raises(ConfigProblem, match="Epochs"):
        RATE.configs({"epochs": -1})


def test_an_experiment_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigProblem, match="There is no experiment 'adam'; expected one of sgd-vs-adam, "):
        find_experiment("adam")


TABLE: dict[str, Any] = {
    "question": "Which?",
    "watch": "This.",
    "chart": "validation_loss",
    "figures": ["steps"],
    "seconds": 1,
    "see": [],
    "arm": [{"label": "a", "preset": "quick"}, {"label": "b", "preset": "quick", "values": {"seed": 1}}],
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"arm": TABLE["arm"][:1]}, "expected 2 to 4 arms, found 1"),
        ({"arm": [TABLE["arm"][0], {"label": "A", "preset": "cnn"}]}, "a label of its own"),
        ({"arm": [TABLE["arm"][0], {"label": "b", "preset": "quick"}]}, "two of the arms are the same"),
        ({"arm": [TABLE["arm"][0], {"label": "b", "preset": "none"}]}, "no preset 'none'"),
        ({"arm": [TABLE["arm"][0], {"label": "b"}]}, "preset"),
        ({"arm": [TABLE["arm"][0], {"label": "b", "preset": "quick", "values": {"threads": 1}}]}, "share a machine"),
        ({"chart": "pie"}, "'pie' is no chart"),
        ({"figures": ["luck"]}, "expected figures among"),
    ],
)
def test_a_table_that_is_wrong_says_what(change: dict[str, Any], sentence: str) -> None:
    assert read_experiment("ours", TABLE).compared == ("seed",)
    with pytest.raises(ConfigProblem, match=sentence):
        read_experiment("ours", TABLE | change)


def test_of_a_configuration_only_the_machine_counts_for_an_experiment() -> None:
    config = TrainConfig(device="cpu", threads=2, data_dir="/x", epochs=3, seed=4)
    assert of_machine(config) == {"device": "cpu", "threads": 2, "data_dir": "/x"}


# performances


def folder(root: Path, group: str, number: int, experiment: Experiment = SGD, **values: Any) -> RunFolder:
    """A run that is an arm, as far as its creation."""
    plan = experiment.arms[number - 1]
    run = create_run(plan.config, preset="", version="0", name=arm_name(group, experiment, number), root=root)
    log = EventLog(run.events)
    told = ev.Arm(
        experiment=experiment.name, group=group, number=number, of=len(experiment.arms), label=plan.label, values=values
    )
    log.append(ev.RunCreated(run=run.name, config=plan.config, version="0", host="h", arm=told))
    log.close()
    return run


def test_the_arms_of_a_performance_are_found_among_all_runs(root: Path) -> None:
    create_run(TrainConfig(), preset="", version="0", root=root)
    first = folder(root, "sgd-vs-adam-1", 1, seed=7)
    other = folder(root, "rate-too-high-1", 2, RATE)
    second = folder(root, "sgd-vs-adam-1", 2, seed=7)
    found = list_experiment_runs(root=root)
    assert [(p.experiment, p.group) for p in found] == [
        ("rate-too-high", "rate-too-high-1"),
        ("sgd-vs-adam", "sgd-vs-adam-1"),
    ]
    assert found[1].runs == {1: first, 2: second}
    assert found[1].values == {"seed": 7}
    assert found[0].states(3)[0] is None and found[0].states(3)[1] == other.state()
    assert free_group(SGD, root) == "sgd-vs-adam-2"
    assert free_group(DEAD, root) == "dead-relu-1"


def test_the_latest_performance_is_found_or_the_one_that_is_named(root: Path) -> None:
    folder(root, "mine", 1)
    folder(root, "sgd-vs-adam-1", 1)
    assert find_experiment_run(SGD, root=root).group == "sgd-vs-adam-1"
    assert find_experiment_run(SGD, "mine", root).group == "mine"
    with pytest.raises(RunProblem, match="There is no performance of sgd-vs-adam called 'yours'"):
        find_experiment_run(SGD, "yours", root)
    with pytest.raises(
        RunProblem, match="no performance of dead-relu yet; `mnist-tui experiment dead-relu` begins one"
    ):
        find_experiment_run(DEAD, root=root)


@pytest.mark.parametrize(
    ("outcome", "over"),
    [
        ("completed", True),
        ("early_stopped", True),
        ("stopped", True),
        ("diverged", True),
        ("aborted", False),
        ("failed", False),
        (None, False),
    ],
)
def test_an_arm_is_over_unless_something_is_left_to_train(outcome: ev.Outcome | None, over: bool) -> None:
    assert is_over(arm(SGD, 1, outcome=outcome)) is over
    assert not is_over(None)


# conclusions


def said(found: Conclusion) -> str:
    return " ".join([found.answer, *found.more, *found.limits])


def test_adam_against_sgd_as_the_tutorial_has_it() -> None:
    sgd = arm(SGD, 1, [0.3, 0.87], losses=[2.0, 0.5], wrong=WRONG_87)
    adam = arm(SGD, 2, [0.95, 0.97], losses=[0.2, 0.1], wrong=WRONG_97)
    found = conclude(SGD, (sgd, adam))
    assert found.shown is True
    assert found.answer == (
        "After 2 epochs at a rate of 0.001, Adam reads 97.0% of the test images (95% interval 96.6 to 97.3%) rightly, "
        "SGD 87.0% (86.3 to 87.6%)."
    )
    assert "What SGD has after epoch 2 (87.0% of the validation images), Adam had after epoch 1." in found.more
    assert "The last validation loss is 0.500 (SGD) and 0.100 (Adam)." in found.more
    assert found.limits == ()


def test_where_the_intervals_overlap_one_cannot_tell() -> None:
    found = conclude(SGD, (arm(SGD, 1, wrong=range(310)), arm(SGD, 2, wrong=range(300))))
    assert found.shown is False
    assert found.answer.endswith("The intervals overlap: one cannot tell which is better.")
    found = conclude(SGD, (arm(SGD, 1, wrong=range(300)), arm(SGD, 2, wrong=range(900))))
    assert found.shown is False
    assert found.answer.endswith("Here SGD got further.")


def test_without_a_test_nothing_is_claimed() -> None:
    found = conclude(SGD, (arm(SGD, 1, [0.5]), arm(SGD, 2, [0.9])))
    assert found.shown is None
    assert "90.0% of the validation images" in found.answer and "test" not in found.answer


def test_the_rate_that_diverges_is_named_with_its_step() -> None:
    high = arm(RATE, 1, [], outcome="diverged")
    found = conclude(RATE, (high, arm(RATE, 2, [0.97], losses=[0.1]), arm(RATE, 3, [0.9], losses=[0.3])))
    assert found.shown is True
    assert found.answer.startswith(
        "At 0.3 it diverged at step 12, in epoch 1, before it had the weights of one epoch. At 0.03 "
    )
    assert found.more == (
        "Lower is not always better: after as many epochs 0.003 is behind 0.03 (lowest validation loss 0.300 and 0.100).",
    )


def test_a_divergence_is_told_with_the_step_of_the_first_loss_that_was_none() -> None:
    high = arm(RATE, 1, [], outcome="diverged")
    assert high.finished is not None
    high = msgspec.structs.replace(high, finished=msgspec.structs.replace(high.finished, step=40, diverged_at=23))
    assert "diverged at step 23, in epoch 1" in conclude(RATE, (high, arm(RATE, 2), arm(RATE, 3))).answer
    assert measures.MEASURES["steps"].of(high) == 23


@pytest.mark.parametrize(("accuracy", "shown"), [(0.1, True), (0.95, False)])
def test_a_high_rate_that_did_not_diverge_is_judged_by_what_it_reads(accuracy: float, shown: bool) -> None:
    found = conclude(RATE, (arm(RATE, 1, [accuracy]), arm(RATE, 2, [0.97]), arm(RATE, 3, [0.9])))
    assert found.shown is shown
    assert f"At 0.3 it did not diverge: it reads {accuracy:.1%}" in found.answer


@pytest.mark.parametrize(
    ("loss", "tanh", "shown"), [(math.log(10), 0.9, True), (2.0, 0.9, False), (math.log(10), 0.2, False)]
)
def test_the_gradient_vanished_where_sigmoids_alone_are_at_guessing(loss: float, tanh: float, shown: bool) -> None:
    arms = arm(SIGMOID, 1, [0.1], losses=[loss]), arm(SIGMOID, 2, [tanh]), arm(SIGMOID, 3, [tanh])
    found = conclude(SIGMOID, arms)
    assert found.shown is shown
    assert "With 6 layers of sigmoids the network reads 10.0% of the validation images rightly" in found.answer


def test_what_reaches_the_first_layer_is_told_where_the_logs_have_it() -> None:
    def told(*norms: float | None) -> ev.Layers:
        steps = [
            ev.LayerStep(name=str(n), weights=1, weight_norm=1.0, gradient_norm=g, update_ratio=0.1)
            for n, g in enumerate(norms)
        ]
        return ev.Layers(step=1, position=0.5, layers=tuple(steps))

    sigmoid = msgspec.structs.replace(arm(SIGMOID, 1, [0.1], losses=[2.31]), layers=(told(1e-5, 0.1), told(3e-5, 0.3)))
    relu = msgspec.structs.replace(arm(SIGMOID, 3), layers=(told(0.5, 0.25), told(None, 0.1)))
    assert measures.first_share(sigmoid) == pytest.approx(1e-4)
    found = conclude(SIGMOID, (sigmoid, arm(SIGMOID, 2), relu))
    assert found.more == (
        "The gradient of the first layer is 0.0001 with sigmoid and 2.00 with ReLU times that of the last.",
    )


def test_dropout_is_judged_on_the_same_images() -> None:
    without = arm(DROPOUT, 1, [0.85, 0.86], losses=[0.5, 0.6], wrong=range(1500))
    dropped = arm(DROPOUT, 2, [0.85, 0.87], losses=[0.6, 0.45], wrong=[*range(1300), *range(5000, 5100)])
    found = conclude(DROPOUT, (without, dropped))
    assert found.shown is True
    assert found.answer.startswith("Trained on 500 images, the network with dropout 0.5 reads 86.0% of the test images")
    assert "With dropout 0 the validation loss is lowest in epoch 1 (0.500) and ends at 0.600, 20% above" in said(found)
    assert "With dropout 0.5 the validation loss has not turned: 0.450 at the end" in said(found)
    assert (
        "200 test images are read rightly with dropout alone, 100 without it alone: chance explains that badly"
        in said(found)
    )


def test_a_difference_that_chance_explains_is_none() -> None:
    arms = arm(DROPOUT, 1, wrong=range(100)), arm(DROPOUT, 2, wrong=range(10, 105))
    found = conclude(DROPOUT, arms)
    assert found.shown is False
    assert found.answer.endswith("One cannot tell which is better.")
    assert "chance explains that as well (McNemar's test: p = 0.3, level 0.05)" in said(found)


def test_the_scatter_of_batches_is_found_from_their_range() -> None:
    spread = measures.scatter(arm(BATCH, 1, spread=0.25))
    # the range of 100 normal values is 5.015 standard deviations on average (tables of d2)
    assert spread == pytest.approx(0.5 / 5.015, rel=0.01)
    assert measures.scatter(arm(BATCH, 1)) is None


@pytest.mark.parametrize(("spreads", "shown"), [((0.3, 0.2, 0.1), True), ((0.1, 0.2, 0.3), False)])
def test_small_batches_are_noisier_and_get_further(spreads: tuple[float, ...], shown: bool) -> None:
    arms = [arm(BATCH, n, [0.98 - n / 100], spread=s) for n, s in enumerate(spreads, 1)]
    found = conclude(BATCH, arms)
    assert found.shown is shown
    assert (
        "An epoch takes 2.00 s with 8, 2.00 s with 64 and 2.00 s with 512: a step on 64 times as many images takes 1 times"
        in said(found)
    )
    assert conclude(BATCH, [arms[0], arms[1], arm(BATCH, 3)]).shown is None


@pytest.mark.parametrize(
    ("accuracies", "shown"), [((0.2, 0.8, 0.97), True), ((0.9, 0.9, 0.97), False), ((0.2, 0.2, 0.97), False)]
)
def test_dead_relus_are_told_by_what_leaky_ones_and_a_low_rate_reach(
    accuracies: tuple[float, ...], shown: bool
) -> None:
    arms = [arm(DEAD, n, [a]) for n, a in enumerate(accuracies, 1)]
    assert conclude(DEAD, arms).shown is shown


def test_the_dead_are_counted_over_all_hidden_units() -> None:
    hidden = (ev.Hidden(activation="relu", units=100, dead=0.5), ev.Hidden(activation="relu", units=300, dead=0.9))
    told = ev.Distributions(epoch=1, step=1, position=1.0, layers=(), weights=(), gradients=(), hidden=hidden)
    high = msgspec.structs.replace(arm(DEAD, 1, [0.2]), distributions=(told,))
    low = msgspec.structs.replace(
        arm(DEAD, 3, [0.97]), distributions=(msgspec.structs.replace(told, hidden=hidden[:1]),)
    )
    found = conclude(DEAD, (high, arm(DEAD, 2, [0.8]), low))
    assert (
        "Of the hidden ReLUs, those that answer 0 to every image of a sample are 80.0% at 0.1 and 50.0% at 0.001."
        in found.more
    )
    leaky = ev.Hidden(activation="leaky_relu", units=100)
    none = msgspec.structs.replace(told, hidden=(leaky,))
    assert measures.dead(msgspec.structs.replace(high, distributions=(none,))) is None


def test_until_all_are_over_it_is_said_how_far_it_is() -> None:
    found = conclude(SGD, (None, None))
    assert (found.answer, found.shown) == ("0 of 2 runs are over; there are no figures yet of SGD and Adam.", None)
    found = conclude(SGD, (arm(SGD, 1, wrong=WRONG_87), None))
    assert (found.answer, found.shown) == ("1 of 2 runs are over; there are no figures yet of Adam.", None)
    found = conclude(SGD, (arm(SGD, 1, wrong=WRONG_87), arm(SGD, 2, outcome=None)))
    assert found.answer.startswith("After 1 epoch, the runs SGD and Adam read ") and found.provisional
    assert (found.shown, found.more) == (None, ())


@pytest.mark.parametrize("name", experiments())
@pytest.mark.parametrize("outcome", ["aborted", "failed"])
def test_arms_without_an_epoch_lead_to_no_claim(name: str, outcome: ev.Outcome) -> None:
    experiment = find_experiment(name)
    arms = [arm(experiment, n, [], outcome=outcome) for n in range(1, len(experiment.arms) + 1)]
    found = conclude(experiment, arms)
    assert found.shown is None
    assert len(found.limits) == len(arms)


def test_what_limits_a_conclusion_is_said() -> None:
    changed = msgspec.structs.replace(arm(SGD, 1, wrong=WRONG_87), marks=(Mark("changed", 1, 0.1),))
    stopped = arm(SGD, 2, wrong=WRONG_97, outcome="stopped", values={"epochs": 1, "seed": 3, "threads": 1})
    changed = msgspec.structs.replace(changed, arm=stopped.arm)
    assert conclude(SGD, (changed, stopped)).limits == (
        "All its runs were trained with epochs 1 and seed 3 instead of the experiment's own.",
        "SGD was changed while it trained, so it differs in more than what is compared.",
        "Adam was stopped after 1.0 of 25 epochs.",
    )
    failed = arm(SGD, 2, outcome="failed", reason="There is no memory.")
    found = conclude(SGD, (arm(SGD, 1, wrong=WRONG_87), failed))
    assert found.shown is None and found.limits == ("Adam failed: There is no memory.",)


def test_every_measure_of_nothing_is_unknown() -> None:
    assert [m.name for m in measures.MEASURES.values() if m.of(RunState()) is not None] == []


def test_arms_of_different_length_are_told_and_not_judged() -> None:
    sgd = arm(SGD, 1, [0.3, 0.87], wrong=WRONG_87)
    adam = arm(SGD, 2, [0.95], wrong=WRONG_97, outcome="stopped")
    found = conclude(SGD, (sgd, adam))
    assert found.shown is None
    assert found.answer == (
        "After 2 (SGD) and 1 (Adam) epochs, the runs SGD and Adam read 87.0% of the test images (95% interval 86.3 to "
        "87.6%) and 97.0% (96.6 to 97.3%) rightly. They did not have the same chance, so nothing is concluded from that."
    )
    both = arm(SGD, 1, [0.87], wrong=WRONG_87, outcome="stopped"), adam
    assert conclude(SGD, both).shown is True


@pytest.mark.parametrize("name", experiments())
@pytest.mark.parametrize("fault", ["stopped", "aborted", "changed", "trains"])
def test_where_the_comparison_is_not_fair_nothing_is_said_of_causes(name: str, fault: str) -> None:
    """With figures that would be an effect beyond all doubt: p < 0.0001, a loss at guessing, units that are dead."""
    experiment = find_experiment(name)
    long, short = ([0.9] * 4, [0.1])
    arms = [arm(experiment, n, long, wrong=range(1000), spread=0.1 / n) for n in range(1, len(experiment.arms))]
    outcome: ev.Outcome | None = (
        fault if fault in ("stopped", "aborted") else None if fault == "trains" else "completed"
    )  # type: ignore[assignment]
    wrong = None if fault == "trains" else range(9000)
    last = arm(experiment, len(experiment.arms), short, losses=[2.31], wrong=wrong, outcome=outcome, spread=0.01)
    if fault == "changed":
        last = msgspec.structs.replace(last, marks=(Mark("changed", 1, 0.1),))
    found = conclude(experiment, [*arms, last])
    assert (found.shown, found.more, found.provisional) == (None, (), fault == "trains")
    assert "rightly." in found.answer and all(label.label in found.answer for label in experiment.arms)
    for word in ("chance explains", "p <", "harm", "further", "better", "never", "diverge", "overlap", "behind"):
        assert word not in said(found)
    assert found.limits or fault == "trains"


@examples(60)
@given(st.data(), st.sampled_from(list(experiments())))
def test_whatever_the_arms_went_through_something_is_said(data: st.DataObject, name: str) -> None:
    experiment = find_experiment(name)
    part = st.none() | st.tuples(lives(), messages(ev.Arm) | st.none())
    states = []
    for _ in experiment.arms:
        drawn = data.draw(part)
        state = drawn and msgspec.structs.replace(fold(drawn[0]), arm=drawn[1])
        if state is not None and data.draw(st.booleans()):  # losses beyond what their squares can be told of
            huge = Point(state.step, state.position, 1.0, 1, 9, 1e200, -1e308, 1e308, 0)
            state = msgspec.structs.replace(state, losses=Series((huge,)))
        states.append(state)
    found = conclude(experiment, states)
    assert found.answer and all(found.more) and all(found.limits)
    assert found.shown in (True, False, None)


def test_another_data_set_than_mnist_is_named_and_different_ones_are_unfair() -> None:
    experiment = experiments()["sgd-vs-adam"]
    states = [arm(experiment, n, wrong=range(5)) for n in range(1, len(experiment.arms) + 1)]
    assert not any("data set" in line for line in conclude(experiment, states).limits)
    fashion = ev.DataIdentity(path="/data/fashion", digest="f" * 32, images="", labels="")
    mnist = ev.DataIdentity(path="/data/mnist", digest="a" * 32, images="", labels="", is_mnist=True)

    def on(state: RunState, name: str, data: ev.DataIdentity) -> RunState:
        assert state.started is not None
        return msgspec.structs.replace(state, started=msgspec.structs.replace(state.started, data=name), data=data)

    there = conclude(experiment, [on(state, "fashion", fashion) for state in states])
    assert there.limits == ("All its runs were trained on the data set fashion (/data/fashion), not on MNIST.",)
    assert not conclude(experiment, [on(state, "mnist", mnist) for state in states]).limits
    mixed = [on(states[0], "mnist", mnist), *(on(state, "fashion", fashion) for state in states[1:])]
    found = conclude(experiment, mixed)
    assert found.shown is None
    assert found.limits[0].startswith("Its runs were trained on different data sets: mnist (/data/mnist)")
