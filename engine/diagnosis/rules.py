"""The table of rules, the gravest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.diagnosis.efficiency import batch_small, gpu_waiting, oversubscribed, slowed
from engine.diagnosis.generalizing import best_by, early_stop_near, overfitting, test_harder
from engine.diagnosis.hidden import dead_relus, saturated
from engine.diagnosis.hint import Finding, Severity
from engine.diagnosis.learning import batch_large, dropout_high, not_learning, plateau, rate_low, vanishing
from engine.diagnosis.segment import Segment
from engine.diagnosis.stability import diverging, exploding, rate_high


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its stable name, how grave it is unless it finds otherwise, how it looks, and whose say it takes away since the cause is one."""

    name: str
    severity: Severity
    look: Callable[[Segment], Finding | None]
    hides: frozenset[str] = frozenset()


def _rule(severity: Severity, look: Callable[[Segment], Finding | None], *hides: str) -> Rule:
    return Rule(look.__name__, severity, look, frozenset(hides))


RULES: tuple[Rule, ...] = (
    _rule(
        "fault", diverging, "rate_high", "exploding", "not_learning", "plateau", "batch_small", "overfitting", "best_by"
    ),
    _rule("fault", vanishing, "not_learning", "rate_low", "batch_large", "plateau", "batch_small", "best_by"),
    _rule("fault", not_learning, "rate_high", "exploding", "plateau", "batch_small", "dropout_high", "best_by"),
    _rule("warning", dead_relus, "vanishing", "not_learning", "rate_high", "exploding", "plateau", "best_by"),
    _rule("warning", saturated, "vanishing", "not_learning", "rate_high", "exploding", "plateau", "best_by"),
    _rule("warning", rate_high, "exploding", "plateau"),
    _rule("warning", exploding),
    _rule("warning", batch_large, "rate_low", "not_learning", "plateau"),
    _rule("warning", rate_low, "not_learning", "plateau"),
    _rule("warning", dropout_high, "plateau"),
    _rule("warning", overfitting, "plateau"),
    _rule("note", test_harder),
    _rule("note", early_stop_near),
    _rule("note", oversubscribed, "slowed"),
    _rule("note", slowed),
    _rule("note", gpu_waiting),
    _rule("note", batch_small),
    _rule("note", best_by),
    _rule("note", plateau),
)
