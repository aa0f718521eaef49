"""The results: the best so far while it trains, the test at the end, or in words what went wrong."""

from __future__ import annotations

import math
import textwrap
from itertools import zip_longest

from textual.content import Content

from engine.analysis.intervals import only_prediction, worst_pairs
from engine.events import Finished, TestResult
from engine.settings import presets
from engine.state.run_state import RunState
from engine.text import numbers
from tui.views.big_number import big
from tui.views.data_set import shown_overlap
from tui.views.snapshot import Snapshot
from tui.views.tables import digit_bars, epoch_table

Lines = list[Content]
LEFT = 30
"""Cells of the left part: a big "100.00%" and the figures under it."""
_GAP, _RIGHT = 3, 34
"""Cells between the parts, and the least that the right one needs."""
_ROOMY = 20
"""Rows from which there is room for a big figure above the other part."""
_READABLE = 76
"""Cells of the longest line of prose."""

_REMEDIES = {
    "memory": "Take a smaller batch or a smaller model, then r.",
    "device": "Take another device in the form (cpu always works), then r.",
    "disk": "Make room on the disk; then 2 and c resume from the last checkpoint.",
    "data": "Put the data right, then r; mnist-tui doctor says what is found where.",
    "config": "Change the field in the form, then r.",
}


def heading(snapshot: Snapshot) -> str:
    """The panel's title."""
    state = snapshot.state
    if _is_gone(snapshot):
        return "The engine is gone"
    if state.tested:
        return "Final test"
    if state.status == "ended":
        return "The end"
    return "Best so far" if state.epochs else "Results"


def panel(snapshot: Snapshot, width: int, height: int, *, ascii_only: bool = False) -> Content:
    """The panel's text in `width` × `height` cells: two parts side by side where there is room, else one above the other."""
    if width <= 0 or height <= 0:
        return Content("")
    lines = _lay_out(snapshot, width, height, ascii_only)[:height]
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)


def _is_gone(snapshot: Snapshot) -> bool:
    """Whether the engine left unasked, and left nothing finished that could be shown instead."""
    lost = snapshot.lost
    return lost is not None and not lost.expected and snapshot.state.finished is None and not snapshot.opened


def _lay_out(snapshot: Snapshot, width: int, height: int, ascii_only: bool) -> Lines:
    beside = width >= LEFT + _GAP + _RIGHT
    left = _left(snapshot, LEFT if beside else width, ascii_only)
    if not left:
        return _right(snapshot, width, height, ascii_only)
    if not beside:
        if height < _ROOMY:
            left = _left(snapshot, width, True)
        rest = height - len(left) - 1
        return [*left, Content(""), *(_right(snapshot, width, rest, ascii_only) if rest > 1 else [])]
    right = _right(snapshot, width - LEFT - _GAP, height, ascii_only)
    if not right:
        return _left(snapshot, min(width, _READABLE), ascii_only)
    blank = Content("")
    pairs = zip_longest(left, right, fillvalue=blank)
    return [first.pad_right(LEFT + _GAP - first.cell_length) + second for first, second in pairs]


def _wrapped(words: str, width: int, style: str = "") -> Lines:
    return [Content.styled(line, style) for line in textwrap.wrap(words, max(width, 1))]


def _left(snapshot: Snapshot, width: int, ascii_only: bool) -> Lines:
    state = snapshot.state
    if _is_gone(snapshot):
        return _gone(snapshot, width)
    if state.tested:
        return _tested(state, state.tested, width, ascii_only)
    if state.finished:
        return _untested(state, state.finished, width)
    if state.status == "none":
        return []
    return _so_far(state, width, ascii_only)


def _right(snapshot: Snapshot, width: int, height: int, ascii_only: bool) -> Lines:
    state = snapshot.state
    if _is_gone(snapshot) and snapshot.lost and snapshot.lost.log:
        title = Content.styled("the last lines it printed (all of them: 3)", "$muted")
        return [title, *(Content(line).truncate(width, ellipsis=True) for line in snapshot.lost.log[-(height - 1) :])]
    if state.tested:
        return digit_bars(state.tested, worst_pairs(state.tested.confusion), width, height, ascii_only=ascii_only)
    if state.epochs:
        return epoch_table(state, width, height, ascii_only=ascii_only)
    return _to_watch(snapshot, width)


