"""What each experiment is judged by: a function of its arms, in the order of its file. Pure.

Each says what was seen in figures, and whether the effect that the question is about is there. A figure that an arm
lacks (no test, no whole epoch) makes that None, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.analysis.mcnemar import LEVEL, Comparison
from engine.diagnosis.segment import AT_GUESSING, CHANCE, GUESSING
from engine.diagnosis.wording import count, number, percent
from engine.events import TestResult
from engine.experiments import measures
from engine.state.run_state import RunState
from engine.text.numbers import interval

LEARNED = 0.5
"""Validation accuracy from which a network has learned: five times what guessing reaches."""
APART = 0.2
"""Shares of the validation images that two arms must be apart where one is said to have failed beside the other."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An arm that has figures: what it is called, and what its log tells."""

    label: str
    state: RunState

    @property
    def test(self) -> TestResult | None:
        """The test at its end."""
        return self.state.tested

    @property
    def accuracy(self) -> float | None:
        """Of the validation, after the last epoch."""
        return measures.validation_accuracy(self.state)

    @property
    def learned(self) -> bool:
        """Whether it reads a good part of the validation images in the end."""
        return (self.accuracy or 0.0) >= LEARNED

    @property
    def diverged(self) -> bool:
        """Whether its loss stopped being a number."""
        return self.state.finished is not None and self.state.finished.diverged

    @property
    def at_guessing(self) -> bool:
        """Whether no epoch's validation loss got below that of guessing."""
        lowest = measures.lowest_loss(self.state)
        return lowest is not None and lowest >= AT_GUESSING * GUESSING[self.state.config.loss]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen, whether it answers the question (None: cannot be told), and further figures, in sentences."""

    answer: str
    shown: bool | None
    more: tuple[str, ...] = ()


def reads(*arms: Seen) -> list[str]:
    """What each arm reads rightly in the end, in the order of a sentence: of the test where all have one, else of the validation.

    "97.7% of the test images (95% interval 97.4 to 98.0%)", "87.4% (86.7 to 88.1%)".
    """
    tested = all(arm.test is not None for arm in arms)
    told: list[str] = []
    for arm in arms:
        images, name = ("", "") if told else (f" of the {'test' if tested else 'validation'} images", "95% interval ")
        if (test := arm.test) and tested:
            told.append(f"{percent(test.accuracy)}{images} ({name}{interval(test.low, test.high, 1)})")
        elif arm.accuracy is not None:
            told.append(f"{percent(arm.accuracy)}{images}")
        else:
            told.append("none (it has no whole epoch)")
    return told


def listed(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def standing(*arms: Seen) -> Verdict:
    """Where the arms are, and nothing concluded from it: they are not over, or did not have the same chance."""
    labels, figures = listed([arm.label for arm in arms]), listed(reads(*arms))
    return Verdict(f"After {_trained(*arms)}, the runs {labels} read {figures} rightly.", None)


def sgd_vs_adam(sgd: Seen, adam: Seen) -> Verdict:
    """Adam got further where its test's interval lies above SGD's."""
    rate = f"{adam.state.config.learning_rate:g}"
    fast, slow = reads(adam, sgd)
    answer = f"After {_trained(sgd, adam)} at a rate of {rate}, Adam reads {fast} rightly, SGD {slow}."
    shown: bool | None = None
    if adam.test and sgd.test:
        shown = adam.test.low > sgd.test.high
        if sgd.test.low > adam.test.high:
            answer += " Here SGD got further."
        elif not shown:
            answer += " The intervals overlap: one cannot tell which is better."
    return Verdict(answer, shown, tuple(filter(None, (_caught_up(sgd, adam), _losses(sgd, adam)))))


def _caught_up(slow: Seen, fast: Seen) -> str:
    """When the one had what the other one ended with."""
    if slow.accuracy is None:
        return ""
    wanted = slow.accuracy
    for epoch in fast.state.epochs:
        if epoch.validation_accuracy >= wanted:
            last = len(slow.state.epochs)
            return (
                f"What {slow.label} has after epoch {last} ({percent(wanted)} of the validation images), "
                f"{fast.label} had after epoch {epoch.epoch}."
            )
    return f"{fast.label} never had what {slow.label} ended with: {percent(wanted)} of the validation images."


def _losses(*arms: Seen) -> str:
    told = [
        f"{number(loss)} ({arm.label})" for arm in arms if (loss := measures.validation_loss(arm.state)) is not None
    ]
    return f"The last validation loss is {listed(told)}." if len(told) == len(arms) else ""


def rate_too_high(high: Seen, tenth: Seen, hundredth: Seen) -> Verdict:
    """The high rate is too high where it diverged or did not learn, and a tenth of it learned."""
    rates = [f"{arm.state.config.learning_rate:g}" for arm in (high, tenth, hundredth)]
    end = high.state.finished
    if high.diverged and end:
        epoch = max(math.ceil(end.position), 1)
        kept = "" if end.epochs else ", before it had the weights of one epoch"
        first = f"At {rates[0]} it diverged at step {count(end.ended_at)}, in epoch {epoch}{kept}"
    elif high.accuracy is None:
        first = f"At {rates[0]} there is no whole epoch to judge it by"
    else:
        first = (
            f"At {rates[0]} it did not diverge: it reads {percent(high.accuracy)} of the validation images in the end"
        )
    trained, slower = reads(tenth, hundredth)
    answer = f"{first}. At {rates[1]} the same network reads {trained} rightly, at {rates[2]} {slower}."
    failed = high.diverged or (None if high.accuracy is None else not high.learned)
    shown = failed if not failed else tenth.learned
    more = []
    if (fast := measures.lowest_loss(tenth.state)) and (slow := measures.lowest_loss(hundredth.state)):
        told = f"(lowest validation loss {number(slow)} and {number(fast)})."
        if slow > fast:
            more.append(f"Lower is not always better: after as many epochs {rates[2]} is behind {rates[1]} {told}")
        else:
            more.append(f"Here {rates[2]} got further than {rates[1]} {told}")
    return Verdict(answer, shown, tuple(more))


def sigmoid_vanishing(sigmoid: Seen, tanh: Seen, relu: Seen) -> Verdict:
    """The gradient vanished where the sigmoids are at guessing and the same network with another activation learned."""
    guess, layers = GUESSING[sigmoid.state.config.loss], len(sigmoid.state.config.hidden)
    loss = measures.lowest_loss(sigmoid.state)
    told = f"its lowest validation loss is {number(loss)}, guessing has {number(guess)}" if loss else "no loss is known"
    guessed, bent, cut = reads(sigmoid, tanh, relu)
    answer = (
        f"With {layers} layers of sigmoids the network reads {guessed} rightly, and {told}. "
        f"With tanh it reads {bent}, with ReLU {cut}."
    )
    shown = sigmoid.at_guessing and (tanh.learned or relu.learned)
    return Verdict(answer, shown if loss is not None else None, tuple(filter(None, (_first_layers(sigmoid, relu),))))


def _first_layers(*arms: Seen) -> str:
    """How much of the last layer's gradient reaches the first, where the logs tell of layers."""
    told = [
        f"{number(share)} with {arm.label}" for arm in arms if (share := measures.first_share(arm.state)) is not None
    ]
    return (
        f"The gradient of the first layer is {listed(told)} times that of the last." if len(told) == len(arms) else ""
    )


