"""What a diagnosis is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from engine.fields import Value

Severity = Literal["fault", "warning", "note"]
"""fault: what it trains is of no use; warning: it will be worse, or later, than it could; note: good to know."""


class Figure(msgspec.Struct, frozen=True):
    """A figure that a hint rests on, in words: with unit, split and place in the run."""

    name: str
    value: str


class Change(msgspec.Struct, frozen=True):
    """Another value for a hyperparameter; both as a person types them."""

    name: str
    old: str
    new: str


class Remedy(msgspec.Struct, frozen=True):
    """What to try: changes of the settings. `live`: the running training can take them, else a new run.

    `label` is for people: "learning rate 0.3 → 0.1".
    """

    changes: tuple[Change, ...]
    live: bool
    label: str


class Hint(msgspec.Struct, frozen=True):
    """One thing to know about a run. `text` is one line of at most 68 characters (78 with its mark and key), `explanation` is Markdown."""

    rule: str
    severity: Severity
    text: str
    evidence: tuple[Figure, ...]
    explanation: str
    remedy: Remedy | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: which headline of its page, the words to put into it, the figures, and what to change.

    `severity` is how grave it is, where that depends on what was found and is not the rule's own.
    """

    headline: str
    words: Mapping[str, str]
    evidence: tuple[Figure, ...]
    changes: Mapping[str, Value] = field(default_factory=dict)
    severity: Severity | None = None
