"""Hints as people see them: the line on the train screen, and the page behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from engine.state.run_state import RunState
from tui.views.markup import button
from tui.views.status import ASCII_SIGNS, SIGNS, Part, Signs, fit, text

if TYPE_CHECKING:
    from engine.diagnosis import Hint, Severity

MARKS: dict[Severity, tuple[str, str]] = {
    "fault": ("✗", "bold $error"),
    "warning": ("!", "bold $accent"),
    "note": ("·", "bold $muted"),
}
"""What stands before a hint, and in which style; the word is in the dialog."""
_INDENT = 2


def hint_line(hints: Sequence[Hint], width: int, *, ascii_only: bool = False) -> Content:
    """The gravest hint, the key that explains it, and how many more there are."""
    if not hints or width <= 0:
        return Content("")
    first, signs = hints[0], ASCII_SIGNS if ascii_only else SIGNS
    mark, style = MARKS[first.severity]
    words = Content.assemble((f"{mark} ", style), (first.text, "" if first.severity == "note" else "bold"))
    why = button(Content.assemble(("i", "bold $train"), " why?"), "screen.why")
    more = [text(f"{len(hints) - 1} more", "$muted", 2)] if len(hints) > 1 else []
    narrow = Signs(between="  ", cut=signs.cut)  # a line of 68 cells with its mark and key have to go into 78
    return fit([Part(words, 0, cut=True), Part(why, 1), *more], width, narrow)


def no_hint(state: RunState) -> str:
    """What is said where there is none; without the figures of one epoch that says nothing of the run yet."""
    if not state.epochs:
        return "No hints yet: they need the results of the first epoch."
    return "No hints: nothing looks wrong in the metrics."


def heading(hint: Hint) -> Content:
    """The mark and the headline."""
    mark, style = MARKS[hint.severity]
    return Content.assemble((f"{mark} ", style), (hint.text, "bold"))


def evidence(hint: Hint, width: int) -> list[Content]:
    """The figures, a line each where they fit: names at the left, values under one another."""
    room = max((len(metric.name) for metric in hint.evidence), default=0) + 2
    lines = []
    for metric in hint.evidence:
        beside = width - _INDENT - room >= min(len(metric.value), 24)
        first = Content.assemble(" " * _INDENT, (metric.name.ljust(room), "$muted"))
        if not beside:
            lines.append(first)
        left = _INDENT + room if beside else _INDENT + 2
        for number, part in enumerate(Content(metric.value).wrap(max(width - left, 8))):
            lines.append(first + part if beside and number == 0 else Content(" " * left) + part)
    return lines


def remedy(hint: Hint) -> Content:
    """What to try, in a line; and which key takes it."""
    if hint.remedy is None:
        return Content.styled("no setting of the form would help", "$muted")
    return Content.assemble((hint.remedy.label, "bold $success"), ("   enter takes it", "$muted"))
