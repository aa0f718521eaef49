"""Before the test set is looked at again, or with the last weights."""

from __future__ import annotations

from engine.events import CheckpointKind
from engine.state.run_state import RunState
from tui.screens.dialog import Answer, Dialog
from tui.views.status import short_name
from tui.views.test_evaluations import NO_HONEST_ONE, looked_at


def other_data_dialog(sentence: str, doing: str, *, ascii_only: bool = False) -> Dialog:
    """Asks whether `doing` ("evaluate", "resume") may go on with other data than the run's; answers n or y."""
    answers = (
        Answer("n", "no", "leave it at that"),
        Answer("y", f"{doing} all the same", "on the data that are there now"),
    )
    return Dialog("Other data", sentence, answers, "n", ascii_only=ascii_only)


def evaluation_dialog(state: RunState, weights: CheckpointKind, *, ascii_only: bool = False) -> Dialog:
    """Asks whether the test set shall be looked at, once more perhaps; answers n or y."""
    number = len(state.test_evaluations) + 1
    honest = f": {NO_HONEST_ONE}" if state.test_evaluations else f", with the {weights} weights"
    question = f"The test set of {short_name(state.run)} was {looked_at(state.test_evaluations)}.\n\nThis would be look {number}{honest}."
    answers = (
        Answer("n", "no", "leave it at that"),
        Answer("y", "look", f"with the {weights} weights; it is recorded as look {number}"),
    )
    return Dialog("Look again?" if state.test_evaluations else "Look?", question, answers, "n", ascii_only=ascii_only)
