"""The training loop: read it from `Trainer.train` down.

Nothing in it depends on the time or on who watches, but for when progress events are sent: the same configuration
gives the same numbers, paused or not, resumed or not.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from engine import commands as cmd
from engine import events as ev
from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.dataset import Dataset
from engine.errors import ConfigProblem
from engine.readings import keep_readings
from engine.runs import RunFolder
from engine.schedule import learning_rate
from engine.worker.batches import Batches
from engine.worker.bends import FirstBatch
from engine.worker.checkpoint import random_states, restore_random_states, save_checkpoint
from engine.worker.control import Control
from engine.worker.evaluate import Evaluation, evaluate
from engine.worker.layers import is_watched
from engine.worker.losses import build_loss
from engine.worker.meter import Meter
from engine.worker.preview import Preview
from engine.worker.progress import Best, Place, Plateau, checked
from engine.worker.reports import epoch_ended, finite, progress
from engine.worker.saver import Saver
from engine.worker.setup import Split, build
from engine.worker.step import Step
from engine.worker.threads import Cores

EVENT_SECONDS = 0.1
PREVIEW_SECONDS = 0.5
_Read = TypeVar("_Read")
Emit = Callable[[ev.Event], object]


@dataclass(frozen=True, slots=True)
class End:
    """How training ended, with a sentence."""

    outcome: ev.Outcome
    reason: str


class Trainer:
    """One run in training."""

    def __init__(
        self,
        folder: RunFolder,
        config: TrainConfig,
        data: Dataset,
        device: torch.device,
        reason: str,
        emit: Emit,
        control: Control,
        saver: Saver,
    ) -> None:
        self._folder, self.config, self._emit, self._control = folder, config, emit, control
        self._saver = saver
        self._device = device
        self.model, self.machine = build(config, device, reason)
        self._step = Step(self.model, config, device)
        count = config.train_images or len(data.train_labels)
        if count > len(data.train_labels):
            found = f"{data.name} has {len(data.train_labels)} training images"
            raise ConfigProblem(
                f"Train images: {count} are asked for, but {found}; take fewer, or 0 for all.", "train_images"
            )
        train = Split.of(data.train_images[:count], data.train_labels[:count], device)
        self._validation = Split.of(data.validation_images, data.validation_labels, device)
        self._batches = Batches(train.images, train.labels, config.seed)
        self._validation_loss = build_loss(config, training=False)
        self._preview = Preview(data, device, config.loss)
        self._meter, self._cores = Meter(), Cores()
        self._data = data
        self.place = Place()
        self.best: Best | None = None
        self._plateau = Plateau()
        self._planned_from = 0.0
        """The place, in epochs, from which the schedule's plan counts."""
        self._steps_allowed: int | None = None
        self._paused_at: int | None = None
        self._untold: list[ev.Changed] = []
        self._unsaved: list[tuple[ev.SavedKind, dict[str, Any]]] = []
        self._first_step_told = self._fallback_told = False
        self._started = self._told = self._shown = self._waited = 0.0

    def train(self, *, resumed: bool = False, interrupted: bool = False) -> End:
        """Train until the last epoch, a command, early stopping or a divergence ends it.

        `resumed`: go on from a checkpoint; `interrupted`: of a run that was killed, perhaps with only its test to come.
        """
        self._emit(self._run_started(resumed))
        self._emit(self._preview.digits())
        self._emit(ev.Phase(name="first_step", text="first step"))
        self._clock_starts()
        end = self._stop_early() if interrupted and self.place.offset == 0 else None
        while not end:
            end = self._heed()
            if not end and self.place.epoch >= self.config.epochs:
                if not self._control.end_if_idle():
                    continue
                end = End("completed", "Trained to the last epoch.")
            end = end or self._train_epoch() or self._end_epoch()
        for late in self._control.end(self.place.step):  # they were accepted, so they are made
            self._change(late.values)
        self._tell_changes(save=end.outcome != "diverged")
        self._unsaved = self._what_failed(end)
        return end

    def _what_failed(self, end: End) -> list[tuple[ev.SavedKind, dict[str, Any]]]:
        """The checkpoints that could not be written and still can, as they are now: the test takes other weights."""
        kinds: tuple[ev.SavedKind, ...] = ("best",) if end.outcome == "diverged" else ("best", "last", "kept")
        failed = [kind for kind in kinds if self._saver.is_failing(self._path(kind))]
        return [(kind, copy.deepcopy(self._contents_of(kind))) for kind in failed]

    def save_again(self) -> None:
        """Try once more what could not be written, with the run over: a disk may have room again."""
        for kind, contents in self._unsaved:
            self._write(kind, contents)

    def _train_epoch(self) -> End | None:
        self.model.train()
        while self.place.offset < len(self._batches):
            end = self._heed()
            if end:
                return end
            self._train_batch()
            now = time.perf_counter()
            if now - self._told >= EVENT_SECONDS or self._meter.full or self._steps_allowed is not None:
                end = self._tell(now)
                if end:
                    return end
        return self._tell(time.perf_counter())

    def _train_batch(self) -> None:
        images, labels = self._batches.take(self.place.epoch, self.place.offset, self.config)
        layers, watched = self._step.layers, is_watched(self.place, len(labels), len(self._batches))
        before = layers.weights() if watched else None
        loss, right, norm = self._step(images, labels, self._learning_rate(), self.place.step)
        self._meter.add(loss, right, norm, len(labels))
        self.place.advance(len(labels))
        if before is not None:
            told = self._waiting(lambda: layers.steps(before, norm, self.config.clip_norm))
            self._emit(ev.Layers(step=self.place.step, position=self.position, layers=told))
        if self._steps_allowed is not None:
            self._steps_allowed -= 1

    def _end_epoch(self) -> End | None:
        """Validate, tell, save; then see whether it is time to stop."""
        place, trained_at = self.place, self._clock_stops()
        self._clock_starts()
        rate = self._learning_rate(last=True)
        ear = FirstBatch(self.model, self.config)
        with ear.listens():
            outcome = self._validate()
        self._clock_stops()
        place.end_epoch()
        is_best = self._keep_if_best(outcome, place.epoch)
        self._plateau.see(outcome.loss, self.config)
        self._keep_readings(outcome)  # before anybody hears of the epoch
        self._emit(self._step.layers.distributions(place, ear.heard))
        self._emit(
            epoch_ended(
                place,
                self._meter,
                outcome,
                rate=rate,
                trained_at=trained_at,
                best=is_best,
                starved=self._cores.lap(),
                waited=None if self._device.type == "cpu" else self._waited,
            )
        )
        self._waited = 0.0
        self._meter.end_epoch()
        place.seconds_at_epoch = place.seconds
        self._show_previews()
        if not math.isfinite(outcome.loss):
            return self._diverged(f"the validation loss is {outcome.loss} after epoch {place.epoch}")
        if is_best or (self.best and self._saver.is_missing(self._folder.checkpoint("best"))):
            self._save("best")
        self._save("last")
        if self.config.keep_every and place.epoch % self.config.keep_every == 0:
            self._save("kept")
        self._clock_starts()
        return None if self._control.goes_on(place.step) else self._stop_early()

    def _keep_readings(self, outcome: Evaluation) -> None:
        """Keep what was read in each validation image, for whoever wants to know since when."""
        path, place = self._folder.readings, self.place
        read, sure = outcome.readings, outcome.confidences
        self._saver.save(path, lambda: keep_readings(path, place.epoch, place.step, read, sure))

    def _stop_early(self) -> End | None:
        patience = self.config.patience
        if not patience or self.best is None or self.place.epoch - self.best.epoch < patience:
            return None
        reason = f"The validation {self.config.best_by} has not been better for {patience} epochs; the best was epoch {self.best.epoch}."
        return End("early_stopped", reason)

    def _diverged(self, what: str) -> End:
        kept = (
            f"the weights of epoch {self.best.epoch} are kept"
            if self.best
            else "no epoch had ended, so there are no weights to keep"
        )
        return End("diverged", f"Training diverged: {what}; {kept}. Try a learning rate of a third or a tenth.")

    def _heed(self) -> End | None:
        """Take what commands there are; while paused, wait for one."""
        while True:
            command = self._control.take(self.place.step)
            if command is None and self._steps_allowed != 0:
                if self._untold:
                    self._tell_changes()
                return None
            end = self._tell(time.perf_counter())
            if not end:
                end = self._obey(command or self._pause())
            if end:
                return end

    def _pause(self) -> cmd.Steering:
        self._clock_stops()
        self._tell_changes()
        if self._paused_at is None:
            self._save_here()  # but not after each single batch: a held key would wait for the disk
        if self._paused_at != self.place.step:
            self._paused_at = self.place.step
            self._emit(ev.Paused(step=self.place.step, position=self.position))
        command = self._control.wait()
        self._clock_starts()
        return command

    def _obey(self, command: cmd.Steering) -> End | None:
        if not isinstance(command, cmd.Change):
            self._tell_changes()
        match command:
            case cmd.Pause():
                self._steps_allowed = 0
            case cmd.Continue() if self._steps_allowed is not None:
                self._steps_allowed = self._paused_at = None
                self._emit(ev.Continued(step=self.place.step, position=self.position))
            case cmd.StepBatch():
                self._steps_allowed = 1
            case cmd.Change(values=values):
                self._change(values)
            case cmd.Stop():
                self._stop_here()
                return End("stopped", f"Stopped after {self.position:.2f} of {self.config.epochs} epochs.")
            case cmd.Abort():
                self._save_here()
                return End("aborted", f"Left after {self.position:.2f} of {self.config.epochs} epochs, without a test.")
        return None

    def _change(self, values: dict[str, Any]) -> None:
        """Give hyperparameters other values from here on."""
        old, self.config = self.config, make_config(values, self.config)
        told = differences(self.config, old)
        notes = self._step.change(self.config)
        if "schedule" in told:
            self._planned_from, self._plateau = self.position, Plateau()
        for name, value in told.items():
            show = HYPERPARAMETERS[name].format
            self._untold.append(
                ev.Changed(
                    step=self.place.step,
                    position=self.position,
                    name=name,
                    old=show(getattr(old, name)),
                    new=show(value),
                    note=notes.get(name, ""),
                )
            )

    def _tell_changes(self, *, save: bool = True) -> None:
        """Tell what was changed, each with what it was, once that is on disk: an engine that is killed then forgets none.

        Of many in a row (a key that is held down) all are saved together.
        """
        if self._untold:
            if save:
                self._save_here()
            for change in self._untold:
                self._emit(change)
            self._untold.clear()

    def _save_here(self) -> None:
        """Save the last checkpoint between two steps, but none with weights that are lost already."""
        if self._step.is_finite:
            self._save("last")

    def _stop_here(self) -> None:
        """Validate in the middle of the epoch. The last checkpoint is from before, so that resuming changes nothing."""
        self._save_here()
        if self.place.epoch and not self.place.offset:
            return  # the epoch's own validation is just over
        outcome = self._validate()
        is_best = self._keep_if_best(outcome, self.place.epoch + 1)
        self._emit(
            ev.Validation(
                step=self.place.step,
                position=self.position,
                loss=finite(outcome.loss),
                accuracy=outcome.accuracy,
                seconds=round(outcome.seconds, 4),
                best=is_best,
            )
        )
        if is_best:
            self._save("best")

    def _learning_rate(self, *, last: bool = False) -> float:
        """Of the step to come, or of the last one. The place in the plan counts in batches of the present size."""
        size = self.config.batch_size
        steps = self._batches.steps_per_epoch(size)
        step = self.place.epoch * steps + min(-(-self.place.offset // size), steps) - last
        return learning_rate(self.config, step, steps, self._plateau.scale, self._planned_from)

    @property
    def position(self) -> float:
        """Place in the run, in epochs."""
        return round(self.place.epoch + self.place.offset / len(self._batches), 6)

    def _validate(self) -> Evaluation:
        images, labels = self._validation.images, self._validation.labels
        return evaluate(self.model, images, labels, self._validation_loss, self.config.loss)

    def _keep_if_best(self, outcome: Evaluation, epoch: int) -> bool:
        if not math.isfinite(outcome.loss):
            return False
        if self.best and not self.best.beaten_by(outcome.loss, outcome.accuracy, self.config.best_by):
            return False
        weights = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}
        self.best = Best(epoch, self.place.step, outcome.loss, outcome.accuracy, weights)
        return True

    def _tell(self, now: float) -> End | None:
        """Send what happened since the last progress event."""
        window = self._waiting(self._meter.read)
        if not window.steps:
            return None
        seconds = time.perf_counter() - self._told
        self._clock_stops()
        self._clock_starts()
        rate = self._learning_rate(last=True)
        self._emit(progress(self.place, window, position=self.position, rate=rate, seconds=seconds))
        if self._step.fallback and not self._fallback_told:
            self._fallback_told = True
            self._emit(ev.LogLine(text=f"Slower than it could be: {self._step.fallback}."))
        if not self._first_step_told:
            self._first_step_told = True
            self._emit(ev.Phase(name="training", text="training"))
        if window.first_non_finite is not None:
            step = self.place.step - window.steps + window.first_non_finite + 1
            return self._diverged(
                f"the training loss became {window.value} at step {step}, in epoch {self.place.epoch + 1}"
            )
        if now - self._shown >= PREVIEW_SECONDS or self._steps_allowed is not None:
            self._show_previews()
        return None

    def _waiting(self, read: Callable[[], _Read]) -> _Read:
        """Read what the device has to finish first."""
        asked = time.perf_counter()
        found = read()
        self._waited += time.perf_counter() - asked
        return found

    def _show_previews(self) -> None:
        self._shown = time.perf_counter()
        self._emit(self._preview.read(self.model, self.place.step, self.position))

    def _run_started(self, resumed: bool) -> ev.RunStarted:
        return ev.RunStarted(
            config=self.config,
            machine=self.machine,
            data=self._data.name,
            train_images=len(self._batches),
            validation_images=len(self._validation.labels),
            test_images=len(self._data.test_labels),
            parameters=self._step.parameters,
            steps_per_epoch=self._batches.steps_per_epoch(self.config.batch_size),
            step=self.place.step,
            position=self.position,
            resumed=resumed,
        )

    def _clock_starts(self) -> None:
        self._started = self._told = time.perf_counter()

    def _clock_stops(self) -> float:
        now = time.perf_counter()
        self.place.seconds += now - self._started
        self._started = now
        return self.place.seconds

    def _save(self, kind: ev.SavedKind) -> None:
        self._write(kind, self._contents_of(kind))

    def _path(self, kind: ev.SavedKind) -> Path:
        return self._folder.checkpoint(str(self.place.epoch) if kind == "kept" else kind)

    def _contents_of(self, kind: ev.SavedKind) -> dict[str, Any]:
        if kind == "best" and self.best is not None:
            return self._contents() | {"model": self.best.weights}
        return self._contents()

    def _write(self, kind: ev.SavedKind, contents: dict[str, Any]) -> None:
        path = self._path(kind)
        if self._saver.save(path, lambda: save_checkpoint(path, self.config, contents)):
            self._emit(ev.CheckpointSaved(kind=kind, epoch=self.place.epoch, step=self.place.step))

    def _contents(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "random": random_states(self._device),
            "place": self.place.state(),
            "meter": self._meter.state(),
            "plateau": self._plateau.state(),
            "planned_from": self._planned_from,
            "best": self.best.state() if self.best else None,
            **self._step.state(),
        }

    def restore(self, contents: dict[str, Any]) -> None:
        """Go on from a checkpoint's contents: the next step is the one an uninterrupted run would have made."""
        self.model.load_state_dict(contents["model"])
        self._step.restore(contents)
        restore_random_states(contents["random"], self._device)
        self.place = Place.restore(contents["place"])
        self._meter.restore(contents["meter"])
        self._plateau = Plateau.restore(contents["plateau"])
        self._planned_from = checked({"from": contents.get("planned_from", 0.0)}, {"from": 0.0})["from"]
        self.best = Best.restore(contents["best"], self.model.state_dict()) if contents["best"] else None
