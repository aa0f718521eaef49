"""What becomes of a run in training when the person leaves."""

from __future__ import annotations

from engine.events import Arm
from engine.runs.presence import Presence, last_heard
from tui.headless.survival import Fate
from tui.screens.dialog import Answer, Dialog
from tui.views.status import short_name

_ROOM = 42
"""Cells beside an answer in the dialog."""


def quit_dialog(
    run: str, arm: Arm | None = None, end: Fate | None = None, *, paused: bool = False, ascii_only: bool = False
) -> Dialog:
    """Asks how to leave; answers l (leave it training, or paused), s (stop and test), a (abort) or c (stay).

    With an arm the run is one of an experiment, and the answers say what becomes of all of it. `end` is what ends a run
    that is left.
    """
    doing = "paused" if paused else "training"
    back = f"back with: mnist-tui attach {short_name(run)}"
    answers = (
        Answer("l", f"leave it {doing}", back if len(back) <= _ROOM else "back with: mnist-tui attach"),
        Answer("s", "stop and test", "ends the experiment, too" if arm else "quits when the test is done"),
        Answer("a", "abort", "ends the experiment, too; no test" if arm else "keeps the last checkpoint, no test"),
        Answer("c", "cancel", "stay here"),
    )
    of = f", run {arm.number} of {arm.of} of {arm.group}," if arm else ""
    warning = f" {end.warning()}" if end else ""
    question = f"{short_name(run)}{of} is {doing}. What shall become of it?{warning}"
    return Dialog("Quit", question, answers, "c", ascii_only=ascii_only)


def abort_dialog(run: str, arm: Arm | None = None, *, paused: bool = False, ascii_only: bool = False) -> Dialog:
    """Asks before a run is ended without a test, and with an arm its whole experiment; answers a or c."""
    answers = (
        Answer("a", "abort", "keeps the last checkpoint, no test"),
        Answer("c", "cancel", "it stays paused" if paused else "train on"),
    )
    too = f", and the experiment {arm.group} with it" if arm else ""
    return Dialog("Abort", f"End {short_name(run)} without a test{too}?", answers, "c", ascii_only=ascii_only)


def experiment_dialog(question: str, runs: int, length: str, *, ascii_only: bool = False) -> Dialog:
    """Asks before the runs of an experiment are trained; answers y or n."""
    answers = (Answer("y", "yes", f"{runs} runs, one after the other: {length}"), Answer("n", "no", "not now"))
    return Dialog("Experiment", question, answers, "n", ascii_only=ascii_only)


def delete_dialog(run: str, elsewhere: Presence | None = None, *, ascii_only: bool = False) -> Dialog:
    """Asks before a run's folder is deleted; answers n or y. `elsewhere`: where it was last heard from."""
    answers = (Answer("n", "no", "keep it"), Answer("y", "yes", "delete its folder: figures, weights and all"))
    heard = f"{run} was {last_heard(elsewhere)}. " if elsewhere else ""
    return Dialog("Delete", f"{heard}Delete {run}?", answers, "n", ascii_only=ascii_only)


def take_over_dialog(run: str, elsewhere: Presence, *, ascii_only: bool = False) -> Dialog:
    """Asks before a run is taken over from another machine that has gone silent; answers n or y."""
    answers = (Answer("n", "no", "leave it alone"), Answer("y", "yes", "go on with it here, from its last checkpoint"))
    question = (
        f"{run} was {last_heard(elsewhere)}. If it still trains there, it ends when it is taken over. Take it over?"
    )
    return Dialog("Take over", question, answers, "n", ascii_only=ascii_only)
