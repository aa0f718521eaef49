"""A run's state without its curve, digits and log lines, which are most of its log's bytes: quick to read."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import EngineProblem
from engine.eventlog import read_lines
from engine.events import Event
from engine.history import RunState, fold
from engine.protocol import decode_event
from engine.runs import RunFolder

_DETAILS = tuple(b'{"type":"%s"' % kind for kind in (b"progress", b"previews", b"preview_digits", b"log"))


def outline(folder: RunFolder) -> RunState:
    """What the log tells of settings, epochs and tests; `RunState.losses`, `previews` and `log` stay empty."""
    return fold(_events(folder))


def _events(folder: RunFolder) -> Iterator[Event]:
    for line in read_lines(folder.events):
        if line.startswith(_DETAILS):
            continue
        try:
            yield decode_event(line)
        except EngineProblem:  # torn by a power cut: what follows is not to be trusted
            return
