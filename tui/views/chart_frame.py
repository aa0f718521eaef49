"""What the frames of the charts say: which part of the run is shown, how it is drawn, and where the cursor stands."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.state.run_state import RunState
from engine.text import numbers
from tui.views.charts import how_drawn
from tui.views.marks import last_change, words_at
from tui.views.places import place_of_step
from tui.views.window import ChartView, XAxis, limits, snapped

_UNITS: dict[XAxis, str] = {"step": "steps", "epoch": "epochs", "seconds": "seconds", "images": "images"}


def what_is_shown(state: RunState, view: ChartView, steps: Sequence[int]) -> str:
    """The part of the run in words: "epochs 3.1–5.0 of 25, follows"; empty where it is all of it."""
    window = limits(view, steps)
    if window is None or view.window is None:
        return ""
    axis = view.options.x_axis
    first, last = (place_of_step(state, step, axis) for step in window)
    follows = ", follows" if view.window.follows else ""
    return f"{_UNITS[axis]} {_numbers(first, last, axis)} of {_whole(state, axis, steps)}{follows}"


def where(state: RunState, view: ChartView, steps: Sequence[int]) -> str:
    """Where the cursor stands: "step 1,204, epoch 1.54" and, where seconds or images are on the axis, those; empty without one."""
    if view.cursor is None or not steps:
        return ""
    step, axis = snapped(steps, view.cursor), view.options.x_axis
    words = f"step {numbers.count(step)}, epoch {place_of_step(state, step, 'epoch'):.2f}"
    if axis == "seconds":
        return f"{words}, {numbers.duration(place_of_step(state, step, axis))}"
    return f"{words}, {numbers.rough(place_of_step(state, step, axis))} images" if axis == "images" else words


def title(name: str, state: RunState, view: ChartView, steps: Sequence[int]) -> str:
    """The top of a chart's frame: its name, and where the cursor stands."""
    at = where(state, view, steps)
    return f"{name} at {at}" if at else name


def foot(state: RunState, view: ChartView, steps: Sequence[int], star: str, width: int, *, drawn: bool = True) -> str:
    """The bottom of a chart's frame, at most `width` cells where it can be: what happened at the cursor; else which part
    of the run is shown; else, if `drawn`, what was changed last, or how it is drawn."""
    happened = words_at(state, view, steps, star, width)
    if happened:
        return happened
    if drawn and view.window is None and (changed := last_change(state, star, width)):
        return changed
    shown, how = what_is_shown(state, view, steps), how_drawn(view.options) if drawn else ""
    both = ", ".join(part for part in (shown, how) if part)
    return both if len(both) <= width or not shown else shown


def _numbers(first: float, last: float, axis: XAxis) -> str:
    if axis == "step":
        return f"{numbers.count(first)}–{numbers.count(last)}"
    if axis == "images":
        return f"{numbers.rough(first)}–{numbers.rough(last)}"
    digits = min(max(1 - math.floor(math.log10(max(last - first, 1e-6))), 0), 6)
    return f"{first:.{digits}f}–{last:.{digits}f}"


def _whole(state: RunState, axis: XAxis, steps: Sequence[int]) -> str:
    """How long the run is meant to be; in seconds, how long it took so far."""
    if axis == "seconds":
        return f"{place_of_step(state, steps[-1], axis):.3g}"
    epochs = max(float(state.config.epochs), state.position)
    if axis == "epoch":
        return f"{epochs:g}"
    started = state.started
    if started is None:
        return "?"
    end = epochs * (started.steps_per_epoch if axis == "step" else started.train_images)
    return numbers.count(end) if axis == "step" else numbers.rough(end)
