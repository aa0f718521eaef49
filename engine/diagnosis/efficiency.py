"""Rules on the batch's size and the machine's speed."""

from __future__ import annotations

import statistics

from engine.diagnosis.hint import Figure, Finding
from engine.diagnosis.segment import Segment
from engine.diagnosis.wording import count, number, percent
from engine.events import EpochEnded
from engine.fields import Value

TINY_BATCH = 8
"""Batches in which a single image is an eighth of the gradient and more."""
SPREAD = 5.0
"""How many times the mean loss the steps of a tenth of a second differ from one another where noise dominates; batches
of 64 stay below 4 (and are not asked)."""
NOISE_STEPS = 500
"""Steps that the spread is measured over at least."""
HALF = 0.5
SLOW_EPOCHS = 2
"""So many epochs in a row at under half the median speed of those before: one alone may be somebody's short job."""
FAST_EPOCHS = 3
"""Epochs before that, of which the median is taken."""
STARVED = 1 / 3
"""Share of the time its threads could have computed in which they waited for a core: from here on an epoch takes half as long
again as it had to."""
ALWAYS_AHEAD = 0.05
"""Where the loop waits for a GPU's results less than this share of the time, the GPU is done before it is asked."""
FULL_BATCH = 1024
"""Images in a batch from which on a small network keeps a GPU busy, and more are no remedy."""
MEASURABLE = 0.3
"""Seconds of training in an epoch, below which its speed is the clock's noise."""


def batch_small(segment: Segment) -> Finding | None:
    """With tiny batches, the losses of neighboring steps differ by much more than their mean."""
    if segment.config.batch_size > TINY_BATCH or segment.steps < NOISE_STEPS:
        return None
    lately = [p for p in segment.points if p.position > segment.state.position - 0.5]
    told = [(p.mean, p.low, p.high, p.count) for p in lately if p.mean is not None and p.low is not None and p.high]
    steps = sum(each[3] for each in told)
    if steps < NOISE_STEPS / 2:
        return None
    mean = sum(each[0] * each[3] for each in told) / steps
    low, high = (statistics.median(each[place] or 0.0 for each in told) for place in (1, 2))
    if mean <= 0 or high - low < SPREAD * mean:
        return None
    words = {"batch": str(segment.config.batch_size), "low": number(low), "high": number(high), "mean": number(mean)}
    evidence = (
        Figure("training loss of single steps", f"{number(low)} to {number(high)}, mean {number(mean)}"),
        Figure("batch size", f"{segment.config.batch_size} images"),
        *([Figure("speed", f"{count(segment.epochs[-1].images_per_second)} images/s")] if segment.epochs else []),
    )
    return Finding("image" if segment.config.batch_size == 1 else "noise", words, evidence, {"batch_size": 64})


def slowed(segment: Segment) -> Finding | None:
    """Images are trained at under half the speed of the run's own earlier epochs, the work being the same."""
    resumed = max((m.position for m in segment.state.marks if m.kind == "resumed"), default=0.0)
    epochs = [epoch for epoch in segment.epochs if epoch.epoch - 1 >= resumed]
    earlier, lately = epochs[:-SLOW_EPOCHS], epochs[-SLOW_EPOCHS:]
    if len(earlier) < FAST_EPOCHS:
        return None
    usual = statistics.median(epoch.images_per_second for epoch in earlier)
    worked = statistics.median(map(_trained, earlier))
    if worked < MEASURABLE or any(epoch.images_per_second >= HALF * usual for epoch in lately):
        return None
    now = lately[-1]
    evidence = [
        Figure("speed", f"{count(now.images_per_second)} images/s, epoch {now.epoch}"),
        Figure("median before", f"{count(usual)} images/s, epochs {earlier[0].epoch} to {earlier[-1].epoch}"),
    ]
    if segment.state.started is not None:
        machine = segment.state.started.machine
        evidence.append(Figure("device", f"{machine.device}, threads {machine.threads}"))
    words = {"now": count(now.images_per_second), "before": count(usual)}
    return Finding("half", words, tuple(evidence))


def oversubscribed(segment: Segment) -> Finding | None:
    """For two epochs its threads were ready to compute, and had no core for it, a third of the time."""
    lately = segment.epochs[-SLOW_EPOCHS:]
    shares = [epoch.starved for epoch in lately if epoch.starved is not None]
    if segment.state.started is None or len(shares) < SLOW_EPOCHS or min(shares) < STARVED:
        return None
    if min(_trained(epoch) for epoch in lately) < MEASURABLE:
        return None
    threads = segment.state.started.machine.threads
    evidence = (
        Figure(
            "waited for a core", ", ".join(f"{percent(epoch.starved or 0, 0)}, epoch {epoch.epoch}" for epoch in lately)
        ),
        Figure("threads", f"{threads}, device {segment.state.started.machine.device}"),
        Figure("speed", f"{count(lately[-1].images_per_second)} images/s, epoch {lately[-1].epoch}"),
    )
    words = {"share": percent(shares[-1], 0), "threads": "1 thread" if threads == 1 else f"{threads} threads"}
    return Finding("waits", words, evidence, {"threads": threads // 2} if threads > 1 else {})


def gpu_waiting(segment: Segment) -> Finding | None:
    """For two epochs the GPU had every result ready when the loop asked: it waits for the CPU to give it work."""
    lately = segment.epochs[-SLOW_EPOCHS:]
    shares = [epoch.waited / _trained(epoch) for epoch in lately if epoch.waited is not None and _trained(epoch) > 0]
    size = segment.config.batch_size
    if len(shares) < SLOW_EPOCHS or max(shares) >= ALWAYS_AHEAD or size >= FULL_BATCH:
        return None
    if min(_trained(epoch) for epoch in lately) < MEASURABLE:
        return None
    evidence = (
        Figure(
            "waited for the GPU",
            ", ".join(f"{percent(s)}, epoch {e.epoch}" for s, e in zip(shares, lately, strict=True)),
        ),
        Figure("batch size", f"{size} images"),
        Figure("speed", f"{count(lately[-1].images_per_second)} images/s, epoch {lately[-1].epoch}"),
    )
    larger: Value = min(4 * size, FULL_BATCH)
    words = {"share": percent(shares[-1]), "batch": count(size)}
    return Finding("idle", words, evidence, {"batch_size": larger})


def _trained(epoch: EpochEnded) -> float:
    """Seconds of the epoch without its validation."""
    return epoch.seconds - epoch.validation_seconds
