"""A run's state without loss curve, preview digits and log lines, which make up most of the log: quick to read."""

from __future__ import annotations

from engine.events import DISPLAY, DataIdentity, Progress, line_starts
from engine.fields import short
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState, fold

_SHOWN = 8
"""Characters of a digest to show."""

_CURVE = line_starts(Progress)
_DETAILS = line_starts(*DISPLAY)
LONG = 8 << 20
"""A log with more bytes takes over 0.1 s to read completely."""


def is_long(folder: RunFolder) -> bool:
    """Whether reading the run's whole log takes noticeably long."""
    try:
        return folder.events.stat().st_size > LONG
    except OSError:
        return False


def status_text(folder: RunFolder, state: RunState) -> str:
    """The run's status for display: "paused" if its engine is waiting."""
    status = folder.status()
    return "paused" if status == "running" and state.status == "paused" else status


def outline(folder: RunFolder, *, curve: bool = False) -> RunState:
    """The run's state without `previews` and `log` and, unless `curve`, without the loss curve."""
    return folder.named(fold(read_events(folder.events, without=_DETAILS if curve else (*_DETAILS, *_CURVE))))


def placed(data: DataIdentity) -> str:
    """A data set's path and the start of its digest: "/home/ada/set (digest 1a2b3c4d)"."""
    return f"{short(data.path, 400)} (digest {data.digest[:_SHOWN]})"
