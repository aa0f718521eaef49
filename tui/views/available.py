"""Which actions mean anything now."""

from __future__ import annotations

from tui.keymap.bindings import Key
from tui.views.snapshot import Snapshot

_STEERING = frozenset({"pause", "batch", "one_more", "stop", "abort", "change", "rate(-1)", "rate(1)", "undo"})
_LOOKING = frozenset({"look('best')", "look('last')"})


def available(action: str, snapshot: Snapshot) -> bool:
    """Whether the action can do something with the run that is shown."""
    if action == "undo" and not any(mark.kind == "changed" for mark in snapshot.state.marks):
        return False
    if action in ("stop", "abort") and snapshot.starting:
        return True
    if action in _STEERING:
        return (
            snapshot.running
            and snapshot.state.status in ("preparing", "training", "paused")
            and not snapshot.waiting
            and not snapshot.watching
        )
    if action in _LOOKING:
        return bool(snapshot.state.run) and not snapshot.running
    if action == "take_control":
        return snapshot.watching and not snapshot.only_watches
    if action == "resume('shown')":
        return resumable(snapshot)
    if action == "roll_back":
        return branchable(snapshot, diverged=True)
    if action == "branch":
        return branchable(snapshot)
    if action in ("start", "presets", "perform"):
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
    unfinished = end.unfinished and end.epochs < state.config.epochs
    return unfinished and end.fault != "config"


def branchable(snapshot: Snapshot, *, diverged: bool = False) -> bool:
    """Whether a new run can go on with the weights of the one that is shown; `diverged`: since that one diverged."""
    free = not snapshot.running and not snapshot.starting and not snapshot.other
    end = snapshot.state.finished
    if diverged:
        return free and end is not None and end.diverged
    return free and snapshot.state.best is not None


def label(key: Key, snapshot: Snapshot) -> str:
    """A key's name in the line of keys, as things stand."""
    if key.action == "pause" and snapshot.state.status == "paused":
        return "Go on"
    if key.action == "start" and snapshot.state.run:
        return "New run"
    return key.label
