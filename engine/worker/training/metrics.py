"""Metrics of the steps since the last event and of the current epoch, kept on the device and read when an event is due."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.worker.training.counters import checked

WINDOW = 4096
"""The maximum number of steps between two reads."""


@dataclass(frozen=True, slots=True)
class Window:
    """Training losses of the `steps` steps since the last read; None where none was finite."""

    steps: int
    images: int
    loss: float | None
    low: float | None
    high: float | None
    non_finite: int
    first_non_finite: int | None
    """Index of the first step whose loss was not finite."""
    value: str
    """That loss as text: "nan", "inf"."""
    gradient_norm: float | None
    gradient_norm_high: float | None
    """Mean and maximum of the finite gradient norms."""
    last_loss: float
    last_gradient_norm: float
    """Of the last step, finite or not; NaN without a step."""


Scalar = Tensor | float
"""A number, or a zero-dimensional tensor that may still be being computed on the device."""


@dataclass(slots=True)
class EpochSums:
    """Sums over the current epoch, as stored in a checkpoint."""

    loss: float = 0.0
    """Of the mean loss times the number of images."""
    correct: float = 0.0
    gradient_norm: float = 0.0
    steps: int = 0
    images: int = 0

    def encode(self) -> dict[str, object]:
        """As stored in a checkpoint."""
        return {"epoch": [self.loss, self.correct, self.gradient_norm], "steps": self.steps, "images": self.images}

    @classmethod
    def decode(cls, state: dict[str, object]) -> EpochSums:
        """Undo `encode`. Raises ValueError for invalid contents."""
        sums = torch.tensor(state["epoch"], dtype=torch.float64)
        counts = checked({name: state[name] for name in ("steps", "images")}, {"steps": 0, "images": 0})
        if sums.shape != (3,) or not 0 <= sums[1] <= counts["images"]:
            raise ValueError(f"sums {sums.tolist()} over {counts['images']} images")
        loss, correct, norm = sums.tolist()
        return cls(loss, correct, norm, counts["steps"], counts["images"])


class Meter:
    """Collects the results of each step without waiting for the device."""

    def __init__(self) -> None:
        self._steps: list[tuple[Scalar, Scalar, Scalar, int]] = []
        self._losses: list[float] = []
        self._norms: list[float] = []
        self._images = 0
        self._epoch = EpochSums()

    @property
    def full(self) -> bool:
        """Whether the buffer is full, so that `read` is due."""
        return len(self._steps) >= WINDOW

    def add(self, loss: Scalar, correct: Scalar, norm: Scalar, images: int) -> None:
        """Add a step: its mean loss, the number of correct predictions, and the gradient norm."""
        self._steps.append((loss, correct, norm, images))

    def _transfer(self) -> None:
        """Transfer the steps so far from the device; waits for it once per metric."""
        if not self._steps:
            return
        losses, corrects, norms, counts = zip(*self._steps, strict=True)
        self._steps.clear()
        values = [_numbers(column) for column in (losses, corrects, norms)]
        self._losses += values[0]
        self._norms += values[2]
        self._images += sum(counts)
        sums = self._epoch
        for loss, correct, norm, count in zip(*values, counts, strict=True):
            # one by one: the rounding must not depend on when they are read
            sums.loss += loss * count
            sums.correct += correct
            sums.gradient_norm += norm
        sums.steps += len(counts)
        sums.images += sum(counts)

    def read(self) -> Window:
        """The steps since the last read; waits for the device."""
        self._transfer()
        losses, images = self._losses, self._images
        last = [column[-1] if column else math.nan for column in (losses, self._norms)]
        finite, norms = ([x for x in column if math.isfinite(x)] for column in (losses, self._norms))
        self._losses, self._norms, self._images = [], [], 0
        first = next((i for i, x in enumerate(losses) if not math.isfinite(x)), None)
        return Window(
            steps=len(losses),
            images=images,
            loss=sum(finite) / len(finite) if finite else None,
            low=min(finite, default=None),
            high=max(finite, default=None),
            non_finite=len(losses) - len(finite),
            first_non_finite=first,
            value="" if first is None else str(losses[first]),
            gradient_norm=sum(norms) / len(norms) if norms else None,
            gradient_norm_high=max(norms, default=None),
            last_loss=last[0],
            last_gradient_norm=last[1],
        )

    def epoch_means(self) -> tuple[float, float, float]:
        """Mean loss and accuracy over the epoch's images so far, and the mean gradient norm over its steps."""
        self._transfer()
        sums = self._epoch
        images, steps = max(sums.images, 1), max(sums.steps, 1)
        return sums.loss / images, sums.correct / images, sums.gradient_norm / steps

    @property
    def epoch_images(self) -> int:
        """The number of images in the epoch's sums."""
        return self._epoch.images

    def end_epoch(self) -> None:
        """Start the next epoch's sums."""
        self._epoch = EpochSums()

    def epoch_sums(self) -> EpochSums:
        """The epoch's sums, for a checkpoint. Call `read` before."""
        return replace(self._epoch)

    def restore(self, sums: EpochSums) -> None:
        """Continue from a checkpoint's sums."""
        self._epoch = sums


def _numbers(column: Sequence[Scalar]) -> list[float]:
    if isinstance(column[0], Tensor):
        return [float(x) for x in torch.stack([x for x in column if isinstance(x, Tensor)]).tolist()]
    return [float(x) for x in column]
