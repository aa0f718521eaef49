"""The two charts of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from engine import history
from engine.events import EpochEnded
from engine.history import RunState
from engine.series import Point
from tui.lazy import lazy
from tui.views import figures
from tui.widgets.plot import Curve, Mark, Plot
from tui.widgets.series import ema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    np = lazy("numpy")

XAxis = Literal["step", "epoch", "seconds"]
X_AXES: tuple[XAxis, ...] = ("step", "epoch", "seconds")
SMOOTHING = (0.0, 0.6, 0.9, 0.97)


@dataclass(frozen=True, slots=True)
class Options:
    """How the charts are drawn: loss axis, weight of the past in the smoothed loss, what stands on the x axis."""

    log_y: bool = True
    smoothing: float = 0.9
    x_axis: XAxis = "epoch"

    def other_axis(self) -> Options:
        return replace(self, log_y=not self.log_y)

    def next_smoothing(self) -> Options:
        return replace(self, smoothing=SMOOTHING[(SMOOTHING.index(self.smoothing) + 1) % len(SMOOTHING)])

    def next_x_axis(self) -> Options:
        return replace(self, x_axis=X_AXES[(X_AXES.index(self.x_axis) + 1) % len(X_AXES)])


def how_drawn(options: Options) -> str:
    """The loss chart's options in words, for its frame."""
    smooth = f"smoothed {options.smoothing:g}" if options.smoothing else "as it was"
    return f"{smooth}, {'log' if options.log_y else 'linear'}, by {options.x_axis}"


def loss_plot(state: RunState, options: Options, *, parent: RunState | None = None, star: str = "★") -> Plot:
    """Training loss by step, as it was and smoothed, and validation loss by epoch; of a branch its parent's, too."""
    points = state.losses.points
    x = _floats([_place_of_point(p, options.x_axis) for p in points])
    y = _floats([p.mean for p in points])
    low, high = _floats([p.low for p in points]), _floats([p.high for p in points])
    latest = figures.loss(points[-1].mean) if points else "–"
    curves = []
    if options.smoothing:
        smooth = ema(y, options.smoothing, _floats([max(p.count, 1) for p in points]))
        finite = smooth[np.isfinite(smooth)]
        current = figures.loss(float(finite[-1])) if len(finite) and points[-1].mean is not None else latest
        curves.append(Curve("", x, y, low, high, role="raw"))
        curves.append(Curve("training", x, smooth, role="train", current=current))
    else:
        curves.append(Curve("training", x, y, low, high, role="train", current=latest))
    curves.append(_epoch_curve(state, options, lambda e: e.validation_loss, "validation", figures.loss))
    if parent is not None:
        curves.append(_parent_curve(parent, options, lambda e: e.validation_loss, figures.loss))
    return Plot(
        title="",
        x_label=options.x_axis,
        y_label="",
        curves=tuple(curves),
        marks=_marks(state, options, star),
        log_y=options.log_y,
        x_max=x_end(state, options.x_axis),
        note=_note(state),
    )


def accuracy_plot(state: RunState, options: Options, *, parent: RunState | None = None) -> Plot:
    """Training and validation accuracy by epoch; of a branch its parent's, too."""
    train = _epoch_curve(state, options, lambda e: e.train_accuracy, "training", figures.percent, role="train")
    validation = _epoch_curve(state, options, lambda e: e.validation_accuracy, "validation", figures.percent)
    curves = [train, validation]
    if parent is not None:
        curves.append(_parent_curve(parent, options, lambda e: e.validation_accuracy, figures.percent))
    reached = max((float(y) for curve in curves for y in curve.y), default=0.0)
    return Plot(
        title="",
        x_label=options.x_axis,
        y_label="",
        curves=tuple(curves),
        y_max=1.0 if reached > 0.5 else None,
        percent=True,
        x_max=x_end(state, options.x_axis),
    )


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _place_of_point(point: Point, axis: XAxis) -> float:
    match axis:
        case "step":
            return point.step
        case "epoch":
            return point.position
        case "seconds":
            return point.seconds


def _place_of_epoch(epoch: EpochEnded, axis: XAxis) -> float:
    match axis:
        case "step":
            return epoch.step
        case "epoch":
            return epoch.epoch
        case "seconds":
            return epoch.total_seconds


def _epoch_curve(
    state: RunState,
    options: Options,
    value: Callable[[EpochEnded], float | None],
    label: str,
    write: Callable[[float], str],
    role: Literal["train", "validation"] = "validation",
) -> Curve:
    values = [value(epoch) for epoch in state.epochs]
    last = values[-1] if values else None
    current = "–" if not values else "not finite" if last is None else write(last)
    x = _floats([_place_of_epoch(epoch, options.x_axis) for epoch in state.epochs])
    return Curve(label, x, _floats(values), role=role, points=True, current=current)


def _parent_curve(
    parent: RunState, options: Options, value: Callable[[EpochEnded], float | None], write: Callable[[float], str]
) -> Curve:
    curve = _epoch_curve(parent, options, value, "parent", write)
    return replace(curve, role="other")


def _marks(state: RunState, options: Options, star: str) -> tuple[Mark, ...]:
    """The best epoch, and where something was changed: the last change in words."""
    best = state.best
    found = [Mark(_place_of_epoch(best, options.x_axis), f"best: epoch {best.epoch}", star)] if best else []
    changes = [mark for mark in state.marks if mark.kind == "changed"]
    sign = "^" if star == "*" else "▲"
    for number, mark in enumerate(changes, 1):
        last = number == len(changes)
        more = f" at epoch {mark.position:.1f}" + (f", {number} changes" if number > 1 else "")
        found.append(Mark(_place_of_mark(state, mark, options.x_axis), f"{mark.text}{more}" if last else "", sign))
    return tuple(found)


def _place_of_mark(state: RunState, mark: history.Mark, axis: XAxis) -> float:
    match axis:
        case "step":
            return mark.step
        case "epoch":
            return mark.position
        case "seconds":
            return next((p.seconds for p in state.losses.points if p.step >= mark.step), 0.0)


def _note(state: RunState) -> str:
    end = state.finished
    if end and end.outcome == "diverged":
        return f"diverged at step {figures.count(end.step)}, epoch {math.ceil(end.position)}"
    return ""


_LADDER = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


def x_end(state: RunState, axis: XAxis) -> float | None:
    """Where the x axis ends: in steps rather than with every point, so that the picture stands still in between."""
    started = state.started
    if started is None:
        return None
    if axis == "seconds":
        seconds = state.progress.seconds if state.progress else 0.0
        return None if state.finished else _above(max(seconds, 5.0))
    end = state.position
    if not state.finished:
        end = min(max(_above(max(state.position, 0.125)), 0.125), max(float(state.config.epochs), state.position))
    return end if axis == "epoch" else end * started.steps_per_epoch


def _above(value: float) -> float:
    """The next place of the ladder 1, 1.5, 2, 3, 4, 6, 8, 10, 15 … (times any power of ten) that is at least `value`."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(power * m for m in (*_LADDER, 10.0) if power * m >= value * (1 - 1e-9)))
