"""Where one is in a list of images that is shown page by page, and how keys move there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Move = Literal["left", "right", "up", "down", "page_up", "page_down", "home", "end"]

_NOBODY: npt.NDArray[np.intp] = np.empty(0, np.intp)


@dataclass(slots=True, eq=False)
class Cursor:
    """`order` (M,) are the images by their places in the split, `place` is where one is among them, `image` which is looked at.

    The image stays the one that is looked at while the list changes around it, also where it is no longer in it.
    """

    order: npt.NDArray[np.intp] = field(default_factory=lambda: _NOBODY)
    place: int = 0
    image: int | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether the image is none of the list."""
        return self.image is not None and not (self.place < len(self.order) and self.order[self.place] == self.image)

    def take(self, order: npt.NDArray[np.intp], *, keep: bool) -> None:
        """Another list: with `keep` the same image is looked at, else the first."""
        self.order = order
        found = np.flatnonzero(order == self.image) if keep and self.image is not None else _NOBODY
        if len(found):
            self.place = int(found[0])
        elif keep and self.image is not None:
            self.place = min(self.place, max(len(order) - 1, 0))
        else:
            self.go(0)

    def go(self, place: int) -> None:
        """To a place, or the nearest there is."""
        self.place = min(max(place, 0), max(len(self.order) - 1, 0))
        self.image = int(self.order[self.place]) if len(self.order) else None

    def move(self, how: Move, per_row: int, page_size: int) -> None:
        """By a key. From an image that is not in the list it leads to where that was."""
        if not len(self.order):
            return
        last = len(self.order) - 1
        match how:
            case "home":
                self.go(0)
            case "end":
                self.go(last)
            case _ if self.elsewhere:
                self.go(self.place)
            case "left":
                self.go(self.place - 1)
            case "right":
                self.go(self.place + 1)
            case "up":
                self.go(self.place - per_row if self.place >= per_row else self.place)
            case "down":
                self.go(self.place + per_row if self.place // per_row < last // per_row else self.place)
            case "page_up":
                self.go(self.place - page_size)
            case "page_down":
                self.go(self.place + page_size)
