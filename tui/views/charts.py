"""The charts of a run."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from engine.events import EpochEnded
from engine.state.loss_series import Point
from engine.state.run_state import RunState
from engine.text import numbers
from tui.plotting.downsample import ema
from tui.plotting.lazy_import import lazy
from tui.plotting.plot import Curve, Plot
from tui.views.marks import marks
from tui.views.places import place_of_epoch, place_of_point, place_of_step
from tui.views.window import ChartView, Options, XAxis, limits, recorded, snapped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    np = lazy("numpy")

_WHOLE = ChartView()


def how_drawn(options: Options) -> str:
    """The loss chart's options in words, for its frame."""
    smooth = f"smoothed {options.smoothing:g}" if options.smoothing else "as it was"
    by = f"log {options.x_axis}" if options.log_x else options.x_axis
    return f"{smooth}, {'log' if options.log_y else 'linear'}, by {by}"


def loss_plot(
    state: RunState,
    options: Options,
    *,
    parent: RunState | None = None,
    star: str = "★",
    view: ChartView = _WHOLE,
) -> Plot:
    """Training loss by step, as it was and smoothed, and validation loss by epoch; of a branch its parent's, too."""
    curves = smoothed(state, options, "training", [p.mean for p in state.losses.points], numbers.loss, envelope=True)
    curves.append(epoch_curve(state, options, lambda e: e.validation_loss, "validation", numbers.loss))
    if parent is not None:
        curves.append(_parent_curve(parent, options, lambda e: e.validation_loss, numbers.loss))
    return Plot(
        title="",
        x_label=options.x_axis,
        y_label="",
        curves=tuple(curves),
        marks=marks(state, options, star),
        log_y=options.log_y,
        note=_note(state),
        **across(state, options, view),
    )


def accuracy_plot(
    state: RunState, options: Options, *, parent: RunState | None = None, view: ChartView = _WHOLE
) -> Plot:
    """Training and validation accuracy by epoch; of a branch its parent's, too."""
    train = epoch_curve(state, options, lambda e: e.train_accuracy, "training", numbers.percent, role="train")
    validation = epoch_curve(state, options, lambda e: e.validation_accuracy, "validation", numbers.percent)
    curves = [train, validation]
    if parent is not None:
        curves.append(_parent_curve(parent, options, lambda e: e.validation_accuracy, numbers.percent))
    reached = max((float(y) for curve in curves for y in curve.y), default=0.0)
    whole = view.window is None
    return Plot(
        title="",
        x_label=options.x_axis,
        y_label="",
        curves=tuple(curves),
        y_max=1.0 if reached > 0.5 and whole else None,
        percent=True,
        **across(state, options, view),
    )


def with_cursor(plot: Plot, state: RunState, view: ChartView, steps: Sequence[int]) -> Plot:
    """The plot with the cursor and the values there, where there is one."""
    if view.cursor is None or not steps:
        return plot
    step = snapped(steps, view.cursor)
    return plot.at(step, place_of_step(state, step, view.options.x_axis))


def across(state: RunState, options: Options, view: ChartView) -> dict[str, Any]:
    """What all charts have in common: how their x axis is drawn, and which part of it is shown."""
    steps = recorded(state) if view.window is not None else ()
    window = limits(view, steps)
    if window is None:
        return {"x_max": x_end(state, options.x_axis), "log_x": options.log_x}
    start = max(window[0], steps[0]) if options.log_x else window[0]  # a logarithm has no beginning at 0
    first, last = (place_of_step(state, step, options.x_axis) for step in (start, window[1]))
    return {"x_limits": (first, last), "log_x": options.log_x}


def smoothed(
    state: RunState,
    options: Options,
    label: str,
    values: Sequence[float | None],
    write: Callable[[float], str],
    *,
    envelope: bool = False,
) -> list[Curve]:
    """A value of every point as it was, with the envelope if asked, and smoothed over it."""
    points = state.losses.points
    x, y = floats([place_of_point(p, options.x_axis) for p in points]), floats(values)
    low = high = None
    if envelope:
        low, high = floats([p.low for p in points]), floats([p.high for p in points])
    latest = write(math.nan if values[-1] is None else values[-1]) if points else "–"
    if not options.smoothing:
        reported = _told_points(points, y, write, envelope=envelope)
        return [Curve(label, x, y, low, high, role="train", current=latest, reported=reported)]
    smooth = ema(y, options.smoothing, floats([max(p.count, 1) for p in points]))
    finite = smooth[np.isfinite(smooth)]
    current = write(float(finite[-1])) if len(finite) and values[-1] is not None else latest
    reported = _told_points(points, smooth, write, envelope=envelope)
    return [
        Curve("", x, y, low, high, role="raw"),
        Curve(label, x, smooth, role="train", current=current, reported=reported),
    ]


def _told_points(
    points: Sequence[Point], y: Floats, write: Callable[[float], str], *, envelope: bool
) -> Callable[[int], str]:
    """What the curve has at a step: its value there, and of a point that stands for many steps their least and greatest."""

    def reported(step: int) -> str:
        at = min(bisect_left(points, step, key=lambda p: p.step), len(points) - 1)
        if at < 0:
            return "–"
        point = points[at]
        value = write(float(y[at]))
        if not envelope or point.low is None or point.high is None or point.low == point.high:
            return value
        return f"{value} ({write(point.low)}–{write(point.high)})"

    return reported


def epoch_curve(
    state: RunState,
    options: Options,
    value: Callable[[EpochEnded], float | None],
    label: str,
    write: Callable[[float], str],
    role: Literal["train", "validation"] = "validation",
) -> Curve:
    """A value of every epoch."""
    values = [value(epoch) for epoch in state.epochs]
    x = floats([place_of_epoch(epoch, options.x_axis) for epoch in state.epochs])

    def said(number: int) -> str:
        value = values[number]
        return "not finite" if value is None else write(value)

    def reported(step: int) -> str:
        at = bisect_right(state.epochs, step, key=lambda e: e.step) - 1
        return f"{said(at)} (epoch {state.epochs[at].epoch})" if at >= 0 else "–"

    return Curve(
        label, x, floats(values), role=role, points=True, current=said(-1) if values else "–", reported=reported
    )


def floats(values: Sequence[float | None]) -> Floats:
    """The values as an array, NaN for None."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _parent_curve(
    parent: RunState, options: Options, value: Callable[[EpochEnded], float | None], write: Callable[[float], str]
) -> Curve:
    curve = epoch_curve(parent, options, value, "parent", write)
    return replace(curve, role="other")


def _note(state: RunState) -> str:
    end = state.finished
    if end and end.diverged:
        return f"diverged at step {numbers.count(end.ended_at)}, epoch {math.ceil(end.position)}"
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
    return end * {"epoch": 1, "step": started.steps_per_epoch, "images": started.train_images}[axis]


def _above(value: float) -> float:
    """The next place of the ladder 1, 1.5, 2, 3, 4, 6, 8, 10, 15 … (times any power of ten) that is at least `value`."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(power * m for m in (*_LADDER, 10.0) if power * m >= value * (1 - 1e-9)))
