"""Where things of a run lie on the x axis, in steps, epochs, seconds or images."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

from engine.events import EpochEnded
from engine.state import run_state
from engine.state.loss_series import Point
from engine.state.run_state import RunState
from tui.views.window import XAxis

_Known = TypeVar("_Known", Point, EpochEnded)


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


def place_of_mark(state: RunState, mark: run_state.Mark, axis: XAxis) -> float:
    match axis:
        case "step":
            return mark.step
        case "epoch":
            return mark.position
        case "seconds" | "images":
            points = state.losses.points
            at = bisect_left(points, mark.step, key=lambda point: point.step)
            return place_of_point(points[at], axis) if at < len(points) else 0.0


def place_of_step(state: RunState, step: float, axis: XAxis) -> float:
    """Where any step lies: between two recorded ones in proportion, and beyond the last as steeply as on the way there."""
    points = state.losses.points
    if axis == "step":
        return step
    if points:
        return _between(points, step, lambda p: (p.step, place_of_point(p, axis)))
    return _between(state.epochs, step, lambda e: (e.step, place_of_epoch(e, axis)))


def _between(known: Sequence[_Known], step: float, row: Callable[[_Known], tuple[float, float]]) -> float:
    """By the steps and places of what is known; a run begins at 0."""
    at = bisect_left(known, step, key=lambda one: row(one)[0])
    if at == len(known):
        (x0, y0), (x1, y1) = (0.0, 0.0), row(known[-1]) if known else (0.0, 0.0)
    else:
        (x0, y0), (x1, y1) = row(known[at - 1]) if at else (0.0, 0.0), row(known[at])
    return y1 + (step - x1) * (y1 - y0) / (x1 - x0) if x1 > x0 else y1
