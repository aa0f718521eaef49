"""Arms of experiments as states, made by hand: only the figures that conclusions look at."""

from __future__ import annotations

from collections.abc import Sequence

from engine import events as ev
from engine.analysis.intervals import wilson_interval
from engine.experiments import Experiment
from engine.state.loss_series import Point, Series
from engine.state.run_state import RunState
from tests.events_kit import MACHINE

IMAGES = 10_000
STEPS = 100
"""In an epoch."""


def epoch(number: int, accuracy: float, loss: float | None, train_loss: float | None = 0.1) -> ev.EpochEnded:
    return ev.EpochEnded(
        epoch=number,
        step=number * STEPS,
        images=number * 6400,
        train_loss=train_loss,
        train_accuracy=accuracy,
        validation_loss=loss,
        validation_accuracy=accuracy,
        learning_rate=0.001,
        gradient_norm=1.0,
        seconds=2.0,
        validation_seconds=0.2,
        total_seconds=2.0 * number,
        images_per_second=3200.0,
        best=number == 1,
    )


def tested(wrong: Sequence[int]) -> ev.TestResult:
    """A test in which the images of these numbers were read wrongly."""
    right = IMAGES - len(wrong)
    low, high = wilson_interval(right, IMAGES)
    return ev.TestResult(
        weights="best",
        epoch=1,
        images=IMAGES,
        wrong=len(wrong),
        accuracy=right / IMAGES,
        low=low,
        high=high,
        loss=0.1,
        per_digit=(None,) * 10,
        confusion=(),
        wrong_images=tuple(ev.WrongImage(n, 1, 7, 0.9) for n in wrong),
        seconds=0.1,
    )


def arm(
    experiment: Experiment,
    number: int,
    accuracies: Sequence[float] = (0.9,),
    *,
    losses: Sequence[float | None] = (),
    wrong: Sequence[int] | None = None,
    outcome: ev.Outcome | None = "completed",
    spread: float | None = None,
    values: dict[str, object] | None = None,
    reason: str = "So it ended.",
) -> RunState:
    """Arm `number` (from 1) after so many epochs; without an `outcome` it still trains. `spread`: of its batches' losses."""
    plan = experiment.arms[number - 1]
    config = plan.config
    losses = losses or [0.5] * len(accuracies)
    epochs = tuple(epoch(n, a, loss) for n, (a, loss) in enumerate(zip(accuracies, losses, strict=True), 1))
    step = len(epochs) * STEPS
    name = f"x.{number}-{plan.word}"
    finished = outcome and ev.Finished(
        run=name,
        outcome=outcome,
        reason=reason,
        epochs=len(epochs),
        step=step or 12,
        position=float(len(epochs)),
        best_epoch=1 if epochs else None,
        seconds=2.0 * len(epochs),
        test=tested(wrong) if wrong is not None else None,
    )
    points = ()
    if spread is not None and epochs:
        middle = len(epochs) - 0.5
        points = (Point(step, middle, 1.0, 100, STEPS, 0.3, 0.3 - spread, 0.3 + spread, 0),)
    started = ev.RunStarted(
        config=config,
        machine=MACHINE,
        data="MNIST",
        train_images=config.train_images or 50_000,
        validation_images=IMAGES,
        test_images=IMAGES,
        parameters=1,
        steps_per_epoch=STEPS,
        step=0,
        position=0.0,
    )
    return RunState(
        status="ended" if outcome else "training",
        run=name,
        config=config,
        started=started,
        epochs=epochs,
        finished=finished or None,
        losses=Series(points),
        arm=ev.Arm(
            experiment=experiment.name,
            group="x",
            number=number,
            of=len(experiment.arms),
            label=plan.label,
            values=values or {},
        ),
    )
