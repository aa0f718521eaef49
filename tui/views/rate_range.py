"""The result of a learning-rate range test in words."""

from __future__ import annotations

from engine.answers import RangeTest


def sentence(found: RangeTest) -> str:
    """The suggestions in words."""
    if found.tenth is None:
        return "The loss did not fall at any rate: nothing is suggested."
    steepest = f"{found.steepest:g} (where the loss falls fastest)" if found.steepest is not None else ""
    tenth = f"{found.tenth:g} (a tenth of where it is lowest)"
    return f"Try a learning rate of {' or '.join(filter(None, (steepest, tenth)))}."