def dropout_small_set(without: Seen, dropped: Seen) -> Verdict:
    """Dropout helped where the best weights read more of the same test images, by more than chance explains."""
    images = without.state.started.train_images if without.state.started else 0
    rate = f"{dropped.state.config.dropout:g}"
    helped, plain = reads(dropped, without)
    answer = f"Trained on {count(images)} images, the network with dropout {rate} reads {helped} rightly, without it {plain}."
    shown: bool | None = None
    more = [sentence for arm in (without, dropped) if (sentence := _rise(arm))]
    if without.test and dropped.test and without.test.images == dropped.test.images:
        found = compared(dropped.test, without.test)
        shown = found.is_real and found.only_first > found.only_second
        chance = "chance explains that badly" if found.is_real else "chance explains that as well"
        more.append(
            f"{count(found.only_first)} test images are read rightly with dropout alone, {count(found.only_second)} without it "
            f"alone: {chance} (McNemar's test: p {'<' if found.p < 1e-4 else '='} {max(found.p, 1e-4):.2g}, level {LEVEL:g})."
        )
        if found.is_real and not shown:
            answer += " Here dropout did harm."
        elif not shown:
            answer += " One cannot tell which is better."
    return Verdict(answer, shown, tuple(more))


def _rise(arm: Seen) -> str:
    """From where a validation loss has risen, and how far it is above its lowest in the end."""
    lowest, last = measures.lowest_loss(arm.state), measures.validation_loss(arm.state)
    if not lowest or last is None:
        return ""
    at = next(epoch.epoch for epoch in arm.state.epochs if epoch.validation_loss == lowest)
    train = arm.state.epochs[-1].train_loss
    beside = f", the training loss at {number(train)}" if train is not None else ""
    if last <= lowest:
        return f"With {arm.label} the validation loss has not turned: {number(last)} at the end{beside}."
    return (
        f"With {arm.label} the validation loss is lowest in epoch {at} ({number(lowest)}) and ends at {number(last)}, "
        f"{percent(last / lowest - 1, 0)} above{beside}."
    )


