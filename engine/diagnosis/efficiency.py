"""Rules on the batch's size and the machine's speed."""

from __future__ import annotations

import statistics

from engine.diagnosis.course import Course
from engine.diagnosis.hint import Figure, Finding
from engine.diagnosis.wording import count, number

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
MEASURABLE = 0.3
"""Seconds of training in an epoch, below which its speed is the clock's noise."""


def batch_small(course: Course) -> Finding | None:
    """With tiny batches, the losses of neighbouring steps differ by much more than their mean."""
    if course.config.batch_size > TINY_BATCH or course.steps < NOISE_STEPS:
        return None
    lately = [p for p in course.points if p.position > course.state.position - 0.5]
    told = [(p.mean, p.low, p.high, p.count) for p in lately if p.mean is not None and p.low is not None and p.high]
    steps = sum(each[3] for each in told)
    if steps < NOISE_STEPS / 2:
        return None
    mean = sum(each[0] * each[3] for each in told) / steps
    low, high = (statistics.median(each[place] or 0.0 for each in told) for place in (1, 2))
    if mean <= 0 or high - low < SPREAD * mean:
        return None
    words = {"batch": str(course.config.batch_size), "low": number(low), "high": number(high), "mean": number(mean)}
    evidence = (
        Figure("training loss of single steps", f"{number(low)} to {number(high)}, mean {number(mean)}"),
        Figure("batch size", f"{course.config.batch_size} images"),
        *([Figure("speed", f"{count(course.epochs[-1].images_per_second)} images/s")] if course.epochs else []),
    )
    return Finding("image" if course.config.batch_size == 1 else "noise", words, evidence, {"batch_size": 64})


def slowed(course: Course) -> Finding | None:
    """Images are trained at under half the speed of the run's own earlier epochs, the work being the same."""
    resumed = max((m.position for m in course.state.marks if m.kind == "resumed"), default=0.0)
    epochs = [epoch for epoch in course.epochs if epoch.epoch - 1 >= resumed]
    earlier, lately = epochs[:-SLOW_EPOCHS], epochs[-SLOW_EPOCHS:]
    if len(earlier) < FAST_EPOCHS:
        return None
    usual = statistics.median(epoch.images_per_second for epoch in earlier)
    worked = statistics.median(epoch.seconds - epoch.validation_seconds for epoch in earlier)
    if worked < MEASURABLE or any(epoch.images_per_second >= HALF * usual for epoch in lately):
        return None
    now = lately[-1]
    evidence = [
        Figure("speed", f"{count(now.images_per_second)} images/s, epoch {now.epoch}"),
        Figure("median before", f"{count(usual)} images/s, epochs {earlier[0].epoch} to {earlier[-1].epoch}"),
    ]
    if course.state.started is not None:
        machine = course.state.started.machine
        evidence.append(Figure("device", f"{machine.device}, threads {machine.threads}"))
    words = {"now": count(now.images_per_second), "before": count(usual)}
    return Finding("half", words, tuple(evidence))
