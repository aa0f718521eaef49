"""Writes a run's checkpoints when they are due, and again where that failed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

from engine import events as ev
from engine.runs.folder import RunFolder
from engine.worker.training.checkpoint_file import Checkpoint, save_checkpoint
from engine.worker.training.safe_writer import SafeWriter
from engine.worker.training.training_state import TrainingState


class CheckpointWriter:
    """The checkpoints of one run in training."""

    def __init__(
        self, state: TrainingState, folder: RunFolder, saver: SafeWriter, emit: Callable[[ev.Event], object]
    ) -> None:
        self._state, self._folder, self._saver, self._emit = state, folder, saver, emit
        self._unsaved: list[tuple[ev.SavedKind, Checkpoint]] = []

    def save(self, kind: ev.SavedKind) -> None:
        """Write a checkpoint of the current state and emit `CheckpointSaved`."""
        self._write(kind, self._state.checkpoint(kind))

    def save_between_steps(self) -> None:
        """Write the last checkpoint, unless a weight is not finite."""
        if self._state.step.is_finite:
            self.save("last")

    def after_epoch(self, is_best: bool) -> None:
        """Write the checkpoints that are due after an epoch; the best one also if its file is missing."""
        state = self._state
        if is_best or (state.best and self._saver.is_missing(self._folder.checkpoint("best"))):
            self.save("best")
        self.save("last")
        if state.config.keep_every and state.counters.epoch % state.config.keep_every == 0:
            self.save("kept")

    def hold_what_failed(self, kinds: Sequence[ev.SavedKind]) -> None:
        """Keep in memory those of `kinds` that could not be written: the test loads other weights into the model."""
        failed = [kind for kind in kinds if self._saver.is_failing(self._path(kind))]
        self._unsaved = [(kind, copy.deepcopy(self._state.checkpoint(kind))) for kind in failed]

    def save_again(self) -> None:
        """Try again to write what is kept in memory: the disk may have free space by now."""
        for kind, checkpoint in self._unsaved:
            self._write(kind, checkpoint)

    def _path(self, kind: ev.SavedKind) -> Path:
        return self._folder.checkpoint(str(self._state.counters.epoch) if kind == "kept" else kind)

    def _write(self, kind: ev.SavedKind, checkpoint: Checkpoint) -> None:
        path, state = self._path(kind), self._state
        if self._saver.save(path, lambda there: save_checkpoint(there, checkpoint)):
            self._emit(ev.CheckpointSaved(kind=kind, epoch=state.counters.epoch, step=state.counters.step))
