"""A run's state without its curve, digits and log lines, which are most of its log's bytes: quick to read."""

from __future__ import annotations

from engine.eventlog import read_events
from engine.history import RunState, fold
from engine.runs import RunFolder

_DETAILS = tuple(b'{"type":"%s"' % kind for kind in (b"progress", b"previews", b"preview_digits", b"log"))


def outline(folder: RunFolder) -> RunState:
    """What the log tells of settings, epochs and tests; `RunState.losses`, `previews` and `log` stay empty."""
    return fold(read_events(folder.events, without=_DETAILS))
