"""A run's ``config.toml`` that was edited by hand: the run goes on without it, and that is said."""

from __future__ import annotations

from engine.config import HYPERPARAMETERS, TrainConfig, differences
from engine.errors import ConfigProblem, EngineProblem
from engine.events import RunCreated
from engine.log.event_log import read_lines
from engine.protocol import decode_event
from engine.runs.folder import RunFolder


def ignored_edits(run: RunFolder, *, replayed: bool = False) -> str:
    """Which values of the run's ``config.toml`` differ from those it began with, in a sentence; empty where none does.

    They count where nothing of the run was saved and it begins again; but not where it is `replayed`, from its log.
    """
    if not replayed and not run.checkpoint("last").exists():
        return ""
    begun = _begun_with(run)
    if begun is None:
        return ""
    try:
        changed = differences(run.read_config(), begun)
    except ConfigProblem as fault:
        return f"{fault} It is not needed here."
    if not changed:
        return ""
    told = ", ".join(
        f"{name} {HYPERPARAMETERS[name].format(getattr(begun, name)) or '-'} → {HYPERPARAMETERS[name].format(value) or '-'}"
        for name, value in changed.items()
    )
    kept = "the log" if replayed else "the checkpoint"
    how = "" if replayed else "; flags of `resume` and `branch`, and `set`, change settings"
    return f"{run.config} was edited ({told}); the settings are those of {kept}, and the edits are ignored{how}."


def _begun_with(run: RunFolder) -> TrainConfig | None:
    """What the run's ``config.toml`` held when it was made; None where its log does not tell."""
    first = next(read_lines(run.events), b"")
    try:
        event = decode_event(first)
    except EngineProblem:
        return None
    return event.config if isinstance(event, RunCreated) else None
