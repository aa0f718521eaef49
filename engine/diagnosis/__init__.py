"""What is going wrong in a run, in plain language: pure rules over what is known of it, with the figures behind them.

`diagnose` is the whole interface. A rule looks at a `Course` (the part of a run trained with the settings as they are
now) and returns a `Finding`, or None. What people read of it is in ``engine/help/LANGUAGE/diagnosis/RULE.md``.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.diagnosis.hint import Change, Figure, Hint, Remedy, Severity
from engine.diagnosis.rules import RULES
from engine.diagnosis.segment import segment_of
from engine.diagnosis.wording import worded
from engine.state.run_state import RunState

_GRAVEST: tuple[Severity, ...] = ("fault", "warning", "note")

__all__ = ["RULES", "Change", "Figure", "Hint", "Remedy", "Severity", "diagnose"]


def diagnose(state: RunState, silenced: Collection[str] = (), language: str = "en") -> tuple[Hint, ...]:
    """What there is to say of the run as it stands, the gravest first; `silenced` names rules that say nothing.

    Pure, and of the same cost for a run of any length (some milliseconds at most). A rule that is silenced still
    stands for its cause: others do not speak up in its place. Raises `ConfigProblem` for a language without pages.
    """
    if state.started is None:
        return ()
    segment = segment_of(state)
    found = {rule.name: (rule, finding) for rule in RULES if (finding := rule.look(segment)) is not None}
    hidden = {name for rule, _ in found.values() for name in rule.hides}.union(silenced)
    hints = (
        worded(rule.name, finding.severity or rule.severity, finding, state.config, language)
        for name, (rule, finding) in found.items()
        if name not in hidden
    )
    return tuple(sorted(hints, key=lambda hint: _GRAVEST.index(hint.severity)))
