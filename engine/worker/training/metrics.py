"""Figures of the steps since the last event and of the epoch so far, kept on the device and read when an event is due."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.worker.training.counters import checked

WINDOW = 4096
"""Most steps between two readings."""


@dataclass(frozen=True, slots=True)
class Window:
    """Training losses of the `steps` steps since the last reading; None where none was finite."""

    steps: int
    images: int
    loss: float | None
    low: float | None
    high: float | None
    non_finite: int
    first_non_finite: int | None
    """Which of the steps, from 0, was the first whose loss was not finite."""
    value: str
    """That loss in words: "nan", "inf"."""
    gradient_norm: float | None
    gradient_norm_high: float | None
    """Mean and greatest of the finite gradient norms."""
    last_loss: float
    last_gradient_norm: float
    """Of the last step, finite or not; NaN without one."""


Scalar = Tensor | float
"""A number, perhaps still on its way on the device."""


class Meter:
    """Collects what each step came to without waiting for it."""

    def __init__(self) -> None:
        self._steps: list[tuple[Scalar, Scalar, Scalar, int]] = []
        self._losses: list[float] = []
        self._norms: list[float] = []
        self._images = 0
        self.epoch = [0.0, 0.0, 0.0]
        """Sums over the epoch so far: loss × images, images read rightly, gradient norms."""
        self.epoch_steps = self.epoch_images = 0

    @property
    def full(self) -> bool:
        """Whether a reading is due for want of room."""
        return len(self._steps) >= WINDOW

    def add(self, loss: Scalar, right: Scalar, norm: Scalar, images: int) -> None:
        """One step's mean loss, number of images read rightly and gradient norm, numbers or scalars on the device."""
        self._steps.append((loss, right, norm, images))

    def _take_in(self) -> None:
        """Have the steps so far as numbers; waits for the device, once a column."""
        if not self._steps:
            return
        losses, rights, norms, counts = zip(*self._steps, strict=True)
        self._steps.clear()
        values = [_numbers(column) for column in (losses, rights, norms)]
        self._losses += values[0]
        self._norms += values[2]
        self._images += sum(counts)
        for loss, right, norm, count in zip(*values, counts, strict=True):
            # one by one, so that it changes nothing when they are read
            self.epoch[0] += loss * count
            self.epoch[1] += right
            self.epoch[2] += norm
        self.epoch_steps += len(counts)
        self.epoch_images += sum(counts)

    def read(self) -> Window:
        """The steps since the last reading; waits for the device."""
        self._take_in()
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
        """Mean loss and share read rightly over the epoch's images so far, mean gradient norm over its steps."""
        self._take_in()
        loss, right, norm = self.epoch
        return loss / max(self.epoch_images, 1), right / max(self.epoch_images, 1), norm / max(self.epoch_steps, 1)

    def end_epoch(self) -> None:
        """Begin the next epoch's sums."""
        self.epoch = [0.0, 0.0, 0.0]
        self.epoch_steps = self.epoch_images = 0

    def state(self) -> dict[str, object]:
        """The epoch's sums, for a checkpoint. Read the window before."""
        return {"epoch": list(self.epoch), "steps": self.epoch_steps, "images": self.epoch_images}

    def restore(self, state: dict[str, object]) -> None:
        """Undo `state`. Raises ValueError for what never was one."""
        sums = torch.tensor(state["epoch"], dtype=torch.float64)
        counts = checked({name: state[name] for name in ("steps", "images")}, {"steps": 0, "images": 0})
        if sums.shape != (3,) or not 0 <= sums[1] <= counts["images"]:
            raise ValueError(f"sums {sums.tolist()} over {counts['images']} images")
        self.epoch = sums.tolist()
        self.epoch_steps, self.epoch_images = counts["steps"], counts["images"]


def _numbers(column: Sequence[Scalar]) -> list[float]:
    if isinstance(column[0], Tensor):
        return [float(x) for x in torch.stack([x for x in column if isinstance(x, Tensor)]).tolist()]
    return [float(x) for x in column]
