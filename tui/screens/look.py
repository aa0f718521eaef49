"""Before the test set is looked at again."""

from __future__ import annotations

from engine.events import CheckpointKind
from engine.history import RunState
from tui.screens.dialog import Answer, Dialog
from tui.views.looks import NO_HONEST_ONE, looked_at
from tui.views.status import short_name


def other_data_dialog(sentence: str, doing: str, *, ascii_only: bool = False) -> Dialog:
    """Asks whether `doing` ("evaluate", "resume") may go on with other data than the run's; answers n or y."""
    answers = (
        Answer("n", "no", "leave it at that"),
        Answer("y", f"{doing} all the same", "on the data that are there now"),
    )
    return Dialog("Other data", sentence, answers, "n", ascii_only=ascii_only)


def look_dialog(state: RunState, weights: CheckpointKind, *, ascii_only: bool = False) -> Dialog:
    """Asks whether the test set shall be looked at once more; answers n or y."""
    number = len(state.looks) + 1
    question = (
        f"The test set of {short_name(state.run)} was {looked_at(state.looks)}.\n\n"
        f"This would be look {number}: {NO_HONEST_ONE}."
    )
    answers = (
        Answer("n", "no", "leave it at that"),
        Answer("y", "look", f"with the {weights} weights; it is recorded as look {number}"),
    )
    return Dialog("Look again?", question, answers, "n", ascii_only=ascii_only)
