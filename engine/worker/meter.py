"""Figures of the steps since the last event and of the epoch so far, kept on the device and read when an event is due."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.worker.progress import checked

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


class Meter:
    """Collects losses (scalars on the device) without waiting for them."""

    def __init__(self, device: torch.device) -> None:
        self._losses = torch.zeros(WINDOW, device=device)
        self._norm = torch.zeros((), device=device)
        self._steps = self._images = 0
        exact = torch.float32 if device.type == "mps" else torch.float64  # Metal has no doubles
        self.epoch = torch.zeros(3, dtype=exact, device=device)
        """Sums over the epoch so far: loss × images, images read rightly, gradient norms."""
        self.epoch_steps = self.epoch_images = 0

    @property
    def full(self) -> bool:
        """Whether a reading is due for want of room."""
        return self._steps == WINDOW

    def add(self, loss: Tensor, right: Tensor, norm: Tensor, images: int) -> None:
        """One step's mean loss, number of images read rightly and gradient norm, all on the device."""
        self._losses[self._steps] = loss
        self._norm = norm
        self._steps += 1
        self._images += images
        exact = self.epoch.dtype
        self.epoch += torch.stack((loss.to(exact) * images, right.to(exact), norm.to(exact)))
        self.epoch_steps += 1
        self.epoch_images += images

    def read(self) -> Window:
        """The steps since the last reading; waits for the device."""
        losses = self._losses[: self._steps].tolist()
        finite = [x for x in losses if math.isfinite(x)]
        first = next((i for i, x in enumerate(losses) if not math.isfinite(x)), None)
        norm = self._norm.item() if losses else math.nan
        window = Window(
            steps=len(losses),
            images=self._images,
            loss=sum(finite) / len(finite) if finite else None,
            low=min(finite, default=None),
            high=max(finite, default=None),
            non_finite=len(losses) - len(finite),
            first_non_finite=first,
            value="" if first is None else str(losses[first]),
            gradient_norm=norm if math.isfinite(norm) else None,
        )
        self._steps = self._images = 0
        return window

    def epoch_means(self) -> tuple[float, float, float]:
        """Mean loss and share read rightly over the epoch's images so far, mean gradient norm over its steps."""
        loss, right, norm = self.epoch.tolist()
        return loss / max(self.epoch_images, 1), right / max(self.epoch_images, 1), norm / max(self.epoch_steps, 1)

    def end_epoch(self) -> None:
        """Begin the next epoch's sums."""
        self.epoch.zero_()
        self.epoch_steps = self.epoch_images = 0

    def state(self) -> dict[str, object]:
        """The epoch's sums, for a checkpoint. Read the window before."""
        return {"epoch": self.epoch.tolist(), "steps": self.epoch_steps, "images": self.epoch_images}

    def restore(self, state: dict[str, object]) -> None:
        """Undo `state`. Raises ValueError for what never was one."""
        sums = torch.tensor(state["epoch"], dtype=self.epoch.dtype)
        counts = checked({name: state[name] for name in ("steps", "images")}, {"steps": 0, "images": 0})
        if sums.shape != self.epoch.shape or not 0 <= sums[1] <= counts["images"]:
            raise ValueError(f"sums {sums.tolist()} over {counts['images']} images")
        self.epoch.copy_(sums)
        self.epoch_steps, self.epoch_images = counts["steps"], counts["images"]
