"""What the table of hyperparameters knows of a field, in words."""

from __future__ import annotations

from engine.config import HYPERPARAMETERS


def facts(name: str) -> str:
    """What the table knows of a field beside its meaning: what it takes, the unit and the default."""
    parameter = HYPERPARAMETERS[name]
    unit = f" Unit: {parameter.about.unit}." if parameter.about.unit else ""
    return f"Takes {parameter.expected}.{unit} Default: {parameter.format(parameter.default) or 'empty'}."
