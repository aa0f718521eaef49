"""Which actions mean anything now."""

from __future__ import annotations

from tui.keys import Key
from tui.views.snapshot import Snapshot

_STEERING = frozenset({"pause", "batch", "one_more", "stop", "abort"})


def available(action: str, snapshot: Snapshot) -> bool:
    """Whether the action can do something with the run that is shown."""
    if action in _STEERING:
        return (
            snapshot.running
            and snapshot.state.status in ("preparing", "training", "paused")
            and not snapshot.waiting
            and not snapshot.watching
        )
    if action == "take_control":
        return snapshot.watching
    if action == "resume('shown')":
        return resumable(snapshot)
    if action in ("start", "presets"):
        return not snapshot.running and not snapshot.starting and not snapshot.other
    if action == "why":
        return bool(snapshot.hints)
    return True


def resumable(snapshot: Snapshot) -> bool:
    """Whether the run that is shown can go on: its engine is gone, or it was ended before its last epoch."""
    state, end = snapshot.state, snapshot.state.finished
    if not state.run or snapshot.running or snapshot.starting or snapshot.other:
        return False
    if end is None:
        return True
    unfinished = end.outcome in ("stopped", "aborted", "failed") and end.epochs < state.config.epochs
    return unfinished and end.fault != "config"


def label(key: Key, snapshot: Snapshot) -> str:
    """A key's name in the line of keys, as things stand."""
    if key.action == "pause" and snapshot.state.status == "paused":
        return "Go on"
    if key.action == "start" and snapshot.state.run:
        return "New run"
    return key.label
