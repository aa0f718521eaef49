"""What a pane of the Inside screen asks, under which key its answer is kept, and the answer in a type of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import commands as cmd
from engine.events import CheckpointKind
from tui.data.digit_walk import Walk
from tui.views.inside import (
    CORRUPTIONS,
    Answer,
    Pane,
    activations_of,
    occlusion_of,
    robustness_of,
    weights_of,
)

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """A pane with all that decides its answer: which weights, and for an occlusion the digit and the patch."""

    pane: Pane
    weights: CheckpointKind
    walk: Walk | None
    patch: int

    @property
    def key(self) -> Key:
        """What the answer is kept under; of four answers what their keys begin with."""
        if self.pane == "occlusion":
            return (self.pane, self.weights, self.walk.index if self.walk else -1, self.patch)
        return (self.pane, self.weights)

    @property
    def all_keys(self) -> list[Key]:
        """The keys of all answers the pane shows: one, or one for each corruption."""
        return [(*self.key, each) for each in CORRUPTIONS] if self.pane == "robustness" else [self.key]

    def question(self, key: Key, run: str) -> cmd.Query:
        """The question whose answer is kept under one of `all_keys`. An occlusion needs a digit to be walked to first."""
        match self.pane:
            case "weights":
                return cmd.ShowWeights(run=run, weights=self.weights)
            case "occlusion":
                pixels = self.walk.digits.images[self.walk.index].tobytes() if self.walk else b""
                return cmd.MapOcclusion(run=run, weights=self.weights, pixels=pixels, patch=self.patch)
            case "activations":
                return cmd.MeasureActivations(run=run, weights=self.weights)
            case "robustness":
                corruption = next(each for each in CORRUPTIONS if each == key[-1])
                return cmd.MeasureRobustness(run=run, weights=self.weights, corruption=corruption)

    def answer(self, reported: Mapping[str, Any]) -> Answer:
        """What the engine answered to `question`."""
        if self.pane == "occlusion" and self.walk is not None:
            digits, index = self.walk.digits, self.walk.index
            return occlusion_of(reported, index, int(digits.labels[index]), digits.images[index])
        if self.pane == "weights":
            return weights_of(reported)
        return activations_of(reported) if self.pane == "activations" else robustness_of(reported)
