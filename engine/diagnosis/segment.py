"""The part of a run that the rules look at: what was trained with the settings as they are now."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.config import TrainConfig
from engine.events import Distributions, EpochEnded, Layers
from engine.state.loss_series import Point
from engine.state.run_state import Mark, RunState

BLOCK_IMAGES, BLOCK_STEPS = 2000, 30
"""Least images and steps that a mean of the training loss is taken over. With 2000 images the mean of a loss whose
single values scatter by 1 is known to 1/√2000 ≈ 0.02; 30 steps keep one odd batch of a thousand from deciding."""

_DIGITS = 10
_SHARE = 1 / _DIGITS
GUESSING = {
    "cross_entropy": math.log(_DIGITS),
    "nll": math.log(_DIGITS),
    "mse": ((1 - _SHARE) ** 2 + (_DIGITS - 1) * _SHARE**2) / _DIGITS,
    "bce": -(_SHARE * math.log(_SHARE) + (1 - _SHARE) * math.log(1 - _SHARE)),
}
"""The value of each loss where every digit is given one tenth, whatever the image: 2.3026, 2.3026, 0.09, 0.3251.
Label smoothing leaves it as it is, since the tenths are the same for every target."""


LINEAR = 0.92
"""Validation accuracy that even a network without hidden layers reaches (LeCun et al. 1998 have 92%): below it, much
is left to learn."""
AT_GUESSING = 0.985
"""Share of the guessing loss above which nothing has been learned: 2.268 for cross-entropy. Even a rate a hundred
times too small gets below it within a few epochs."""
CHANCE = 0.2
"""Validation accuracy below which reading is no better than chance: one digit for all is right in 0.114 at most."""
LEAST_STEPS = 300
"""Steps before a network can be expected to have learned anything; a usual rate needs about fifty."""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighboring steps of the training loss, enough of them for their mean to mean something."""

    position: float
    step: int
    mean: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A run since its settings were last changed: `points` and `blocks` of the training loss, whole `epochs`.

    `since` is where that began, in epochs; what was best before still is the run's best (`best`). `guess` is the loss of
    pure guessing; `layers` what watched steps did to each layer, `spread` the latest of how their
    values are spread. `span` is how long it has gone on, in epochs; `steps` the same in steps.
    """

    state: RunState
    config: TrainConfig
    guess: float
    since: float
    points: tuple[Point, ...]
    blocks: tuple[Block, ...]
    epochs: tuple[EpochEnded, ...]
    layers: tuple[Layers, ...]
    spread: Distributions | None
    span: float
    steps: int

    @property
    def best(self) -> EpochEnded | None:
        """The epoch of the whole run with the lowest validation loss, whatever its settings were."""
        return min(finite(self.state.epochs), key=lambda epoch: epoch.validation_loss or 0.0, default=None)

    @property
    def at_guessing(self) -> bool:
        """Whether no epoch so far had a loss below guessing's, and reading is no better than chance."""
        if not self.epochs or self.steps < LEAST_STEPS:
            return False
        losses = [epoch.train_loss for epoch in self.epochs]
        never = all(loss is not None and loss >= AT_GUESSING * self.guess for loss in losses)
        return never and self.epochs[-1].validation_accuracy < CHANCE


def finite(epochs: Iterable[EpochEnded]) -> list[EpochEnded]:
    """The epochs whose losses are both numbers."""
    return [epoch for epoch in epochs if epoch.validation_loss is not None and epoch.train_loss is not None]


def segment_of(state: RunState) -> Segment:
    """The part of a run that its present settings have made."""
    since, first_step = _changed_at(state)
    points = tuple(point for point in state.losses.points if point.step > first_step)
    return Segment(
        state=state,
        config=state.config,
        guess=GUESSING[state.config.loss],
        since=since,
        points=points,
        blocks=tuple(_blocks(points)),
        epochs=tuple(epoch for epoch in state.epochs if epoch.epoch - 1 >= since),
        layers=tuple(told for told in state.layers if told.step > first_step),
        spread=next((told for told in reversed(state.distributions) if told.epoch - 1 >= since), None),
        span=max(state.position - since, 0.0),
        steps=max(state.step - first_step, 0),
    )


_HARMLESS = frozenset({"epochs", "patience", "keep_every"})
"""Fields that do not matter to the curves."""
_OTHER_TASK = frozenset({"dropout", "label_smoothing", "shift", "rotation", "scale", "noise"})
"""Fields that make the training loss another figure; validation does without all of them."""


def changes_since(state: RunState, position: float, names: Collection[str] = _OTHER_TASK) -> bool:
    """Whether one of these fields was changed after a place in the run, in epochs; else the training loss is what it was."""
    return any(m.change.name in names for m in state.marks if m.change is not None and m.position >= position)


def _changed_at(state: RunState) -> tuple[float, int]:
    """Where a setting that matters to the curves took its present value: in epochs, and the step."""
    marks = [m for m in state.marks if m.change is not None and m.change.name not in _HARMLESS]
    while (last := _taken_back(marks)) is not None:
        del marks[last:]
    return (marks[-1].position, marks[-1].step) if marks else (0.0, 0)


def _taken_back(marks: Sequence[Mark]) -> int | None:
    """Where the last changes begin that are no change together, and were none within less than an epoch."""
    before: dict[str, str] = {}
    now: dict[str, str] = {}
    for place in reversed(range(len(marks))):
        change = marks[place].change
        if change is None or marks[-1].position - marks[place].position >= 1:
            break
        now.setdefault(change.name, change.new)
        before[change.name] = change.old
        if before == now:
            return place
    return None


def _blocks(points: Iterable[Point]) -> Iterator[Block]:
    """Means over at least `BLOCK_IMAGES` images and `BLOCK_STEPS` steps; what is left over at the end is not told."""
    total, steps, images_before = 0.0, 0, None
    for point in points:
        if images_before is None:
            images_before = max(point.images - _images_in_first(point), 0)
        if point.mean is not None:
            total += point.mean * point.count
            steps += point.count
        if steps >= BLOCK_STEPS and point.images - images_before >= BLOCK_IMAGES:
            yield Block(point.position, point.step, total / steps)
            total, steps, images_before = 0.0, 0, point.images


def _images_in_first(point: Point) -> int:
    """About as many images as the first point stands for, from the mean number in a step so far."""
    return round(point.images / max(point.step, 1) * (point.count + point.non_finite))
