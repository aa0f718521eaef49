"""A run's checkpoints: written when it is time to, and once more where they could not be."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import events as ev
from engine.runs.folder import RunFolder
from engine.worker.training.checkpoint_file import save_checkpoint
from engine.worker.training.safe_writer import SafeWriter
from engine.worker.training.training_state import TrainingState


class CheckpointWriter:
    """Of one run in training, in its folder."""

    def __init__(
        self, standing: TrainingState, folder: RunFolder, saver: SafeWriter, emit: Callable[[ev.Event], object]
    ) -> None:
        self._standing, self._folder, self._saver, self._emit = standing, folder, saver, emit
        self._unsaved: list[tuple[ev.SavedKind, dict[str, Any]]] = []

    def save(self, kind: ev.SavedKind) -> None:
        """Write a checkpoint of where the run stands, and tell of it."""
        self._write(kind, self._standing.contents(kind))

    def save_between_steps(self) -> None:
        """Write the last checkpoint, but none with weights that are lost already."""
        if self._standing.step.is_finite:
            self.save("last")

    def after_epoch(self, is_best: bool) -> None:
        """Write those that are due after an epoch, and a best one that somebody has taken away."""
        standing = self._standing
        if is_best or (standing.best and self._saver.is_missing(self._folder.checkpoint("best"))):
            self.save("best")
        self.save("last")
        if standing.config.keep_every and standing.place.epoch % standing.config.keep_every == 0:
            self.save("kept")

    def hold_what_failed(self, kinds: Sequence[ev.SavedKind]) -> None:
        """Hold those of `kinds` that could not be written as they are now: the test takes other weights."""
        failed = [kind for kind in kinds if self._saver.is_failing(self._path(kind))]
        self._unsaved = [(kind, copy.deepcopy(self._standing.contents(kind))) for kind in failed]

    def save_again(self) -> None:
        """Try once more what is held, with the run over: a disk may have room again."""
        for kind, contents in self._unsaved:
            self._write(kind, contents)

    def _path(self, kind: ev.SavedKind) -> Path:
        return self._folder.checkpoint(str(self._standing.place.epoch) if kind == "kept" else kind)

    def _write(self, kind: ev.SavedKind, contents: dict[str, Any]) -> None:
        path, standing = self._path(kind), self._standing
        if self._saver.save(path, lambda there: save_checkpoint(there, standing.config, contents)):
            self._emit(ev.CheckpointSaved(kind=kind, epoch=standing.place.epoch, step=standing.place.step))
