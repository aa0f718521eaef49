"""Where a run stands: what has to be remembered besides the weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from engine.config import TrainConfig

_MOST = 2**53
"""What counts and seconds stay below: the whole numbers that every reader of JSON has."""


def checked(state: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """`state`, with the names and types of `like`, none of its numbers below 0. Raises ValueError where it is not so."""
    if state.keys() != like.keys():
        raise ValueError(f"holds {', '.join(map(str, state))}")
    for name, value in state.items():
        if type(value) is not type(like[name]) or not (0 <= value < _MOST or value == like[name]):
            raise ValueError(f"{name} is {value!r:.50}")
    return state


def _shapes(weights: dict[str, Tensor]) -> dict[str, Any]:
    return {name: value.shape for name, value in weights.items()}


@dataclass(slots=True)
class Place:
    """Whole epochs and steps trained, images taken of the epoch under way, images in all, seconds at work."""

    epoch: int = 0
    offset: int = 0
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    seconds_at_epoch: float = 0.0

    def advance(self, images: int) -> None:
        """One step on `images` images is done."""
        self.step += 1
        self.offset += images
        self.images += images

    def end_epoch(self) -> None:
        """The epoch's images are all taken."""
        self.epoch += 1
        self.offset = 0

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Place:
        """Undo `state`. Raises ValueError for what never was one."""
        return cls(**checked(state, asdict(cls())))


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The weights that did best on validation so far, on the CPU, and the epoch (from 1) they are from."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    weights: dict[str, Tensor]

    def beaten_by(self, loss: float, accuracy: float, by: str) -> bool:
        """Whether a later validation is better, `by` its "loss" or its "accuracy" (the loss decides between equals)."""
        if by == "accuracy" and accuracy != self.accuracy:
            return accuracy > self.accuracy
        return loss < self.loss

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def restore(cls, state: dict[str, Any], like: dict[str, Tensor]) -> Best:
        """Undo `state`; `like` holds weights of the same network. Raises ValueError for what never was one."""
        figures = {name: value for name, value in state.items() if name != "weights"}
        checked(figures, {"epoch": 0, "step": 0, "loss": 0.0, "accuracy": 0.0})
        if _shapes(state["weights"]) != _shapes(like):
            raise ValueError("best weights of another network")
        return cls(**state)


@dataclass(slots=True)
class Plateau:
    """The plateau schedule's memory: what its cuts have come to, and how long the loss has not been lower."""

    scale: float = 1.0
    lowest: float = float("inf")
    waited: int = 0

    def see(self, loss: float, config: TrainConfig) -> None:
        """Take an epoch's validation loss into account."""
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            return
        self.waited += 1
        if config.schedule == "plateau" and self.waited > config.plateau_patience:
            self.scale *= config.factor
            self.waited = 0

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Plateau:
        """Undo `state`. Raises ValueError for what never was one."""
        return cls(**checked(state, asdict(cls())))
