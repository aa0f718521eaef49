"""The learning-rate range test, on a copy of the network (Smith 2017, "Cyclical Learning Rates for Training Neural Networks")."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from engine.analysis import lr_range_test
from engine.answers import RangeTest
from engine.config import TrainConfig
from engine.errors import RunProblem
from engine.runs.folder import RunFolder
from engine.runs.run_data import known_data
from engine.worker.model.models import build_model
from engine.worker.training.batches import Batches
from engine.worker.training.checkpoint_check import load_sound
from engine.worker.training.checkpoint_file import fitting
from engine.worker.training.data_check import find_data
from engine.worker.training.optimizer_step import Step
from engine.worker.training.training_state import training_images

_CPU = torch.device("cpu")


def range_test(
    config: TrainConfig,
    run: RunFolder | None,
    report: Callable[[float, str], None],
    steps: int = lr_range_test.STEPS,
    *,
    data_dir: str = "",
    other_data: bool = False,
) -> RangeTest:
    """Train a copy with an exponentially rising learning rate until the loss explodes.

    It starts from the weights and optimizer state of the run's last checkpoint or, without a run, from newly initialized
    weights of `config`. Raises `Problem` where the data or the checkpoint is missing, or, unless `other_data`, the data are
    not the run's.
    """
    if run is not None and not run.checkpoint("last").exists():
        raise RunProblem(f"{run.name} has no weights yet: its first checkpoint comes after the first epoch.")
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        checkpoint = None
        if run is not None:
            checkpoint = load_sound(run, "last", "train")
            config = checkpoint.config
        model = build_model(config)
        step = Step(model, config, _CPU)
        if run is not None and checkpoint is not None:
            with fitting(run.checkpoint("last")):
                model.load_state_dict(checkpoint.model)
                step.restore(checkpoint)
        name, known = (run.name, known_data(run)) if run is not None else ("", None)
        config, data = find_data(name, config, known, data_dir=data_dir, other=other_data)
        images = training_images(config, data, _CPU)
        batches = Batches(images.images, images.labels, config.seed)
        tried, losses = _rise(model, step, batches, config, report, steps)
    smooth = lr_range_test.smoothed(losses)
    advice = lr_range_test.suggest(tried, smooth)
    return RangeTest(
        epoch=checkpoint.counters.epoch if checkpoint else 0,
        rates=tuple(tried),
        losses=tuple(smooth),
        steepest=advice.steepest,
        tenth=advice.tenth,
    )


def _rise(
    model: torch.nn.Module,
    step: Step,
    batches: Batches,
    config: TrainConfig,
    report: Callable[[float, str], None],
    steps: int,
) -> tuple[list[float], list[float]]:
    """The learning rates tried and the loss at each, until it explodes."""
    tried: list[float] = []
    losses: list[float] = []
    model.train()
    epoch = offset = 0
    for number, rate in enumerate(lr_range_test.rates(steps)):
        report(number / steps, f"learning rate {rate:.1e}")
        if offset >= len(batches):
            epoch, offset = epoch + 1, 0
        images, labels = batches.take(epoch, offset, config)
        offset += len(labels)
        loss = float(step(images, labels, rate, number)[0])
        if not math.isfinite(loss):
            break
        tried.append(rate)
        losses.append(loss)
        smooth = lr_range_test.smoothed(losses)
        if smooth[-1] > lr_range_test.EXPLODED * min(smooth):
            break
    return tried, losses