def _to_watch(snapshot: Snapshot, width: int) -> Lines:
    preset = presets().get(snapshot.state.preset or snapshot.preset)
    if preset is None or snapshot.state.finished:
        return []
    width = min(width, _READABLE)
    lines = [Content.styled(preset.name, "bold $train"), *_wrapped(preset.comment, width)]
    return [*lines, Content(""), Content.styled("What to watch", "$muted"), *_wrapped(preset.watch, width)]


def _so_far(state: RunState, width: int, ascii_only: bool) -> Lines:
    best = state.best
    if best is None:
        return [
            Content.styled("validation accuracy", "$validation"),
            *_wrapped("comes after the first epoch", width, "$muted"),
            Content(""),
            *_wrapped("final test: at the end", width, "$muted"),
        ]
    return [
        *(
            Content.styled(row, "$validation")
            for row in big(numbers.percent(best.validation_accuracy), ascii_only=ascii_only)
        ),
        Content.styled("validation accuracy", "bold"),
        Content(f"best so far: epoch {best.epoch} of {state.config.epochs}"),
        Content(f"validation loss {numbers.loss(best.validation_loss)}"),
        Content(""),
        Content.styled("final test: at the end", "$muted"),
    ]


def _tested(state: RunState, test: TestResult, width: int, ascii_only: bool) -> Lines:
    only = only_prediction(test.confusion)
    if only is not None:
        return _collapsed(test, only, width)
    lines = [Content.styled(row, "$success") for row in big(numbers.percent(test.accuracy), ascii_only=ascii_only)]
    lines += [
        Content.assemble(("test accuracy", "bold"), f" of epoch {test.epoch}'s weights")
        if width >= 36
        else Content.assemble(
            ("test accuracy", "bold"), f", epoch {test.epoch} {'(best)' if test.weights == 'best' else ''}"
        ),
        Content(f"95% interval {numbers.interval(test.low, test.high)}"),
        Content(f"{numbers.count(test.wrong)} of {numbers.count(test.images)} misclassified"),
        Content(f"test loss {numbers.loss(test.loss)}"),
        *(each for line in shown_overlap(test) for each in _wrapped(line, width, "bold $error")),
    ]
    end = state.finished
    if end and end.outcome == "completed":
        lines.append(
            Content.styled(f"{numbers.plural(end.epochs, 'epoch')} in {numbers.duration(end.seconds)}", "$muted")
        )
    elif end:
        lines += _wrapped(end.reason, width, "$accent")
    return lines


def _collapsed(test: TestResult, only: int, width: int) -> Lines:
    return [
        *_wrapped(f"Reads everything as {only}: it has learned nothing.", width, "bold $error"),
        *_wrapped(f"Its test accuracy, {numbers.percent(test.accuracy)}, is just the share of {only}s.", width),
        Content(""),
        *_wrapped("Try a smaller learning rate, or another activation or initialization.", width, "$muted"),
    ]


def _untested(state: RunState, end: Finished, width: int) -> Lines:
    words = {"diverged": "Diverged", "failed": "Failed", "aborted": "Aborted"}
    bad = end.diverged or end.failed
    place = f" at step {numbers.count(end.ended_at)}, epoch {math.ceil(end.position)}" if end.step else ""
    word = Content.styled(words.get(end.outcome, "Not tested"), f"bold {'$error' if bad else '$accent'}")
    lines = [word + place, *_wrapped(end.reason, width)]
    remedy = _REMEDIES.get(end.fault, "")
    if end.outcome == "aborted":
        remedy = "2, then c: resume from the last checkpoint."
    if remedy:
        lines += _wrapped(remedy, width, "$muted")
    if state.best:
        best = state.best
        lines.append(
            Content(f"best validation accuracy {numbers.percent(best.validation_accuracy)}, epoch {best.epoch}")
        )
    return lines


def _gone(snapshot: Snapshot, width: int) -> Lines:
    lost, state = snapshot.lost, snapshot.state
    lines = _wrapped(lost.reason if lost else "", width, "bold $error")
    if state.run and not state.finished:
        lines += _wrapped("The run stands as its last checkpoint has it.", width)
        lines += _wrapped("2, then c: resume it. r starts a new run.", width, "$muted")
    else:
        lines += _wrapped("r starts another engine and a new run.", width, "$muted")
    return lines
