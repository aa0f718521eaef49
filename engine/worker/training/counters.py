"""The progress of a run: its counters, the best weights so far, and the state of the plateau schedule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from engine.config import TrainConfig

_LIMIT = 2**53
"""Above every count and time: integers up to it are exact in every JSON reader."""


def checked(state: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """`state` if it has the keys and types of `like` and no negative number. Raises ValueError otherwise."""
    if state.keys() != like.keys():
        raise ValueError(f"holds {', '.join(map(str, state))}")
    for name, value in state.items():
        if type(value) is not type(like[name]) or not (0 <= value < _LIMIT or value == like[name]):
            raise ValueError(f"{name} is {value!r:.50}")
    return state


def _shapes(weights: dict[str, Tensor]) -> dict[str, Any]:
    return {name: value.shape for name, value in weights.items()}


@dataclass(slots=True)
class Counters:
    """Epochs finished, images of the current epoch used (`offset`), steps, images in total, and seconds of training."""

    epoch: int = 0
    offset: int = 0
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    seconds_at_epoch: float = 0.0

    def advance(self, images: int) -> None:
        """Count one step on `images` images."""
        self.step += 1
        self.offset += images
        self.images += images

    def end_epoch(self) -> None:
        """Count a finished epoch."""
        self.epoch += 1
        self.offset = 0

    def encode(self) -> dict[str, Any]:
        """As stored in a checkpoint."""
        return asdict(self)

    @classmethod
    def decode(cls, state: dict[str, Any]) -> Counters:
        """Undo `encode`. Raises ValueError for invalid contents."""
        return cls(**checked(state, asdict(cls())))


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The weights with the best validation result so far, on the CPU, and the epoch (from 1) they are from."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    weights: dict[str, Tensor]

    def beaten_by(self, loss: float, accuracy: float, by: str) -> bool:
        """Whether a later validation is better, `by` "loss" or "accuracy" (equal accuracies are compared by loss)."""
        if by == "accuracy" and accuracy != self.accuracy:
            return accuracy > self.accuracy
        return loss < self.loss

    def encode(self) -> dict[str, Any]:
        """As stored in a checkpoint."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def decode(cls, state: dict[str, Any]) -> Best:
        """Undo `encode`. Raises ValueError for invalid contents."""
        numbers = {name: value for name, value in state.items() if name != "weights"}
        checked(numbers, {"epoch": 0, "step": 0, "loss": 0.0, "accuracy": 0.0})
        return cls(**state)

    def require_shapes(self, like: dict[str, Tensor]) -> None:
        """Raise ValueError if the weights do not fit the network with the state dict `like`."""
        if _shapes(self.weights) != _shapes(like):
            raise ValueError("best weights of another network")


@dataclass(slots=True)
class Plateau:
    """The state of the plateau schedule: the learning rate's factor, the lowest loss, and epochs without a lower one."""

    scale: float = 1.0
    lowest: float = float("inf")
    waited: int = 0

    def update(self, loss: float, config: TrainConfig) -> None:
        """Account for an epoch's validation loss."""
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            return
        self.waited += 1
        if config.schedule == "plateau" and self.waited > config.plateau_patience:
            self.scale *= config.factor
            self.waited = 0

    def encode(self) -> dict[str, Any]:
        """As stored in a checkpoint."""
        return asdict(self)

    @classmethod
    def decode(cls, state: dict[str, Any]) -> Plateau:
        """Undo `encode`. Raises ValueError for invalid contents."""
        return cls(**checked(state, asdict(cls())))
