"""Where a run stands: what has to be remembered besides the weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from engine.config import TrainConfig


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
        """Undo `state`."""
        return cls(**state)


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The weights with the lowest validation loss so far, on the CPU, and the epoch (from 1) they are from."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    weights: dict[str, Tensor]

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Best:
        """Undo `state`."""
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
        """Undo `state`."""
        return cls(**state)
