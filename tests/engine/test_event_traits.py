"""Facts about events live with the events: outcomes, details, and how their lines begin."""

from __future__ import annotations

import typing

import pytest

from engine import events as ev
from engine.protocol import encode
from tests.each import each
from tests.events_kit import BLOG, ending

OUTCOMES: dict[ev.Outcome, set[str]] = {
    "completed": {"trained_to_end", "conclusive"},
    "early_stopped": {"trained_to_end", "conclusive"},
    "stopped": {"conclusive", "unfinished"},
    "aborted": {"unfinished"},
    "diverged": {"conclusive", "diverged"},
    "failed": {"failed", "unfinished"},
}


def test_every_outcome_is_here() -> None:
    assert set(OUTCOMES) == set(typing.get_args(ev.Outcome))


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_knows_what_follows_from_it(outcome: ev.Outcome) -> None:
    (event,) = ending(BLOG, 2, outcome=outcome)
    traits = ("trained_to_end", "conclusive", "unfinished", "diverged", "failed")
    assert {trait for trait in traits if getattr(event, trait)} == OUTCOMES[outcome]


def test_what_is_superseded_or_for_display_alone_is_a_detail() -> None:
    assert set(ev.SUPERSEDED) | set(ev.DISPLAY) <= set(ev.DETAILS)
    assert {ev.Progress, ev.Previews, ev.LogLine} == set(ev.SUPERSEDED)
    assert not {ev.RunCreated, ev.RunStarted, ev.EpochEnded, ev.Finished, ev.Changed} & set(ev.DETAILS)


@each("kind", ev.EVENT_TYPES)
def test_a_line_begins_as_its_kind_says(kind: type[ev.Base]) -> None:
    (start,) = ev.line_starts(kind)
    assert start.startswith(b'{"type":"')
    others = [each for each in ev.EVENT_TYPES if each is not kind]
    assert not any(one.startswith(start) for one in ev.line_starts(*others))
    assert encode(ev.LogLine(text="x")).startswith(ev.line_starts(ev.LogLine))
