"""How weights and gradients of a layer are spread, epoch by epoch: histograms on one axis, a row each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import events as ev
from engine.state.run_state import RunState
from engine.text import numbers
from tui.plotting.lazy_import import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    np = lazy("numpy")

_TAIL = 0.001
"""Share of the values at either end that the axis does not reach for: a single far one would flatten all the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Ridges:
    """Histograms of one thing over epochs. `low` and `high` are the ends of their common axis; `shares` has a row for
    each epoch and a column for each cell, the share of the values that lie there (a row of NaN: none recorded)."""

    low: float
    high: float
    shares: Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """What is shown: one layer's histograms of all epochs that are told of, and which of them is chosen."""

    layer: int
    layers: tuple[str, ...]
    epochs: tuple[int, ...]
    chosen: int
    weights: tuple[ev.Histogram | None, ...]
    gradients: tuple[ev.Histogram | None, ...]
    note: str


def spread_of(state: RunState, layer: int, cursor: int | None) -> Spread | None:
    """The spread of a layer, at the epoch where the cursor stands (else the latest); None where none recorded."""
    reported = [each for each in state.distributions if layer < len(each.layers)]
    if not reported:
        return None
    at = len(reported) - 1
    if cursor is not None:
        at = min(bisect_left(reported, cursor, key=lambda each: each.step), at)
    return Spread(
        layer,
        reported[-1].layers,
        tuple(each.epoch for each in reported),
        at,
        tuple(_of(each.weights, layer) for each in reported),
        tuple(_of(each.gradients, layer) for each in reported),
        _note(reported[at], layer),
    )


def layers_of(state: RunState) -> int:
    """How many layers there are to choose from."""
    return len(state.distributions[-1].layers) if state.distributions else 0


def _of(histograms: Sequence[ev.Histogram | None], layer: int) -> ev.Histogram | None:
    return histograms[layer] if layer < len(histograms) else None


def _note(reported: ev.Distributions, layer: int) -> str:
    """What the layer's units do, where they are hidden ones."""
    if layer >= len(reported.hidden):
        return f"epoch {reported.epoch}"
    hidden = reported.hidden[layer]
    parts = [f"epoch {reported.epoch}", f"{numbers.count(hidden.units)} {hidden.activation} units"]
    if hidden.dead is not None:
        parts.append(f"{numbers.percent(hidden.dead, 1)} never fire")
    if hidden.saturated is not None:
        parts.append(f"{numbers.percent(hidden.saturated, 1)} saturated")
    return ", ".join(parts)


def ridges(histograms: Sequence[ev.Histogram | None], columns: int) -> Ridges | None:
    """The histograms on one axis of `columns` cells, from their counts in proportion; None where there is no value."""
    cumulated = [_cumulated(each) for each in histograms]
    ends = [_ends(*each) for each in cumulated if each is not None]
    if not ends or columns < 1:
        return None
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    edges = np.linspace(low, high, columns + 1)
    shares = np.full((len(histograms), columns), np.nan)
    for row, each in enumerate(cumulated):
        if each is not None:
            shares[row] = np.diff(np.interp(edges, *each))
    return Ridges(low, high, shares)


def _cumulated(histogram: ev.Histogram | None) -> tuple[Floats, Floats] | None:
    """The limits of the bins and the share of the values below each; None where it holds none."""
    if histogram is None or not sum(histogram.counts):
        return None
    low, high = histogram.low, histogram.high
    if not high > low:  # all values are one
        half = 1e-6 * (abs(low) or 1.0)
        low, high = low - half, low + half
    counts = np.array(histogram.counts, np.float64)
    return np.linspace(low, high, len(counts) + 1), np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])


def _ends(limits: Floats, below: Floats) -> tuple[float, float]:
    """Between which values nearly all lie."""
    first = limits[max(int(np.searchsorted(below, _TAIL, "right")) - 1, 0)]
    last = limits[min(int(np.searchsorted(below, 1 - _TAIL, "left")), len(limits) - 1)]
    return float(first), float(last)
