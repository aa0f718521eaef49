"""Which stretch of a run the charts show and where their cursor stands: one value that all charts have in common.

Stretch and cursor are counted in steps, whatever stands on the x axis, so that they stay where they are when it changes.
`steps` are those of which something is recorded, ascending; the cursor stands on one of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.state.run_state import RunState

XAxis = Literal["step", "epoch", "seconds", "images"]
X_AXES: tuple[XAxis, ...] = ("step", "epoch", "seconds", "images")
SMOOTHING = (0.0, 0.6, 0.9, 0.97)
LEAST = 4
"""Recorded steps that a window shows at least: with fewer there is no curve."""
_STRIDES = 8
"""A window that follows moves on in this many strides, so that the picture stands still in between."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the charts are drawn: loss axis, weight of the past in smoothed curves, what stands on the x axis and how."""

    log_y: bool = True
    smoothing: float = 0.9
    x_axis: XAxis = "epoch"
    log_x: bool = False

    def other_axis(self) -> Options:
        return replace(self, log_y=not self.log_y)

    def next_smoothing(self) -> Options:
        return replace(self, smoothing=SMOOTHING[(SMOOTHING.index(self.smoothing) + 1) % len(SMOOTHING)])

    def next_x_axis(self) -> Options:
        return replace(self, x_axis=X_AXES[(X_AXES.index(self.x_axis) + 1) % len(X_AXES)])

    def other_x_scale(self) -> Options:
        return replace(self, log_x=not self.log_x)


@dataclass(frozen=True, slots=True)
class Window:
    """The steps from `start` to `end`. One that `follows` moves on with the end of the run."""

    start: float
    end: float
    follows: bool = False


@dataclass(frozen=True, slots=True)
class ChartView:
    """How the charts are looked at. `window` None: all of the run. `cursor` is a step. `run` is whose charts these are."""

    options: Options = Options()
    window: Window | None = None
    cursor: int | None = None
    run: tuple[str, float] = ("", 0.0)

    def of(self, state: RunState) -> ChartView:
        """The same for the run that is shown now: another one begins whole and without a cursor."""
        run = (state.run, state.created)
        return self if run == self.run else ChartView(self.options, run=run)

    def without_cursor(self) -> ChartView:
        return replace(self, cursor=None)

    def whole(self) -> ChartView:
        return replace(self, window=None)


def recorded(state: RunState) -> Sequence[int]:
    """The steps of which there is something to show, ascending."""
    steps = [point.step for point in state.losses.points]
    ends = [epoch.step for epoch in state.epochs]
    return sorted({*steps, *ends})


def snapped(steps: Sequence[int], step: float) -> int:
    """The recorded step that stands for `step`: a point stands for the steps up to its own. Raises IndexError without any."""
    return steps[min(bisect_left(steps, step), len(steps) - 1)]


def limits(view: ChartView, steps: Sequence[int]) -> tuple[float, float] | None:
    """First and last step of the window as it lies now; None where all is shown."""
    window = view.window
    if window is None or not steps:
        return None
    start, end, last = window.start, window.end, steps[-1]
    if window.follows and last > end:
        stride = (end - start) / _STRIDES
        by = math.ceil((last - end) / stride) * stride
    elif start >= last:  # the run was taken back to before it
        by = last - end
    else:
        by = 0.0
    return start + by, end + by


def zoomed(view: ChartView, steps: Sequence[int], factor: float) -> ChartView:
    """The window `factor` times as wide, around the cursor where that is in sight, else up to its own end."""
    if len(steps) <= LEAST:
        return view
    scale = _Scale(view.options.log_x)
    low, high = _whole(view, steps)
    start, end = limits(view, steps) or (low, high)
    at = view.cursor if view.cursor is not None and start <= view.cursor <= end else end
    s, e, a = scale.to(start), scale.to(end), scale.to(at)
    s, e = a - (a - s) * factor, a + (e - a) * factor
    if s <= scale.to(low) and e >= scale.to(high):
        return view.whole()
    made = _placed(view, steps, s, e)
    window = made.window
    if factor < 1 and window and bisect_right(steps, window.end) - bisect_left(steps, window.start) < LEAST:
        return view
    return made


def panned(view: ChartView, steps: Sequence[int], share: float) -> ChartView:
    """The window moved by a share of its width. At the end of the run it follows, elsewhere it stays."""
    now = limits(view, steps)
    if now is None:
        return view
    scale = _Scale(view.options.log_x)
    s, e = map(scale.to, now)
    by = share * (e - s)
    return _placed(view, steps, s + by, e + by)


def followed(view: ChartView, steps: Sequence[int]) -> ChartView:
    """The window at the end of the run, following it."""
    now = limits(view, steps)
    if now is None:
        return view
    scale = _Scale(view.options.log_x)
    s, e = map(scale.to, now)
    last = scale.to(steps[-1])
    return _placed(view, steps, last - (e - s), last)


def moved(view: ChartView, steps: Sequence[int], by: int) -> ChartView:
    """The cursor `by` recorded steps further; where there is none yet it comes at the end of what is shown."""
    if not steps:
        return view
    if view.cursor is None:
        now = limits(view, steps)
        return _with_cursor(view, steps, bisect_right(steps, now[1]) - 1 if now else len(steps) - 1)
    return _with_cursor(view, steps, bisect_left(steps, snapped(steps, view.cursor)) + by)


def moved_to(view: ChartView, steps: Sequence[int], end: Literal["first", "last"]) -> ChartView:
    """The cursor on the first recorded step, or on the last."""
    return _with_cursor(view, steps, 0 if end == "first" else len(steps) - 1) if steps else view


def _with_cursor(view: ChartView, steps: Sequence[int], index: int) -> ChartView:
    """The cursor there, and the window moved so that it is in sight: it then stands in the middle."""
    step = steps[min(max(index, 0), len(steps) - 1)]
    view = replace(view, cursor=step)
    now = limits(view, steps)
    if now is None or now[0] <= step <= now[1]:
        return view
    scale = _Scale(view.options.log_x)
    half = (scale.to(now[1]) - scale.to(now[0])) / 2
    return _placed(view, steps, scale.to(step) - half, scale.to(step) + half)


class _Scale:
    """Steps as they lie on the axis, and back."""

    def __init__(self, log: bool) -> None:
        self.log = log

    def to(self, step: float) -> float:
        return math.log10(max(step, 1.0)) if self.log else step

    def back(self, place: float) -> float:
        return 10.0**place if self.log else place


def _whole(view: ChartView, steps: Sequence[int]) -> tuple[float, float]:
    """What is shown without a window, in steps: from the beginning where that is near."""
    first, last = steps[0], steps[-1]
    if view.options.log_x:
        return max(first, 1.0), last
    return (0.0 if first <= last / 2 else first), last


def _placed(view: ChartView, steps: Sequence[int], s: float, e: float) -> ChartView:
    """The window with these ends on the axis, moved back to where the run is."""
    scale = _Scale(view.options.log_x)
    low, high = map(scale.to, _whole(view, steps))
    if e - s >= high - low:
        return view.whole()
    by = max(low - s, 0.0) or min(high - e, 0.0)
    end = scale.back(e + by)
    last = steps[-1]
    follows = end >= last * (1 - 1e-12)
    return replace(view, window=Window(scale.back(s + by), float(last) if follows else end, follows))
