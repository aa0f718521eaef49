"""From what a rule found to what people read: its page's headline with the figures put in, and the remedy in words.

A page, ``engine/help/LANGUAGE/diagnosis/RULE.md``, begins with its headlines, one a line as ``name: text {figure}``;
after an empty line comes the explanation, in the little Markdown of the other pages.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

from engine.config import HYPERPARAMETERS, TrainConfig
from engine.diagnosis.hint import Change, Finding, Hint, Remedy, Severity
from engine.fields import Value
from engine.help import diagnosis_page


@functools.cache
def page(rule: str, language: str = "en") -> tuple[Mapping[str, str], str]:
    """A rule's headlines by name, and its explanation."""
    head, _, explanation = diagnosis_page(rule, language).partition("\n\n")
    headlines = dict(line.split(": ", 1) for line in head.splitlines())
    return headlines, explanation.strip()


def worded(rule: str, severity: Severity, finding: Finding, config: TrainConfig, language: str) -> Hint:
    """The hint that people read."""
    headlines, explanation = page(rule, language)
    text = headlines[finding.headline].format_map(finding.words)
    return Hint(rule, severity, text, finding.evidence, explanation, _remedy(finding.changes, config))


def _remedy(wanted: Mapping[str, Value], config: TrainConfig) -> Remedy | None:
    """The changes as a person types them; None where nothing would become another."""
    changes = []
    for name, value in wanted.items():
        parameter = HYPERPARAMETERS[name]
        old, new = parameter.format(getattr(config, name)), parameter.format(parameter.check(value))
        if old != new:
            changes.append(Change(name, old, new))
    if not changes:
        return None
    label = ", ".join(
        f"{HYPERPARAMETERS[c.name].about.label.lower()} {_told(c, c.old)} → {_told(c, c.new)}" for c in changes
    )
    return Remedy(tuple(changes), all(HYPERPARAMETERS[c.name].about.live for c in changes), label)


def _told(change: Change, text: str) -> str:
    """A value with what 0 means there: "0 (all)"."""
    zero = HYPERPARAMETERS[change.name].about.zero
    return f"0 ({zero})" if text == "0" and zero else text


def number(value: float | None) -> str:
    """Three digits: "0.0821", "2.30"; "not finite" for None, which is how events write it."""
    if value is None or not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1000:
        return f"{value:.{max(2 - math.floor(math.log10(abs(value))), 0)}f}"
    return f"{value:.3g}"


def percent(share: float, digits: int = 1) -> str:
    """A share in percent: "97.8%"."""
    return f"{share * 100:.{digits}f}%"


def count(value: float) -> str:
    """A whole number in groups of three: "12,000"."""
    return f"{round(value):,}"
