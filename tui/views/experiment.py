"""What is shown of a guided experiment: its arms as rows, their curves in one picture, and what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.experiments import MEASURES, Experiment, Measure
from engine.experiments.conclusions import Conclusion
from engine.state.run_state import RunState
from engine.text import numbers
from tui.plotting.downsample import ema
from tui.plotting.lazy_import import lazy
from tui.plotting.plot import Curve, Plot
from tui.views.status import OUTCOMES

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

SMOOTHING = 0.9
"""Weight of the past in the training loss that is drawn."""
TOP = 10.0
"""The highest loss that is drawn: what explodes leaves the picture, so that the others can be told apart."""
_CHARTS = {
    "validation_accuracy": "Validation accuracy",
    "validation_loss": "Validation loss",
    "training_loss": "Training loss",
}
_WORDS = {True: "Seen", False: "Not seen", None: "Not known"}


def is_log(experiment: Experiment) -> bool:
    """Whether the chart begins with a logarithmic axis: where a loss may explode."""
    return experiment.chart == "training_loss"


def has_log(experiment: Experiment) -> bool:
    """Whether a logarithmic axis says anything of what the chart shows."""
    return experiment.chart != "validation_accuracy"


def chart_title(experiment: Experiment) -> str:
    """What the chart shows."""
    return _CHARTS[experiment.chart]


def plot(experiment: Experiment, states: Sequence[RunState | None], *, log_y: bool, title: str = "") -> Plot:
    """The curve of each arm that has one, by epochs, on the same axes."""
    curves = [  # also of an arm that has none yet, so that each keeps its ink
        _curve(experiment, arm.label, state) for arm, state in zip(experiment.arms, states, strict=True)
    ]
    percent = experiment.chart == "validation_accuracy"
    known = [float(y) for curve in curves for y in curve.y if np.isfinite(y)]
    ends = [
        state.config.epochs if state else arm.config.epochs for arm, state in zip(experiment.arms, states, strict=True)
    ]
    return Plot(
        title=title,
        x_label="epoch",
        y_label="",
        curves=tuple(curves),
        log_y=log_y and has_log(experiment),
        y_max=_top(known, percent=percent),
        percent=percent,
        x_max=float(max(ends)),
    )


def _top(known: Sequence[float], *, percent: bool) -> float | None:
    """Where the y axis ends at most; None where it is best left to the curves, as of accuracies that are all high."""
    if percent:
        return 1.0 if known and min(known) <= 0.5 < max(known) else None
    return TOP if known and max(known) > TOP else None


def _curve(experiment: Experiment, label: str, state: RunState | None) -> Curve:
    if state is None or not (state.epochs or state.losses.points):
        return Curve("", np.empty(0), np.empty(0), role="other")
    if experiment.chart == "training_loss":
        points = state.losses.points
        x = np.array([p.position for p in points], np.float64)
        y = np.array([np.nan if p.mean is None else p.mean for p in points], np.float64)
        smooth = ema(y, SMOOTHING, np.array([max(p.count, 1) for p in points], np.float64))
        last = points[-1].mean if points else None
        return Curve(label, x, smooth, role="other", current=numbers.loss(last) if points else "–")
    values = [
        e.validation_accuracy if experiment.chart == "validation_accuracy" else e.validation_loss for e in state.epochs
    ]
    x = np.array([e.epoch for e in state.epochs], np.float64)
    y = np.array([np.nan if value is None else value for value in values], np.float64)
    write = numbers.percent if experiment.chart == "validation_accuracy" else numbers.loss
    last = values[-1] if values else None
    current = "–" if not values else "not finite" if last is None else write(last)
    return Curve(label, x, y, role="other", points=True, current=current)


def measures(experiment: Experiment) -> list[Measure]:
    """The figures the arms are told by, in the order of the experiment's file."""
    return [MEASURES[name] for name in experiment.figures]


def cell(measure: Measure, state: RunState | None) -> str:
    """A figure of an arm as people read it; a dash where it has none."""
    value = measure.of(state) if state is not None else None
    if value is None:
        return "–"
    match measure.kind:
        case "share":
            return numbers.percent(value)
        case "loss":
            return numbers.loss(value)
        case "count":
            return numbers.count(value)
        case "seconds":
            return numbers.duration(value)
        case "spread":
            return f"±{numbers.number(value)}"
        case "ratio":
            return numbers.number(value)


def status(state: RunState | None, *, live: bool) -> str:
    """How an arm stands; `live`: an engine is busy with it."""
    if state is None:
        return "waiting"
    if state.finished:
        return OUTCOMES[state.finished.outcome][0]
    if not live:
        return "interrupted"
    if state.status in ("paused", "testing", "preparing"):
        return state.status
    return f"epoch {min(int(state.position) + 1, state.config.epochs)} of {state.config.epochs}"


def table(
    experiment: Experiment, states: Sequence[RunState | None], live: Sequence[bool], columns: Sequence[Measure]
) -> list[tuple[str, ...]]:
    """Headings, and a row for each arm: label, how it stands, its figures."""
    rows = [("run", "status", *(each.heading for each in columns))]
    for arm, state, runs in zip(experiment.arms, states, live, strict=True):
        rows.append((arm.label, status(state, live=runs), *(cell(each, state) for each in columns)))
    return rows


def verdict(conclusion: Conclusion) -> str:
    """In a word whether the question is answered."""
    return "So far" if conclusion.provisional else _WORDS[conclusion.shown]


def paragraphs(conclusion: Conclusion) -> list[str]:
    """The conclusion in sentences, the answer first."""
    return [conclusion.answer, *conclusion.more, *conclusion.limits]


def length(experiment: Experiment) -> str:
    """About how long it takes: "about 45 s on one core"."""
    return f"about {numbers.duration(experiment.seconds)} on one core"
