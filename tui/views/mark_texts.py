"""What happened to a run on the way, in words; for the screen and the command line."""

from __future__ import annotations

from collections.abc import Iterable

from engine.config import HYPERPARAMETERS
from engine.events import Changed
from engine.fields import short
from engine.host.differences import Difference
from engine.state.run_state import Mark


def mark_text(mark: Mark, *, note: bool = True) -> str:
    """ "paused", "dropout 0.5 → 0.2", "branched off calm-fox". With `note` also what else the change means, in parentheses."""
    match mark.kind:
        case "paused":
            return "paused"
        case "continued":
            return "continued"
        case "kept":
            return f"checkpoint of epoch {mark.position:.0f} kept"
        case "changed":
            return change_text(mark.change, note=note) if mark.change else "changed"
        case "resumed":
            words = f"branched off {mark.branched_from}" if mark.branched_from else "resumed"
            if mark.moved:
                words += f" on another machine ({differences_text(mark.moved)})"
            return f"{words} on other data" if mark.other_data else words


def change_text(change: Changed, *, note: bool = True) -> str:
    """ "learning rate 0.001 → 0.01"."""
    parameter = HYPERPARAMETERS.get(change.name)
    label = parameter.about.label.lower() if parameter else change.name
    return f"{label} {change.old} → {change.new}" + (f" ({change.note})" if note and change.note else "")


def differences_text(differences: Iterable[Difference]) -> str:
    """ "AVX512 then, AVX2 now", each difference of two machines after the other."""
    return ", ".join(short(f"{each.before} then, {each.now} now") for each in differences)
