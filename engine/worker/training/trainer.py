"""The training loop: start reading at `Trainer.train`.

Only the timing of progress events depends on the clock. The same configuration gives the same numbers, whether or not the
run is paused or resumed.
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
from engine.worker.training.counters import Counters
from engine.worker.training.event_builders import epoch_ended, finite, progress
from engine.worker.training.layer_stats import is_watched
from engine.worker.training.preview import Preview
from engine.worker.training.safe_writer import SafeWriter
from engine.worker.training.setup import Split
from engine.worker.training.training_state import TrainingState

EVENT_SECONDS = 0.1
PREVIEW_SECONDS = 0.5
_T = TypeVar("_T")
Emit = Callable[[ev.Event], object]


@dataclass(frozen=True, slots=True)
class End:
    """How training ended, and why as a sentence; `diverged_at` is the step of the first loss that was not finite."""

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
        commands: CommandQueue,
        saver: SafeWriter,
    ) -> None:
        self._folder, self._emit, self._commands, self._saver = folder, emit, commands, saver
        self.state = TrainingState(config, data, device, reason)
        self.checkpoints = CheckpointWriter(self.state, folder, saver, emit)
        self._validation = Split.of(data.validation_images, data.validation_labels, device)
        self._validation_loss = build_loss(config, training=False)
        self._preview = Preview(data, device, config.loss)
        self._cores = Cores()
        self.data = data
        self.instead_of: ev.DataIdentity | None = None
        """The data set that the run was trained on before, if it was a different one."""
        self._steps_allowed: int | None = None
        self._paused_at: int | None = None
        self._unreported: list[ev.Changed] = []
        self._first_step_reported = self._fallback_reported = False
        self._clock_started = self._last_progress = self._last_preview = self._waited = 0.0

    @property
    def counters(self) -> Counters:
        """The progress of the run."""
        return self.state.counters

    @property
    def position(self) -> float:
        """The progress of the run in epochs."""
        return self.state.position

    @property
    def _config(self) -> TrainConfig:
        return self.state.config

    def train(self, *, resumed: bool = False, interrupted: bool = False) -> End:
        """Train until the last epoch, a command, early stopping or divergence.

        `interrupted`: the resumed run was killed before it logged its end, perhaps when only its test was left.
        """
        self._emit(self._run_started(resumed))
        self._emit(self._preview.digits())
        self._emit(ev.Phase(name="first_step", text="first step"))
        self._start_clock()
        end = self._stop_early() if interrupted and self.counters.offset == 0 else None
        while not end:
            end = self._handle_commands()
            if not end and self.counters.epoch >= self._config.epochs:
                if not self._commands.end_if_idle():
                    continue
                end = End("completed", "Trained to the last epoch.")
            end = end or self._train_epoch() or self._end_epoch()
        for late in self._commands.end(self.counters.step):  # accepted, so they have to be applied
            self._unreported += self.state.apply_change(late.values)
        self._report_changes(save=end.outcome != "diverged")
        self.checkpoints.hold_what_failed(("best",) if end.outcome == "diverged" else ("best", "last", "kept"))
        return end

    def _train_epoch(self) -> End | None:
        self.state.model.train()
        while not self.state.epoch_is_over:
            end = self._handle_commands()
            if end:
                return end
            self._train_batch()
            now = time.perf_counter()
            if now - self._last_progress >= EVENT_SECONDS or self.state.meter.full or self._steps_allowed is not None:
                end = self._report_progress(now)
                if end:
                    return end
        return self._report_progress(time.perf_counter())

    def _train_batch(self) -> None:
        run = self.state
        images, labels = run.batches.take(run.counters.epoch, run.counters.offset, run.config)
        layers, watched = run.step.layers, is_watched(run.counters, len(labels), len(run.batches))
        before = layers.weights() if watched else None
        loss, correct, norm = run.step(images, labels, run.learning_rate(), run.counters.step)
        run.meter.add(loss, correct, norm, len(labels))
        run.counters.advance(len(labels))
        if before is not None:
            steps = self._timed(lambda: layers.steps(before, norm, run.config.clip_norm))
            self._emit(ev.Layers(step=run.counters.step, position=run.position, layers=steps))
        if self._steps_allowed is not None:
            self._steps_allowed -= 1

    def _end_epoch(self) -> End | None:
        """Validate, report, save, and check for early stopping."""
        run, counters, trained_at = self.state, self.counters, self._stop_clock()
        self._start_clock()
        rate = run.learning_rate(last=True)
        first_batch = FirstBatch(run.model, run.config)
        with first_batch.recording():
            outcome = self._validate()
        self._stop_clock()
        counters.end_epoch()
        is_best = run.keep_if_best(outcome, counters.epoch)
        run.plateau.update(outcome.loss, run.config)
        self._save_predictions(outcome)  # before the epoch is reported
        self._emit(run.step.layers.distributions(counters, first_batch.layers))
        self._emit(
            epoch_ended(
                counters,
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
        counters.seconds_at_epoch = counters.seconds
        self._show_previews()
        if not math.isfinite(outcome.loss):
            return self._diverged(f"the validation loss is {outcome.loss} after epoch {counters.epoch}")
        self.checkpoints.after_epoch(is_best)
        self._start_clock()
        return None if self._commands.overrides_early_stopping(counters.step) else self._stop_early()

    def _save_predictions(self, outcome: Evaluation) -> None:
        """Append the epoch's prediction for each validation image to the run's file."""
        epoch, step = self.counters.epoch, self.counters.step
        self._saver.save(
            self._folder.predictions,
            lambda path: append_predictions(path, epoch, step, outcome.predictions, outcome.confidences),
        )

    def _stop_early(self) -> End | None:
        patience = self._config.patience
        if not patience or self.state.best is None or self.counters.epoch - self.state.best.epoch < patience:
            return None
        reason = f"The validation {self._config.best_by} has not improved for {patience} epochs; the best was epoch {self.state.best.epoch}."
        return End("early_stopped", reason)

    def _diverged(self, what: str, step: int | None = None) -> End:
        kept = (
            f"the weights of epoch {self.state.best.epoch} were saved"
            if self.state.best
            else "no epoch was completed, so no weights were saved"
        )
        return End("diverged", f"Training diverged: {what}; {kept}. Try a learning rate 3 to 10 times lower.", step)

    def _handle_commands(self) -> End | None:
        """Handle the commands in the queue; while paused, wait for one."""
        while True:
            command = self._commands.take(self.counters.step)
            if command is None and self._steps_allowed != 0:
                if self._unreported:
                    self._report_changes()
                return None
            end = self._report_progress(time.perf_counter())
            if not end:
                end = self._handle(command or self._pause())
            if end:
                return end

    def _pause(self) -> cmd.Steering:
        self._stop_clock()
        self._report_changes()
        if self._paused_at is None:
            self.checkpoints.save_between_steps()  # not after each batch while stepping: a key that is held down would wait for the disk
        if self._paused_at != self.counters.step:
            self._paused_at = self.counters.step
            self._emit(ev.Paused(step=self.counters.step, position=self.position))
        command = self._commands.wait()
        self._start_clock()
        return command

    def _handle(self, command: cmd.Steering) -> End | None:
        if not isinstance(command, cmd.Change):
            self._report_changes()
        match command:
            case cmd.Pause():
                self._steps_allowed = 0
            case cmd.Continue() if self._steps_allowed is not None:
                self._steps_allowed = self._paused_at = None
                self._emit(ev.Continued(step=self.counters.step, position=self.position))
            case cmd.StepBatch():
                self._steps_allowed = 1
            case cmd.Change(values=values):
                self._unreported += self.state.apply_change(values)
            case cmd.Stop():
                self._stop_here()
                return End("stopped", f"Stopped after {self.position:.2f} of {self._config.epochs} epochs.")
            case cmd.Abort():
                self.checkpoints.save_between_steps()
                left = f"Aborted after {self.position:.2f} of {self._config.epochs} epochs, without a test."
                return End("aborted", self._commands.why or left)
        return None

    def _report_changes(self, *, save: bool = True) -> None:
        """Emit the changes once they are in a checkpoint, so that none is lost if the engine is killed.

        Many changes in a row (a key that is held down) are saved together.
        """
        if self._unreported:
            if save:
                self.checkpoints.save_between_steps()
            for change in self._unreported:
                self._emit(change)
            self._unreported.clear()

    def _stop_here(self) -> None:
        """Validate in the middle of an epoch, after saving the checkpoint: a resumed run is not affected by it."""
        self.checkpoints.save_between_steps()
        if self.counters.epoch and not self.counters.offset:
            return  # the epoch has just been validated
        outcome = self._validate()
        is_best = self.state.keep_if_best(outcome, self.counters.epoch + 1)
        self._emit(
            ev.Validation(
                step=self.counters.step,
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
        return evaluate(self.state.model, images, labels, self._validation_loss, self._config.loss)

    def _report_progress(self, now: float) -> End | None:
        """Emit the metrics since the last progress event; ends training if a loss was not finite."""
        window = self._timed(self.state.meter.read)
        if not window.steps:
            return None
        seconds = time.perf_counter() - self._last_progress
        self._stop_clock()
        self._start_clock()
        rate = self.state.learning_rate(last=True)
        self._emit(progress(self.counters, window, position=self.position, rate=rate, seconds=seconds))
        if self.state.step.fallback and not self._fallback_reported:
            self._fallback_reported = True
            self._emit(ev.LogLine(text=f"Slower than it could be: {self.state.step.fallback}."))
        if not self._first_step_reported:
            self._first_step_reported = True
            self._emit(ev.Phase(name="training", text="training"))
        if window.first_non_finite is not None:
            step = self.counters.step - window.steps + window.first_non_finite + 1
            return self._diverged(
                f"the training loss became {window.value} at step {step}, in epoch {self.counters.epoch + 1}", step
            )
        if now - self._last_preview >= PREVIEW_SECONDS or self._steps_allowed is not None:
            self._show_previews()
        return None

    def _timed(self, read: Callable[[], _T]) -> _T:
        """Call `read`, which waits for the device, and add its duration to the waiting time."""
        started = time.perf_counter()
        result = read()
        self._waited += time.perf_counter() - started
        return result

    def _show_previews(self) -> None:
        self._last_preview = time.perf_counter()
        self._emit(self._preview.predict(self.state.model, self.counters.step, self.position))

    def _run_started(self, resumed: bool) -> ev.RunStarted:
        return ev.RunStarted(
            config=self._config,
            machine=self.state.machine,
            data=self.data.name,
            train_images=len(self.state.batches),
            validation_images=len(self._validation.labels),
            test_images=len(self.data.test_labels),
            parameters=self.state.step.parameters,
            steps_per_epoch=self.state.batches.steps_per_epoch(self._config.batch_size),
            step=self.counters.step,
            position=self.position,
            resumed=resumed,
            identity=self.data.identity,
            overlap=count_overlap(self.data, len(self.state.batches)),
            instead_of=self.instead_of,
        )

    def _start_clock(self) -> None:
        self._clock_started = self._last_progress = time.perf_counter()

    def _stop_clock(self) -> float:
        now = time.perf_counter()
        self.counters.seconds += now - self._clock_started
        self._clock_started = now
        return self.counters.seconds
