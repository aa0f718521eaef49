"""The state of a run between two steps: everything in a checkpoint, and what is derived from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from engine import events as ev
from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.dataset import Dataset
from engine.dataset.size import check_size
from engine.state.lr_schedule import learning_rate
from engine.worker.model.evaluate import Evaluation
from engine.worker.training.batches import Batches
from engine.worker.training.checkpoint_file import Checkpoint, random_states, restore_random_states
from engine.worker.training.counters import Best, Counters, Plateau
from engine.worker.training.metrics import Meter
from engine.worker.training.optimizer_step import Step
from engine.worker.training.setup import Split, build, expect_room


class TrainingState:
    """Model, optimizer, counters, sums of the current epoch, and the best weights so far."""

    def __init__(self, config: TrainConfig, data: Dataset, device: torch.device, reason: str) -> None:
        self.config, self.device = config, device
        self.model, self.machine = build(config, device, reason)
        self.step = Step(self.model, config, device)
        train = training_images(config, data, device)
        self.batches = Batches(train.images, train.labels, config.seed)
        self.meter, self.counters = Meter(), Counters()
        self.best: Best | None = None
        self.plateau = Plateau()
        self._planned_from = 0.0
        """The position, in epochs, at which the learning-rate schedule starts."""

    @property
    def position(self) -> float:
        """The progress of the run in epochs."""
        return round(self.counters.epoch + self.counters.offset / len(self.batches), 6)

    @property
    def epoch_is_over(self) -> bool:
        """Whether all images of the current epoch have been used."""
        return self.counters.offset >= len(self.batches)

    def learning_rate(self, *, last: bool = False) -> float:
        """Of the next step, or of the last one. The schedule counts in batches of the current size."""
        size = self.config.batch_size
        steps = self.batches.steps_per_epoch(size)
        step = self.counters.epoch * steps + min(-(-self.counters.offset // size), steps) - last
        return learning_rate(self.config, step, steps, self.plateau.scale, self._planned_from)

    def apply_change(self, values: Mapping[str, Any]) -> list[ev.Changed]:
        """Change hyperparameters from the next step on; one event for each value that differs."""
        old, self.config = self.config, make_config(values, self.config)
        changes = differences(self.config, old)
        notes = self.step.reconfigure(self.config)
        if "schedule" in changes:
            self._planned_from, self.plateau = self.position, Plateau()
        return [
            ev.Changed(
                step=self.counters.step,
                position=self.position,
                name=name,
                old=HYPERPARAMETERS[name].format(getattr(old, name)),
                new=HYPERPARAMETERS[name].format(value),
                note=notes.get(name, ""),
            )
            for name, value in changes.items()
        ]

    def keep_if_best(self, outcome: Evaluation, epoch: int) -> bool:
        """Keep the weights if no earlier validation was better. Returns whether they were kept."""
        if not math.isfinite(outcome.loss):
            return False
        if self.best and not self.best.beaten_by(outcome.loss, outcome.accuracy, self.config.best_by):
            return False
        weights = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}
        self.best = Best(epoch, self.counters.step, outcome.loss, outcome.accuracy, weights)
        return True

    def checkpoint(self, kind: ev.SavedKind) -> Checkpoint:
        """A checkpoint of this kind. Its tensors are views of the ones being trained."""
        contents = {
            "model": self.best.weights if kind == "best" and self.best else self.model.state_dict(),
            "random": random_states(self.device),
            "place": self.counters.encode(),
            "meter": self.meter.epoch_sums().encode(),
            "plateau": self.plateau.encode(),
            "planned_from": self._planned_from,
            "best": self.best.encode() if self.best else None,
            **self.step.state(),
        }
        return Checkpoint(self.config, contents)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint: the next step is the one that an uninterrupted run would have made."""
        self.model.load_state_dict(checkpoint.model)
        self.step.restore(checkpoint)
        restore_random_states(checkpoint.contents["random"], self.device)
        self.counters = checkpoint.counters
        self.meter.restore(checkpoint.epoch_sums)
        self.plateau = checkpoint.plateau
        self._planned_from = checkpoint.planned_from
        self.best = checkpoint.best
        if self.best:
            self.best.require_shapes(self.model.state_dict())


def training_images(config: TrainConfig, data: Dataset, device: torch.device) -> Split:
    """The training images. Raises `ConfigProblem` where there are too few, `MemoryProblem` where they do not fit on the device."""
    check_size(config, data)
    count = config.train_images or len(data.train_labels)
    expect_room(data, count, device)
    return Split.of(data.train_images[:count], data.train_labels[:count], device)
