"""The training loop: read it from `Trainer.train` down.

Nothing in it depends on the time or on who watches, but for when progress events are sent: the same configuration
gives the same numbers, paused or not, resumed or not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig
from engine.dataset import Dataset, count_overlap
from engine.runs.folder import RunFolder
from engine.runs.validation_predictions import append_predictions
from engine.worker.command_queue import CommandQueue
from engine.worker.model.activation_stats import FirstBatch
from engine.worker.model.evaluate import Evaluation, evaluate
from engine.worker.model.losses import build_loss
from engine.worker.model.threads import Cores
from engine.worker.training.checkpoint_writer import CheckpointWriter
from engine.worker.training.counters import Place
from engine.worker.training.event_builders import epoch_ended, finite, progress
from engine.worker.training.layer_stats import is_watched
from engine.worker.training.preview import Preview
from engine.worker.training.safe_writer import SafeWriter
from engine.worker.training.setup import Split
from engine.worker.training.training_state import TrainingState

EVENT_SECONDS = 0.1
PREVIEW_SECONDS = 0.5
_Read = TypeVar("_Read")
Emit = Callable[[ev.Event], object]


@dataclass(frozen=True, slots=True)
class End:
    """How training ended, with a sentence; `diverged_at` is the step of the first loss that was not finite."""

    outcome: ev.Outcome
    reason: str
    diverged_at: int | None = None


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
        control: CommandQueue,
        saver: SafeWriter,
    ) -> None:
        self._folder, self._emit, self._control, self._saver = folder, emit, control, saver
        self.standing = TrainingState(config, data, device, reason)
        self.checkpoints = CheckpointWriter(self.standing, folder, saver, emit)
        self._validation = Split.of(data.validation_images, data.validation_labels, device)
        self._validation_loss = build_loss(config, training=False)
        self._preview = Preview(data, device, config.loss)
        self._cores = Cores()
        self.data = data
        self.instead_of: ev.DataIdentity | None = None
        """The set that it was trained on before, where that was another."""
        self._steps_allowed: int | None = None
        self._paused_at: int | None = None
        self._untold: list[ev.Changed] = []
        self._first_step_told = self._fallback_told = False
        self._started = self._told = self._shown = self._waited = 0.0

    @property
    def place(self) -> Place:
        """Where in the run it is."""
        return self.standing.place

    @property
    def position(self) -> float:
        """The same in epochs."""
        return self.standing.position

    @property
    def _config(self) -> TrainConfig:
        return self.standing.config

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
            if not end and self.place.epoch >= self._config.epochs:
                if not self._control.end_if_idle():
                    continue
                end = End("completed", "Trained to the last epoch.")
            end = end or self._train_epoch() or self._end_epoch()
        for late in self._control.end(self.place.step):  # they were accepted, so they are made
            self._untold += self.standing.change(late.values)
        self._tell_changes(save=end.outcome != "diverged")
        self.checkpoints.hold_what_failed(("best",) if end.outcome == "diverged" else ("best", "last", "kept"))
        return end

    def _train_epoch(self) -> End | None:
        self.standing.model.train()
        while not self.standing.epoch_is_over:
            end = self._heed()
            if end:
                return end
            self._train_batch()
            now = time.perf_counter()
            if now - self._told >= EVENT_SECONDS or self.standing.meter.full or self._steps_allowed is not None:
                end = self._tell(now)
                if end:
                    return end
        return self._tell(time.perf_counter())

    def _train_batch(self) -> None:
        run = self.standing
        images, labels = run.batches.take(run.place.epoch, run.place.offset, run.config)
        layers, watched = run.step.layers, is_watched(run.place, len(labels), len(run.batches))
        before = layers.weights() if watched else None
        loss, right, norm = run.step(images, labels, run.learning_rate(), run.place.step)
        run.meter.add(loss, right, norm, len(labels))
        run.place.advance(len(labels))
        if before is not None:
            told = self._waiting(lambda: layers.steps(before, norm, run.config.clip_norm))
            self._emit(ev.Layers(step=run.place.step, position=run.position, layers=told))
        if self._steps_allowed is not None:
            self._steps_allowed -= 1

    def _end_epoch(self) -> End | None:
        """Validate, tell, save; then see whether it is time to stop."""
        run, place, trained_at = self.standing, self.place, self._clock_stops()
        self._clock_starts()
        rate = run.learning_rate(last=True)
        ear = FirstBatch(run.model, run.config)
        with ear.listens():
            outcome = self._validate()
        self._clock_stops()
        place.end_epoch()
        is_best = run.keep_if_best(outcome, place.epoch)
        run.plateau.see(outcome.loss, run.config)
        self._save_predictions(outcome)  # before anybody hears of the epoch
        self._emit(run.step.layers.distributions(place, ear.heard))
        self._emit(
            epoch_ended(
                place,
                run.meter,
                outcome,
                rate=rate,
                trained_at=trained_at,
                best=is_best,
                starved=self._cores.lap(),
                waited=None if run.device.type == "cpu" else self._waited,
            )
        )
        self._waited = 0.0
        run.meter.end_epoch()
        place.seconds_at_epoch = place.seconds
        self._show_previews()
        if not math.isfinite(outcome.loss):
            return self._diverged(f"the validation loss is {outcome.loss} after epoch {place.epoch}")
        self.checkpoints.after_epoch(is_best)
        self._clock_starts()
        return None if self._control.overrides_early_stopping(place.step) else self._stop_early()

    def _save_predictions(self, outcome: Evaluation) -> None:
        """Keep what was read in each validation image, for whoever wants to know since when."""
        place, read, sure = self.place, outcome.predictions, outcome.confidences
        self._saver.save(
            self._folder.predictions, lambda path: append_predictions(path, place.epoch, place.step, read, sure)
        )

    def _stop_early(self) -> End | None:
        patience = self._config.patience
        if not patience or self.standing.best is None or self.place.epoch - self.standing.best.epoch < patience:
            return None
        reason = f"The validation {self._config.best_by} has not been better for {patience} epochs; the best was epoch {self.standing.best.epoch}."
        return End("early_stopped", reason)

    def _diverged(self, what: str, step: int | None = None) -> End:
        kept = (
            f"the weights of epoch {self.standing.best.epoch} are kept"
            if self.standing.best
            else "no epoch had ended, so there are no weights to keep"
        )
        return End("diverged", f"Training diverged: {what}; {kept}. Try a learning rate of a third or a tenth.", step)

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
            self.checkpoints.save_between_steps()  # but not after each single batch: a held key would wait for the disk
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
                self._untold += self.standing.change(values)
            case cmd.Stop():
                self._stop_here()
                return End("stopped", f"Stopped after {self.position:.2f} of {self._config.epochs} epochs.")
            case cmd.Abort():
                self.checkpoints.save_between_steps()
                left = f"Left after {self.position:.2f} of {self._config.epochs} epochs, without a test."
                return End("aborted", self._control.why or left)
        return None

    def _tell_changes(self, *, save: bool = True) -> None:
        """Tell what was changed, each with what it was, once that is on disk: an engine that is killed then forgets none.

        Of many in a row (a key that is held down) all are saved together.
        """
        if self._untold:
            if save:
                self.checkpoints.save_between_steps()
            for change in self._untold:
                self._emit(change)
            self._untold.clear()

    def _stop_here(self) -> None:
        """Validate in the middle of the epoch. The last checkpoint is from before, so that resuming changes nothing."""
        self.checkpoints.save_between_steps()
        if self.place.epoch and not self.place.offset:
            return  # the epoch's own validation is just over
        outcome = self._validate()
        is_best = self.standing.keep_if_best(outcome, self.place.epoch + 1)
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
            self.checkpoints.save("best")

    def _validate(self) -> Evaluation:
        images, labels = self._validation.images, self._validation.labels
        return evaluate(self.standing.model, images, labels, self._validation_loss, self._config.loss)

    def _tell(self, now: float) -> End | None:
        """Send what happened since the last progress event."""
        window = self._waiting(self.standing.meter.read)
        if not window.steps:
            return None
        seconds = time.perf_counter() - self._told
        self._clock_stops()
        self._clock_starts()
        rate = self.standing.learning_rate(last=True)
        self._emit(progress(self.place, window, position=self.position, rate=rate, seconds=seconds))
        if self.standing.step.fallback and not self._fallback_told:
            self._fallback_told = True
            self._emit(ev.LogLine(text=f"Slower than it could be: {self.standing.step.fallback}."))
        if not self._first_step_told:
            self._first_step_told = True
            self._emit(ev.Phase(name="training", text="training"))
        if window.first_non_finite is not None:
            step = self.place.step - window.steps + window.first_non_finite + 1
            return self._diverged(
                f"the training loss became {window.value} at step {step}, in epoch {self.place.epoch + 1}", step
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
        self._emit(self._preview.read(self.standing.model, self.place.step, self.position))

    def _run_started(self, resumed: bool) -> ev.RunStarted:
        return ev.RunStarted(
            config=self._config,
            machine=self.standing.machine,
            data=self.data.name,
            train_images=len(self.standing.batches),
            validation_images=len(self._validation.labels),
            test_images=len(self.data.test_labels),
            parameters=self.standing.step.parameters,
            steps_per_epoch=self.standing.batches.steps_per_epoch(self._config.batch_size),
            step=self.place.step,
            position=self.position,
            resumed=resumed,
            identity=self.data.identity,
            overlap=count_overlap(self.data, len(self.standing.batches)),
            instead_of=self.instead_of,
        )

    def _clock_starts(self) -> None:
        self._started = self._told = time.perf_counter()

    def _clock_stops(self) -> float:
        now = time.perf_counter()
        self.place.seconds += now - self._started
        self._started = now
        return self.place.seconds
