"""Where a run stands between two steps: all that a checkpoint holds, and what follows from it."""

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
from engine.worker.training.checkpoint_file import random_states, restore_random_states
from engine.worker.training.counters import Best, Place, Plateau, checked
from engine.worker.training.metrics import Meter
from engine.worker.training.optimizer_step import Step
from engine.worker.training.setup import Split, build, expect_room


class TrainingState:
    """Network, optimizer, place in the run, sums of the epoch under way, the best weights so far."""

    def __init__(self, config: TrainConfig, data: Dataset, device: torch.device, reason: str) -> None:
        self.config, self.device = config, device
        self.model, self.machine = build(config, device, reason)
        self.step = Step(self.model, config, device)
        train = training_images(config, data, device)
        self.batches = Batches(train.images, train.labels, config.seed)
        self.meter, self.place = Meter(), Place()
        self.best: Best | None = None
        self.plateau = Plateau()
        self._planned_from = 0.0
        """The place, in epochs, from which the schedule's plan counts."""

    @property
    def position(self) -> float:
        """Place in the run, in epochs."""
        return round(self.place.epoch + self.place.offset / len(self.batches), 6)

    @property
    def epoch_is_over(self) -> bool:
        """Whether all images of the epoch under way were taken."""
        return self.place.offset >= len(self.batches)

    def learning_rate(self, *, last: bool = False) -> float:
        """Of the step to come, or of the last one. The place in the plan counts in batches of the present size."""
        size = self.config.batch_size
        steps = self.batches.steps_per_epoch(size)
        step = self.place.epoch * steps + min(-(-self.place.offset // size), steps) - last
        return learning_rate(self.config, step, steps, self.plateau.scale, self._planned_from)

    def change(self, values: Mapping[str, Any]) -> list[ev.Changed]:
        """Give hyperparameters other values from here on; each that became another, with what it was."""
        old, self.config = self.config, make_config(values, self.config)
        told = differences(self.config, old)
        notes = self.step.change(self.config)
        if "schedule" in told:
            self._planned_from, self.plateau = self.position, Plateau()
        return [
            ev.Changed(
                step=self.place.step,
                position=self.position,
                name=name,
                old=HYPERPARAMETERS[name].format(getattr(old, name)),
                new=HYPERPARAMETERS[name].format(value),
                note=notes.get(name, ""),
            )
            for name, value in told.items()
        ]

    def keep_if_best(self, outcome: Evaluation, epoch: int) -> bool:
        """Keep the weights if no validation was better; whether that is so."""
        if not math.isfinite(outcome.loss):
            return False
        if self.best and not self.best.beaten_by(outcome.loss, outcome.accuracy, self.config.best_by):
            return False
        weights = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}
        self.best = Best(epoch, self.place.step, outcome.loss, outcome.accuracy, weights)
        return True

    def contents(self, kind: ev.SavedKind) -> dict[str, Any]:
        """What a checkpoint of this kind holds, as views of what is trained."""
        held = {
            "model": self.model.state_dict(),
            "random": random_states(self.device),
            "place": self.place.state(),
            "meter": self.meter.state(),
            "plateau": self.plateau.state(),
            "planned_from": self._planned_from,
            "best": self.best.state() if self.best else None,
            **self.step.state(),
        }
        return held | {"model": self.best.weights} if kind == "best" and self.best is not None else held

    def restore(self, contents: dict[str, Any]) -> None:
        """Go on from a checkpoint's contents: the next step is the one an uninterrupted run would have made."""
        self.model.load_state_dict(contents["model"])
        self.step.restore(contents)
        restore_random_states(contents["random"], self.device)
        self.place = Place.restore(contents["place"])
        self.meter.restore(contents["meter"])
        self.plateau = Plateau.restore(contents["plateau"])
        self._planned_from = checked({"from": contents.get("planned_from", 0.0)}, {"from": 0.0})["from"]
        self.best = Best.restore(contents["best"], self.model.state_dict()) if contents["best"] else None


def training_images(config: TrainConfig, data: Dataset, device: torch.device) -> Split:
    """The training images. Raises `ConfigProblem` where there are too few of them, `MemoryProblem` where they do not fit."""
    check_size(config, data)
    count = config.train_images or len(data.train_labels)
    expect_room(data, count, device)
    return Split.of(data.train_images[:count], data.train_labels[:count], device)
