"""All charts of a run: what they are called, which page explains them, and their plots."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from engine.state.run_state import RunState
from engine.text import numbers
from tui.plotting.plot import Curve, Plot
from tui.views.charts import accuracy_plot, across, floats, loss_plot, smoothed
from tui.views.marks import marks
from tui.views.places import place_of_step
from tui.views.window import ChartView

if TYPE_CHECKING:
    from tui.plotting.downsample import Floats

Kind = Literal["loss", "accuracy", "rate", "norm", "ratio", "speed"]


@dataclass(frozen=True, slots=True)
class Named:
    """A chart's name in its frame, and the help page on what it shows."""

    title: str
    page: str


CHARTS: dict[Kind, Named] = {
    "loss": Named("Loss", "training_loss"),
    "accuracy": Named("Accuracy", "validation_accuracy"),
    "rate": Named("Learning rate", "learning_rate_now"),
    "norm": Named("Gradient norm, log", "gradient_norm"),
    "ratio": Named("Update/weight, log", "update_ratio"),
    "speed": Named("Throughput (images/s)", "images_per_second"),
}


def plot_of(kind: Kind, state: RunState, view: ChartView, *, parent: RunState | None = None, star: str = "★") -> Plot:
    """One of the charts, without the cursor."""
    match kind:
        case "loss":
            return loss_plot(state, view.options, parent=parent, star=star, view=view)
        case "accuracy":
            return accuracy_plot(state, view.options, parent=parent, view=view)
        case "rate":
            return _plot(state, view, star, [_rate_curve(state, view)], from_zero=True)
        case "norm":
            values = [point.norm for point in state.losses.points]
            return _plot(state, view, star, smoothed(state, view.options, "gradient", values, numbers.number), log=True)
        case "ratio":
            return _plot(state, view, star, _ratio_curves(state, view), log=True)
        case "speed":
            values = [point.speed for point in state.losses.points]
            return _plot(state, view, star, smoothed(state, view.options, "images/s", values, _speed), from_zero=True)


def _plot(
    state: RunState, view: ChartView, star: str, curves: list[Curve], *, log: bool = False, from_zero: bool = False
) -> Plot:
    return Plot(
        title="",
        x_label=view.options.x_axis,
        y_label="",
        curves=tuple(curves),
        marks=marks(state, view.options, star, named=False),
        log_y=log,
        stacked=True,
        y_min=0.0 if from_zero and view.window is None else None,
        **across(state, view.options, view),
    )


def _speed(value: float) -> str:
    return numbers.rough(value) if math.isfinite(value) else "–"


def _rate_curve(state: RunState, view: ChartView) -> Curve:
    """The learning rate of every point, never smoothed: it is set, not measured."""
    (curve,) = smoothed(
        state,
        replace(view.options, smoothing=0.0),
        "rate",
        [point.rate for point in state.losses.points],
        numbers.number,
    )
    return curve


def _ratio_curves(state: RunState, view: ChartView) -> list[Curve]:
    """A curve for each layer, the input's first: how large its steps are beside its weights. The first and the last can be
    told apart from those between, which is what matters of a gradient that is lost on its way; those have their number."""
    reported = state.layers
    if not reported:
        return []
    x = floats([place_of_step(state, each.step, view.options.x_axis) for each in reported])
    names = [layer.name for layer in reported[-1].layers]
    roles = ["train", *("between" for _ in names[1:-1]), "validation"]
    return [
        _ratio_curve(state, number, name, role, x)
        for number, (name, role) in enumerate(zip(names, roles, strict=False))
    ]


def _ratio_curve(state: RunState, number: int, name: str, role: str, x: Floats) -> Curve:
    values = [each.layers[number].update_ratio if number < len(each.layers) else None for each in state.layers]
    steps = [each.step for each in state.layers]

    def said(at: int) -> str:
        value = values[at] if at >= 0 else None
        return "–" if value is None else numbers.number(value)

    def at_step(step: int) -> str:
        return said(bisect_right(steps, step) - 1)

    sign = str(number + 1)[-1] if role == "between" else ""
    return Curve(
        name, x, floats(values), role=role, points=True, current=said(len(values) - 1), reported=at_step, sign=sign
    )
