"""Rules on steps that are too large: a loss that grows, jumps or stalls, and gradients that explode."""

from __future__ import annotations

import statistics
from itertools import pairwise

from engine.diagnosis.hint import Figure, Finding
from engine.diagnosis.rates import one_digit, slower, usual_rate
from engine.diagnosis.segment import LINEAR, Block, Segment
from engine.diagnosis.wording import number, percent
from engine.fields import Value

GROWN = 3.0
"""How many times its minimum a loss that is also above guessing has grown to where training runs away: no noise of a
mean over 2000 images, and no hump of a schedule's peak, comes near both."""
RISEN = 1.5
RISEN_BY = 0.1
"""A rise to `RISEN` times the minimum, and by `RISEN_BY` of the guessing loss at least (0.23 for cross-entropy): the
noise of a block's mean is a tenth of that."""
JUMPED = 1.3
JUMPED_BY = 0.05
"""From one epoch to the next, the validation loss over 10,000 images rises by 30% and by 0.05 of the guessing loss
only where the weights have gone somewhere else; the recorded runs at a usual rate stay within 8%."""
STALLED = 0.05
"""Share by which the training loss falls an epoch at least while there is much left to learn."""
FAR = 5.0
"""How many times the usual rate is far above it."""
SPIKED = 10.0
"""How many times its median a gradient norm is when it explodes; runs at a usual rate stay below 5, but for the first
steps of a one-cycle run, of norm 3, when the rest is so much shorter."""
SPIKE_FROM = 5.0
"""Least norm of a spike: shorter gradients do no harm at a usual rate, and begin many a sound run."""
HIGH_NORM = 100.0
"""A norm that is out of all proportion: 1 to 5 is usual for networks of this size."""
LEAST_POINTS = 10
"""Gradient norms that a median is taken of at least."""
SMALL_BATCH = 16
"""Below this batch size single gradients scatter so much that a spike means nothing."""


def diverging(segment: Segment) -> Finding | None:
    """The loss is no number any more, or has grown far beyond its minimum and beyond guessing."""
    end, blocks = segment.state.finished, segment.blocks
    gone = next((point for point in segment.points if point.non_finite), None)
    changes: dict[str, Value] = {"learning_rate": slower(segment.config, 10)}
    rate = Figure("learning rate", f"{segment.config.learning_rate:g}, usual {usual_rate(segment.config):.3g}")
    least = min(blocks, key=lambda block: block.mean, default=None)
    lowest = [_lowest(segment, least)] if least else []
    if gone is not None or (end is not None and end.diverged):
        step = gone.step if gone is not None else segment.state.step
        if end is not None and end.diverged_at is not None:
            step = end.diverged_at
        evidence = (*lowest, Figure("training loss", f"not finite at step {step}"), rate)
        return Finding("gone", {"step": str(step)}, evidence, changes)
    if least is None or segment.at_guessing or blocks[-1].mean < max(GROWN * least.mean, segment.guess):
        return None
    now = blocks[-1]
    evidence = (*lowest, Figure("training loss now", _place(number(now.mean), now.step)), _guess(segment), rate)
    words = {"least": number(least.mean), "now": number(now.mean), "guess": number(segment.guess)}
    return Finding("grew", words, evidence, changes)


def rate_high(segment: Segment) -> Finding | None:
    """The loss rises after it fell, jumps from epoch to epoch, or stalls far from the goal at a high rate."""
    return _risen(segment) or _jumped(segment) or _stalled(segment)


def _risen(segment: Segment) -> Finding | None:
    if len(segment.blocks) < 2:
        return None
    now = segment.blocks[-1]
    least = min(segment.blocks[:-1], key=lambda block: block.mean)
    if now.mean < RISEN * least.mean or now.mean - least.mean < RISEN_BY * segment.guess:
        return None
    evidence = (
        _lowest(segment, least),
        Figure("training loss now", _place(number(now.mean), now.step)),
        *_rate(segment),
    )
    return Finding("rise", {"least": number(least.mean), "now": number(now.mean)}, evidence, _slower(segment))


def _jumped(segment: Segment) -> Finding | None:
    for before, after in pairwise(segment.epochs[-3:]):
        low, high, trained = before.validation_loss, after.validation_loss, after.train_loss
        if low is None or high is None or trained is None:
            continue
        if high >= JUMPED * low and high - low >= JUMPED_BY * segment.guess and not _learned_by_heart(trained, high):
            evidence = (
                Figure("validation loss", f"{number(low)}, epoch {before.epoch}; {number(high)}, epoch {after.epoch}"),
                Figure("training loss", f"{number(trained)}, epoch {after.epoch}"),
                *_rate(segment),
            )
            words = {"before": number(low), "now": number(high), "epoch": str(after.epoch)}
            return Finding("jump", words, evidence, _slower(segment))
    return None


