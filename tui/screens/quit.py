"""What becomes of a run in training when the person leaves."""

from __future__ import annotations

from tui.screens.dialog import Answer, Dialog
from tui.views.status import short_name


def quit_dialog(run: str, *, ascii_only: bool = False) -> Dialog:
    """Asks how to leave; answers l (leave it training), s (stop and test), a (abort) or c (stay)."""
    answers = (
        Answer("l", "leave it training", f"back with: mnist-tui attach {short_name(run)}"),
        Answer("s", "stop and test", "quits when the test is done"),
        Answer("a", "abort", "keeps the last checkpoint, no test"),
        Answer("c", "cancel", "stay here"),
    )
    return Dialog(
        "Quit", f"{short_name(run)} is training. What shall become of it?", answers, "c", ascii_only=ascii_only
    )


def abort_dialog(run: str, *, ascii_only: bool = False) -> Dialog:
    """Asks before a run is ended without a test; answers a or c."""
    answers = (Answer("a", "abort", "keeps the last checkpoint, no test"), Answer("c", "cancel", "train on"))
    return Dialog("Abort", f"End {short_name(run)} without a test?", answers, "c", ascii_only=ascii_only)


def delete_dialog(run: str, *, ascii_only: bool = False) -> Dialog:
    """Asks before a run's folder is deleted; answers n or y."""
    answers = (Answer("n", "no", "keep it"), Answer("y", "yes", "delete its folder: figures, weights and all"))
    return Dialog("Delete", f"Delete {run}?", answers, "n", ascii_only=ascii_only)
