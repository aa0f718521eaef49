"""The learning-rate range test, on a copy: the run itself is not touched."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from engine.analysis import lr_range_test
from engine.config import TrainConfig
from engine.errors import RunProblem
from engine.runs.folder import RunFolder
from engine.runs.run_data import known_data
from engine.worker.model.models import build_model
from engine.worker.training.batches import Batches
from engine.worker.training.checkpoint_check import load_sound
from engine.worker.training.checkpoint_file import fitting
from engine.worker.training.data_check import meet_data
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
) -> dict[str, Any]:
    """Train a copy with a rising rate: `rates`, smoothed `losses`, and the suggestions `steepest` and `tenth`.

    It begins with the weights and the optimizer's memory of the run's last checkpoint, or, without a run, with new weights of
    `config`. Raises `Problem` where data or checkpoint are not there, and for other data than the run's unless `other_data`.
    """
    epoch = 0
    if run is not None and not run.checkpoint("last").exists():
        raise RunProblem(f"{run.name} has no weights yet: its first checkpoint comes after the first epoch.")
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        contents: dict[str, Any] = {}
        if run is not None:
            config, contents = load_sound(run, "last", "train")
        model = build_model(config)
        step = Step(model, config, _CPU)
        if run is not None:
            with fitting(run.checkpoint("last")):
                model.load_state_dict(contents["model"])
                step.restore(contents)
                epoch = contents["place"]["epoch"]
        name, known = (run.name, known_data(run)) if run is not None else ("", None)
        config, data = meet_data(name, config, known, data_dir=data_dir, other=other_data)
        images = training_images(config, data, _CPU)
        batches = Batches(images.images, images.labels, config.seed)
        tried, losses = _rise(model, step, batches, config, report, steps)
    smooth = lr_range_test.smoothed(losses)
    advice = lr_range_test.suggest(tried, smooth)
    return {"epoch": epoch, "rates": tried, "losses": smooth, "steepest": advice.steepest, "tenth": advice.tenth}


def _rise(
    model: torch.nn.Module,
    step: Step,
    batches: Batches,
    config: TrainConfig,
    report: Callable[[float, str], None],
    steps: int,
) -> tuple[list[float], list[float]]:
    """The rates that were tried and the loss at each, until it explodes."""
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
