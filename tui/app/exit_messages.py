"""What is printed after the screen is gone."""

from __future__ import annotations

from engine.state.run_state import RunState
from engine.text import numbers
from tui.headless.report import unsaved
from tui.headless.survival import Fate
from tui.views.status import OUTCOMES


def left_training(state: RunState, end: Fate | None = None) -> str:
    """The run goes on without us, or waits for whoever comes back; at most until `end`."""
    doing = "paused" if state.status == "paused" else "training"
    if end:
        return end.parting(state.run, f"is {doing}")
    return f"{state.run} is {doing}. Come back with: mnist-tui attach {state.run}"


def aborted(state: RunState) -> str:
    """The run was ended without a test."""
    kept = "; its last checkpoint is kept" if state.checkpoint and not state.unsaved else ""
    return f"{state.run} was aborted{kept}. Go on with: mnist-tui resume {state.run}"


def with_unsaved(words: str, state: RunState) -> str:
    """The words, and what of the run is not on disk where they do not say so already."""
    told = unsaved(state) if state.unsaved else ""
    return words if told in words else f"{words}\n{told}".lstrip("\n")


def unfinished(run: str) -> str:
    """The engine left the run in the middle."""
    return f"{run} is not finished. Go on with: mnist-tui resume {run}"


def of_run(state: RunState) -> str:
    """How the run that was shown ended, where it did."""
    end = state.finished
    if end is None:
        return ""
    word, _ = OUTCOMES[end.outcome]
    tested = f", test accuracy {numbers.percent(state.tested.accuracy)}" if state.tested else ""
    saved = f"\n{unsaved(state)}" if state.unsaved else ""
    return f"{state.run}: {word}{tested}. More: mnist-tui show {state.run}{saved}"


def with_log(text: str, own: tuple[str, ...]) -> str:
    """The text, and what the screen's own libraries warned of while nothing could be printed."""
    if not own:
        return text
    lines = [*([text] if text else []), f"Warnings while the screen was open ({len(own)}):", *own[-5:]]
    return "\n".join(lines)
