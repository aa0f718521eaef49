"""How well corrupted digits are still read: four curves, and where each falls below nine in ten."""

from __future__ import annotations

import numpy as np

from engine.commands import Corruption
from tui.plotting.plot import Curve, Plot
from tui.views.inside import CORRUPTIONS, Robustness

_NAMES: dict[Corruption, tuple[str, str, str]] = {
    "noise": ("Noise", "accuracy by its σ", "σ"),
    "rotation": ("Rotation", "accuracy by degrees", "°"),
    "shift": ("Shift", "accuracy by pixels", "px"),
    "thickness": ("Strokes", "accuracy by pixels thicker", "px"),
}
_UNITS: dict[Corruption, str] = {"noise": "σ {}", "rotation": "{}°", "shift": "{} px", "thickness": "{} px"}
ENOUGH = 0.9
"""An accuracy worth the name; where a curve falls below it is told in words."""


def plot_of(corruption: Corruption, found: Robustness | None, *, ascii_only: bool = False) -> Plot:
    """The chart of one corruption, without a curve before it is measured."""
    name, what, unit = _NAMES[corruption]
    if ascii_only:
        what, unit = what.replace("σ", "sigma"), {"σ": "s", "°": "deg"}.get(unit, unit)
    if found is None:
        return Plot(name, unit, what, ())
    curve = Curve("", np.array(found.amounts), np.array(found.accuracies), role="validation", points=True, current="")
    return Plot(name, unit, what, (curve,), percent=True, y_min=0.0, y_max=1.0)


def endures(found: dict[Corruption, Robustness], *, ascii_only: bool = False) -> str:
    """Up to which amounts nine in ten are correct, in one line."""
    parts = [_endured(found[each]) for each in CORRUPTIONS if each in found]
    said = f"90% and more up to: {' · '.join(parts)}" if parts else ""
    return said.replace("σ", "sigma").replace("°", " deg").replace("·", "-") if ascii_only else said


def _endured(found: Robustness) -> str:
    """ "rotation 20°": the amounts next to none, without a gap, at which enough are correct."""
    name, unit = _NAMES[found.corruption][0].lower(), _UNITS[found.corruption]
    none = found.amounts.index(0.0)
    if found.accuracies[none] < ENOUGH:
        return f"{name} none"
    low = high = none
    while low > 0 and found.accuracies[low - 1] >= ENOUGH:
        low -= 1
    while high < len(found.amounts) - 1 and found.accuracies[high + 1] >= ENOUGH:
        high += 1
    if none == 0:
        return f"{name} {unit.format(f'{found.amounts[high]:g}')}"
    return f"{name} {found.amounts[low]:g} to {found.amounts[high]:+g} px"
