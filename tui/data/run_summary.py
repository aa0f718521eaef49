"""A run's state without its curve, digits and log lines, which are most of its log's bytes: quick to read."""

from __future__ import annotations

from engine.events import DataIdentity
from engine.fields import short
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState, fold

_SHOWN = 8
"""Characters of a digest."""

_CURVE = (b'{"type":"progress"',)
_DETAILS = tuple(b'{"type":"%s"' % kind for kind in (b"previews", b"preview_digits", b"log"))
LONG = 8 << 20
"""Bytes of a log from which on it takes more than a tenth of a second to read whole."""


def is_long(folder: RunFolder) -> bool:
    """Whether somebody would have to wait for all of the run's log."""
    try:
        return folder.events.stat().st_size > LONG
    except OSError:
        return False


def told_status(folder: RunFolder, state: RunState) -> str:
    """How the run stands, for people: "paused" where an engine has it and waits."""
    status = folder.status()
    return "paused" if status == "running" and state.status == "paused" else status


def outline(folder: RunFolder, *, curve: bool = False) -> RunState:
    """What the log tells of settings, epochs and tests, and with `curve` of the losses; `previews` and `log` stay empty."""
    return folder.named(fold(read_events(folder.events, without=_DETAILS if curve else (*_DETAILS, *_CURVE))))


def placed(data: DataIdentity) -> str:
    """Where a set was, and the beginning of its digest: "/home/ada/set (digest 1a2b3c4d)"."""
    return f"{short(data.path, 400)} (digest {data.digest[:_SHOWN]})"