def _learned_by_heart(trained: float, validated: float) -> bool:
    """Whether a validation loss that stays high is overfitting's: the training loss is far below it."""
    return trained < validated / 2


def _stalled(segment: Segment) -> Finding | None:
    last = segment.epochs[-3:]
    losses = [epoch.train_loss for epoch in last]
    if len(last) < 3 or segment.config.learning_rate < FAR * usual_rate(segment.config):
        return None
    first, now, validated = losses[0], losses[-1], last[-1].validation_loss
    if first is None or now is None or validated is None or last[-1].validation_accuracy >= LINEAR:
        return None
    if _learned_by_heart(now, validated) or now < first * (1 - STALLED) ** 2:
        return None
    accuracy = percent(last[-1].validation_accuracy)
    evidence = (
        Figure(
            "training loss",
            ", ".join(number(loss) for loss in losses) + f", epochs {last[0].epoch} to {last[-1].epoch}",
        ),
        Figure(
            "validation accuracy", f"{accuracy}, epoch {last[-1].epoch}; without hidden layers {percent(LINEAR, 0)}"
        ),
        *_rate(segment),
    )
    return Finding("stall", {"now": number(now), "accuracy": accuracy}, evidence, _slower(segment))


def exploding(segment: Segment) -> Finding | None:
    """The gradient's norm is out of proportion, or leapt within the last epoch; not where it is clipped."""
    if segment.config.clip_norm or segment.config.batch_size < SMALL_BATCH:
        return None
    told = [(point, point.norm) for point in segment.points if point.norm is not None]
    if len(told) < LEAST_POINTS:
        return None
    median = statistics.median(norm for _, norm in told)
    lately = [(norm, f"step {p.step}") for p, norm in told if p.position > segment.state.position - 1]
    lately += [
        (e.gradient_norm, f"mean of epoch {e.epoch}") for e in segment.epochs[-1:] if e.gradient_norm is not None
    ]
    norm, place = max(lately, default=(told[-1][1], f"step {told[-1][0].step}"))
    clip: dict[str, Value] = {"clip_norm": min(max(one_digit(2 * median), 1.0), 1e6)}
    figures = (
        Figure("gradient norm", f"{number(norm)}, {place}"),
        Figure("median so far", number(median)),
        *_longest(segment),
        Figure("learning rate", f"{segment.config.learning_rate:g}"),
    )
    if norm >= max(SPIKED * median, SPIKE_FROM):
        words = {"norm": number(norm), "times": f"{min(norm / max(median, 1e-12), 1e6):.0f}", "median": number(median)}
        return Finding("spike", words, figures, clip)
    if median > HIGH_NORM:
        return Finding("high", {"norm": number(median)}, figures, clip)
    return None


def _longest(segment: Segment) -> tuple[Figure, ...]:
    """The layer whose gradient is the longest at the last step that was watched."""
    told = segment.layers[-1] if segment.layers else None
    norms = [(layer.gradient_norm, n) for n, layer in enumerate(told.layers, 1) if layer.gradient_norm] if told else []
    if told is None or not norms:
        return ()
    norm, n = max(norms)
    return (Figure("longest in", f"layer {n} ({told.layers[n - 1].name}): {number(norm)}, step {told.step}"),)


def _slower(segment: Segment) -> dict[str, Value]:
    """A third of the rate; a tenth where it is far above the usual."""
    far = segment.config.learning_rate > FAR * usual_rate(segment.config)
    return {"learning_rate": slower(segment.config, 10 if far else 3)}


def _rate(segment: Segment) -> tuple[Figure, ...]:
    return (Figure("learning rate", f"{segment.config.learning_rate:g}, usual {usual_rate(segment.config):.3g}"),)


def _guess(segment: Segment) -> Figure:
    return Figure("value of guessing", f"{number(segment.guess)} ({segment.config.loss})")


def _lowest(segment: Segment, least: Block) -> Figure:
    """The lowest mean of the training loss; of settings that were changed on the way, since they are as they are."""
    since = " since the change" if segment.since else ""
    return Figure(f"lowest training loss{since}", _place(number(least.mean), least.step))


def _place(value: str, step: int) -> str:
    return f"{value}, step {step}"
