"""One drawing, and what a run's weights have read in it so far: what is to be asked next, and what is known already."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.commands import PredictPictures
from engine.events import CheckpointKind
from engine.state.run_state import RunState
from tui.views.opinion import Answer, Opinion


@dataclass(frozen=True, slots=True)
class Wanted:
    """A drawing under the eyes of a run's weights, as they were saved last (epoch and step, where that is known)."""

    run: str
    created: float
    weights: CheckpointKind
    saved: tuple[int, int] | None
    pixels: bytes

    @property
    def question(self) -> PredictPictures:
        """How the engine is asked for it."""
        return PredictPictures(run=self.run, weights=self.weights, pixels=self.pixels)


@dataclass(slots=True)
class Rereading:
    """Follows the drawing and the run. `pixels` are what the network sees, 28 × 28; None of a blank sheet."""

    pixels: bytes | None = None
    _run: tuple[str, float] = ("", 0.0)
    _saved: dict[CheckpointKind, tuple[int, int]] = field(default_factory=dict)
    _answers: dict[CheckpointKind, tuple[Wanted, Answer]] = field(default_factory=dict)
    _opinions: dict[CheckpointKind, tuple[Opinion, ...]] = field(default_factory=dict)

    def follow(self, state: RunState) -> None:
        """Take notice of the run that is shown, and of the checkpoint it has saved last."""
        if (state.run, state.created) != self._run:
            self._run = (state.run, state.created)
            self._saved.clear()
            self._forget()
        if (saved := state.checkpoint) is not None and saved.kind != "kept":
            self._saved[saved.kind] = (saved.epoch, saved.step)
            best = state.best
            if best is not None and saved.kind == "last":  # the best weights come before the last, and may not be seen
                self._saved["best"] = (best.epoch, best.step)

    def take(self, pixels: bytes | None) -> None:
        """Take another drawing."""
        if pixels != self.pixels:
            self.pixels = pixels
            self._forget()

    def _forget(self) -> None:
        self._answers.clear()
        self._opinions.clear()

    def wanted(self, weights: CheckpointKind) -> Wanted | None:
        """What there is to ask; nothing of a blank sheet, or without a run."""
        run, created = self._run
        if self.pixels is None or not run:
            return None
        return Wanted(run, created, weights, self._saved.get(weights), self.pixels)

    def keep(self, wanted: Wanted, answer: Answer) -> None:
        """An answer has come; one to another drawing or about another run is of no use any more."""
        if (wanted.run, wanted.created) != self._run or wanted.pixels != self.pixels:
            return
        self._answers[wanted.weights] = (wanted, answer)
        if isinstance(answer, Opinion):
            before = (each for each in self._opinions.get(wanted.weights, ()) if each.epoch < answer.epoch)
            self._opinions[wanted.weights] = (*before, answer)

    def answer(self, weights: CheckpointKind) -> Answer | None:
        """The answer to what is wanted now, if it is known."""
        wanted, answer = self._answers.get(weights, (None, None))
        return answer if wanted is not None and wanted == self.wanted(weights) else None

    def opinions(self, weights: CheckpointKind) -> tuple[Opinion, ...]:
        """What the epochs have read in this drawing, the newest last."""
        return self._opinions.get(weights, ())