def compared(first: TestResult, second: TestResult) -> Comparison:
    """Two tests of the same images, from the images each read wrongly."""
    one, other = ({image.index for image in test.wrong_images} for test in (first, second))
    both = len(one & other)
    return Comparison(
        both=first.images - len(one | other),
        only_first=len(other) - both,
        only_second=len(one) - both,
        neither=both,
    )


def batch_noise(*arms: Seen) -> Verdict:
    """Smaller batches are noisier where their losses scatter more, and buy steps where they have got further."""
    small, large = arms[0], arms[-1]
    sizes = [count(arm.state.config.batch_size) for arm in arms]
    scatter = [measures.scatter(arm.state) for arm in arms]
    accuracy = [arm.accuracy for arm in arms]
    if None in scatter or None in accuracy:
        return Verdict("A run has no whole epoch yet to judge it by.", None)
    spreads = [value for value in scatter if value is not None]
    shares = [value for value in accuracy if value is not None]
    told = listed([f"±{number(spread)} in batches of {size}" for size, spread in zip(sizes, spreads, strict=True)])
    answer = (
        f"The loss of single batches scatters by {told}. With as many images, a batch of {sizes[0]} made "
        f"{count(small.state.step)} steps and reads {percent(shares[0])} of the validation images rightly, one of "
        f"{sizes[-1]} {count(large.state.step)} steps and {percent(shares[-1])}."
    )
    shown = all(a > b for a, b in pairwise(spreads)) and shares[0] > shares[-1]
    best = max(range(len(arms)), key=shares.__getitem__)
    seconds = [f"{number(_epoch_seconds(arm))} s with {size}" for arm, size in zip(arms, sizes, strict=True)]
    more = [f"A batch of {sizes[best]} ends highest, at {percent(shares[best])}."]
    if (fast := _step_seconds(small)) > 0:
        longer, larger = _step_seconds(large) / fast, large.state.config.batch_size / small.state.config.batch_size
        told = f"a step on {count(larger)} times as many images takes {longer:.2g} times as long"
        more.insert(0, f"An epoch takes {listed(seconds)}: {told}.")
    return Verdict(answer, shown, tuple(more))


def _epoch_seconds(arm: Seen) -> float:
    return sum(epoch.seconds for epoch in arm.state.epochs) / len(arm.state.epochs)


def _step_seconds(arm: Seen) -> float:
    return sum(epoch.seconds for epoch in arm.state.epochs) / max(arm.state.epochs[-1].step, 1)


def dead_relu(relu: Seen, leaky: Seen, low: Seen) -> Verdict:
    """ReLU died where it is far behind the leaky one at the same rate, and not at the low rate."""
    rate, lower = (f"{arm.state.config.learning_rate:g}" for arm in (relu, low))
    accuracies = [arm.accuracy for arm in (relu, leaky, low)]
    killed, leaked, spared = reads(relu, leaky, low)
    answer = (
        f"At a rate of {rate} the network with ReLU reads {killed} rightly, with leaky ReLU {leaked}; "
        f"at {lower} the one with ReLU reads {spared}."
    )
    if None in accuracies:
        return Verdict(answer, None)
    dead, alive, unhurt = (value or 0.0 for value in accuracies)
    shown = dead < LEARNED and alive - dead >= APART and low.learned and unhurt - dead >= APART
    shares = [(arm, measures.dead(arm.state)) for arm in (relu, low)]
    more = []
    if all(share is not None for _, share in shares):
        told = [f"{percent(share or 0.0)} at {arm.state.config.learning_rate:g}" for arm, share in shares]
        more.append(f"Of the hidden ReLUs, those that answer 0 to every image of a sample are {listed(told)}.")
    if dead < CHANCE:
        more.append("Below 20% is no better than giving all images one answer or two.")
    return Verdict(answer, shown, tuple(more))


def _trained(*arms: Seen) -> str:
    """How long the arms were trained: "25 epochs", "3.2 (SGD) and 25 (Adam) epochs"."""
    ends = [arm.state.finished.position if arm.state.finished else arm.state.position for arm in arms]
    lengths = [f"{end:.1f}".removesuffix(".0") for end in ends]
    if len(set(lengths)) > 1:
        told = listed([f"{length} ({arm.label})" for length, arm in zip(lengths, arms, strict=True)])
        return f"{told} epochs"
    return f"{lengths[0]} epoch{'' if lengths[0] == '1' else 's'}"


VERDICTS: Mapping[str, Callable[..., Verdict]] = {
    "sgd-vs-adam": sgd_vs_adam,
    "rate-too-high": rate_too_high,
    "sigmoid-vanishing": sigmoid_vanishing,
    "dropout-small-set": dropout_small_set,
    "batch-noise": batch_noise,
    "dead-relu": dead_relu,
}
"""The verdict of each experiment, called with its arms."""
