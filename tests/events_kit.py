"""Runs as sequences of events, like those an engine emits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count, pairwise

import msgspec
import numpy as np

from engine import events as ev
from engine.analysis.intervals import wilson_interval
from engine.config import TrainConfig
from engine.settings import find_preset
from tests.kit import tiny_digits

RUN = "2026-03-14-1532-brave-otter"
BLOG = find_preset("blog-adam").config
TRAIN_IMAGES, VALIDATION_IMAGES, TEST_IMAGES = 50_000, 10_000, 10_000
SPEED = 40_000.0
"""Images/s."""

MACHINE = ev.Machine(device="cpu", reason="no GPU is here", threads=2, precision="fp32", torch="2.13.0")


def numbered(events: Sequence[ev.Event], first: int = 0, time: float = 1_773_502_320.0) -> list[ev.Event]:
    """The events with sequence numbers and times, as in a log."""
    return [msgspec.structs.replace(event, seq=first + n, time=time + n / 10) for n, event in enumerate(events)]


def created(config: TrainConfig = BLOG, preset: str = "blog-adam", run: str = RUN) -> ev.RunCreated:
    """The first event of a run."""
    return ev.RunCreated(run=run, config=config, preset=preset, version="0.1.0", host="laptop")


def opening(config: TrainConfig = BLOG, preset: str = "blog-adam", run: str = RUN) -> list[ev.Event]:
    """From the creation of a run to its first step."""
    return [
        created(config, preset, run),
        ev.Phase(name="data", text="reading the data"),
        ev.Phase(name="building", text="building the network"),
        ev.RunStarted(
            config=config,
            machine=MACHINE,
            data="MNIST (shipped)",
            train_images=TRAIN_IMAGES,
            validation_images=VALIDATION_IMAGES,
            test_images=TEST_IMAGES,
            parameters=136_074,
            steps_per_epoch=steps_per_epoch(config),
            step=0,
            position=0.0,
        ),
        preview_digits(),
        ev.Phase(name="first_step", text="first step"),
    ]


def steps_per_epoch(config: TrainConfig) -> int:
    """Steps per epoch."""
    return math.ceil(TRAIN_IMAGES / config.batch_size)


@cache
def preview_digits() -> ev.PreviewDigits:
    """One digit of each class."""
    images, labels = tiny_digits(10)
    order = np.argsort(labels)
    return ev.PreviewDigits(
        indices=tuple(range(50_000, 50_010)),
        labels=tuple(int(labels[i]) for i in order),
        pixels=images[order].tobytes(),
    )


def loss_at(position: float) -> float:
    """A typical falling training loss; `position` in epochs."""
    return 0.11 + 2.15 * math.exp(-5 * position) + 0.35 * math.exp(-position / 2.5)


def progress(config: TrainConfig, step: int, steps: int, noise: float = 0.0) -> ev.Progress:
    """The progress of the `steps` steps up to `step`."""
    per_epoch = steps_per_epoch(config)
    position = step / per_epoch
    loss = loss_at(position) * (1 + noise)
    return ev.Progress(
        epoch=min(int(position), config.epochs - 1) + 1,
        step=step,
        position=position,
        steps=steps,
        images=min(step * config.batch_size, int(position * TRAIN_IMAGES)),
        loss=loss,
        low=loss * 0.72,
        high=loss * 1.34,
        learning_rate=config.learning_rate,
        gradient_norm=1.2 + noise,
        images_per_second=SPEED,
        seconds=position * TRAIN_IMAGES / SPEED,
    )


def epoch_ended(config: TrainConfig, epoch: int, best: bool = True) -> ev.EpochEnded:
    """The end of an epoch (from 1)."""
    seconds = TRAIN_IMAGES / SPEED
    return ev.EpochEnded(
        epoch=epoch,
        step=epoch * steps_per_epoch(config),
        images=epoch * TRAIN_IMAGES,
        train_loss=loss_at(epoch) * 1.05,
        train_accuracy=0.962 - 0.11 * math.exp(-(epoch - 1) / 2.2),
        validation_loss=loss_at(epoch) * 0.62 + 0.004 * max(epoch - 8, 0),
        validation_accuracy=round(0.9785 - 0.034 * math.exp(-(epoch - 1) / 2.6), 4),
        learning_rate=config.learning_rate,
        gradient_norm=1.1,
        seconds=seconds + 0.2,
        validation_seconds=0.2,
        total_seconds=epoch * (seconds + 0.2),
        images_per_second=SPEED,
        best=best,
    )


def previews(config: TrainConfig, step: int, wrong: Sequence[int] = ()) -> ev.Previews:
    """Predictions of the preview digits, with growing confidence; those in `wrong` are predicted as the next digit."""
    position = step / steps_per_epoch(config)
    sure = 0.99 - 0.75 * math.exp(-1.6 * position)
    rows = []
    for label in range(10):
        read = (label + 1) % 10 if label in wrong else label
        rest = (1 - sure) / 9
        rows.append(tuple(sure if digit == read else rest for digit in range(10)))
    return ev.Previews(step=step, position=position, probabilities=tuple(rows))


def epoch_events(config: TrainConfig, epoch: int, events_per_epoch: int = 12, best: bool = True) -> list[ev.Event]:
    """All events of one epoch (from 1)."""
    random = np.random.default_rng(epoch)
    per_epoch = steps_per_epoch(config)
    begin = (epoch - 1) * per_epoch
    stops = np.unique(np.linspace(begin, begin + per_epoch, events_per_epoch + 1).astype(int))
    found: list[ev.Event] = []
    for before, step in pairwise(stops):
        found.append(progress(config, int(step), int(step - before), float(random.normal(0, 0.08))))
        wrong = [8, 5, 3] if step < per_epoch / 4 else [5] if step < 3 * per_epoch else []
        found.append(previews(config, int(step), wrong))
    found.append(ev.Phase(name="validation", text="validating"))
    found.append(epoch_ended(config, epoch, best))
    found += [ev.CheckpointSaved(kind=kind, epoch=epoch, step=epoch * per_epoch) for kind in ("best", "last")]
    return [*found, ev.Phase(name="training", text="training")]


def confusion(accuracy: float = 0.9781) -> tuple[tuple[int, ...], ...]:
    """A confusion matrix of `TEST_IMAGES` images; most errors are 4 → 9 and 7 → 2."""
    wrong = round(TEST_IMAGES * (1 - accuracy))
    table = np.diag([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    shares = {(4, 9): 0.10, (7, 2): 0.07, (5, 3): 0.06, (9, 4): 0.05, (8, 3): 0.05, (2, 7): 0.04, (3, 5): 0.04}
    for (label, prediction), share in shares.items():
        times = round(wrong * share)
        table[label, prediction] += times
        table[label, label] -= times
    left = TEST_IMAGES - int(np.trace(table))
    for n in count():
        if left == wrong:
            return tuple(tuple(int(v) for v in row) for row in table)
        label, prediction = n * n % 10, (n * n + 1 + n % 3) % 10
        if label != prediction:
            table[label, prediction] += 1
            table[label, label] -= 1
            left += 1
    raise AssertionError


def collapsed(prediction: int = 3) -> tuple[tuple[int, ...], ...]:
    """The confusion matrix of a network that predicts only one digit."""
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    return tuple(tuple(n if j == prediction else 0 for j in range(10)) for n in counts)


def test_result(table: tuple[tuple[int, ...], ...], epoch: int) -> ev.TestResult:
    """A test result made from its confusion matrix."""
    images = sum(map(sum, table))
    right = sum(table[i][i] for i in range(10))
    low, high = wilson_interval(right, images)
    return ev.TestResult(
        weights="best",
        epoch=epoch,
        images=images,
        wrong=images - right,
        accuracy=right / images,
        low=low,
        high=high,
        loss=0.0731,
        per_digit=tuple(table[i][i] / sum(table[i]) for i in range(10)),
        confusion=table,
        wrong_images=(),
        seconds=0.3,
    )


test_result.__test__ = False  # type: ignore[attr-defined]


def ending(
    config: TrainConfig,
    epochs: int,
    *,
    outcome: ev.Outcome = "completed",
    reason: str = "",
    fault: ev.Fault = "",
    table: tuple[tuple[int, ...], ...] | None = None,
    step: int | None = None,
    run: str = RUN,
) -> list[ev.Event]:
    """The end of a run, with a test result if there is a confusion matrix."""
    test = test_result(table, epochs) if table else None
    step = epochs * steps_per_epoch(config) if step is None else step
    tested: list[ev.Event] = (
        [ev.Phase(name="testing", text="testing the best weights"), ev.Tested(test=test)] if test else []
    )
    finished = ev.Finished(
        run=run,
        outcome=outcome,
        reason=reason or f"All {epochs} epochs are trained.",
        fault=fault,
        epochs=epochs,
        step=step,
        position=step / steps_per_epoch(config),
        best_epoch=epochs or None,
        seconds=epochs * 1.45,
        test=test,
    )
    return [*tested, finished]


def whole_run(config: TrainConfig = BLOG, epochs: int | None = None, events_per_epoch: int = 12) -> list[ev.Event]:
    """A completed run, numbered."""
    return numbered(list(_whole_run(config, epochs or config.epochs, events_per_epoch)))


def _whole_run(config: TrainConfig, epochs: int, events_per_epoch: int) -> Iterator[ev.Event]:
    yield from opening(config)
    for epoch in range(1, epochs + 1):
        yield from epoch_events(config, epoch, events_per_epoch)
    yield from ending(config, epochs, table=confusion())


def diverged_run(config: TrainConfig | None = None) -> list[ev.Event]:
    """A run whose loss becomes NaN, numbered."""
    config = config or find_preset("lr-too-high").config
    losses = [2.3, 8.0, 90.0, 4e3, 2e6, None]
    steps = [
        msgspec.structs.replace(
            progress(config, 2 * n + 2, 2),
            loss=loss,
            low=loss,
            high=None if loss is None else loss * 1.5,
            non_finite=2 if loss is None else 0,
        )
        for n, loss in enumerate(losses)
    ]
    reason = (
        "Training diverged: the loss is inf at step 12; no epoch had ended, so there are no weights to keep. "
        "Try a learning rate of a third or a tenth."
    )
    end = ending(config, 0, outcome="diverged", reason=reason, step=12)
    return numbered([*opening(config, "lr-too-high"), *steps, *end])
