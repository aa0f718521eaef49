"""One key: what it does, where, and how people read of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Where = Literal[
    "everywhere",
    "train",
    "charts",
    "runs",
    "inspect",
    "digits",
    "confusion",
    "draw",
    "inside",
    "test",
    "curves",
    "experiments",
]
"""Which screen; "inspect" are all that show single digits at a chosen epoch, "charts" all with charts of a run."""
Group = Literal[
    "Training",
    "Charts",
    "Form and panes",
    "Runs",
    "Digits and confusion",
    "Draw",
    "Inside",
    "Test",
    "Curves",
    "Experiments",
    "Program",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does.

    `keys` are Textual's names, `shown` is how people read them. `label` stands in the line of keys, where the smallest
    `rank` is the last to go for want of room (0: never there). `inside`: works while a text field has the focus too.
    In the `action`, "{key}" stands for the one of the keys that was pressed.
    """

    keys: str
    shown: str
    action: str
    label: str
    meaning: str
    group: Group
    where: Where = "everywhere"
    rank: int = 0
    inside: bool = False
