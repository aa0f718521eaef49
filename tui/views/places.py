"""Where things of a run lie on the x axis, in steps, epochs, seconds or images."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from engine import history
from engine.events import EpochEnded
from engine.history import RunState
from engine.series import Point
from tui.views.window import XAxis


def place_of_point(point: Point, axis: XAxis) -> float:
    match axis:
        case "step":
            return point.step
        case "epoch":
            return point.position
        case "seconds":
            return point.seconds
        case "images":
            return point.images


def place_of_epoch(epoch: EpochEnded, axis: XAxis) -> float:
    match axis:
        case "step":
            return epoch.step
        case "epoch":
            return epoch.epoch
        case "seconds":
            return epoch.total_seconds
        case "images":
            return epoch.images


def place_of_mark(state: RunState, mark: history.Mark, axis: XAxis) -> float:
    match axis:
        case "step":
            return mark.step
        case "epoch":
            return mark.position
        case "seconds" | "images":
            points = state.losses.points
            at = bisect_left(points, mark.step, key=lambda point: point.step)
            return place_of_point(points[at], axis) if at < len(points) else 0.0


class Places:
    """Where any step of a run lies on an axis: between two recorded ones in proportion, and beyond the last as steeply as
    on the way there."""

    def __init__(self, state: RunState, axis: XAxis) -> None:
        points = state.losses.points
        rows: Iterable[tuple[int, float]]
        if points:
            rows = ((p.step, place_of_point(p, axis)) for p in points)
        else:
            rows = ((e.step, place_of_epoch(e, axis)) for e in state.epochs)
        self._identity = axis == "step"
        self._known: list[tuple[int, float]] = [(0, 0.0)] if self._identity else [(0, 0.0), *rows]

    def of(self, step: float) -> float:
        """The place of a step."""
        if self._identity:
            return step
        at = bisect_left(self._known, step, key=lambda row: row[0])
        if at == len(self._known):
            (x0, y0), (x1, y1) = self._known[0], self._known[-1]
        elif self._known[at][0] == step or at == 0:
            return self._known[at][1]
        else:
            (x0, y0), (x1, y1) = self._known[at - 1], self._known[at]
        return y1 + (step - x1) * (y1 - y0) / (x1 - x0) if x1 > x0 else y1


def place_of_step(state: RunState, step: float, axis: XAxis) -> float:
    """Where one step lies."""
    return Places(state, axis).of(step)
