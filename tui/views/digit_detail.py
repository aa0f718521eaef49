"""One digit in words and bars: what it is, what is read in it and how surely, and since when."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from engine.text import numbers
from tui.data.digit_selection import SplitName
from tui.views import ten_bars
from tui.views.prediction_history import EpochPrediction, story, strip

BARS = 10
"""Rows of the bars, one a digit."""
_TALLEST = 8
"""Rows of the history's bars, at most."""
_EXACT = 20
"""Cells from which a bar has room for a figure with a decimal."""


@dataclass(frozen=True, slots=True)
class Probabilities:
    """The ten probabilities of one digit, and the weights that they are of."""

    values: tuple[float, ...]
    epoch: int
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """All that is told of one digit, the image `index` of its split.

    `confidence` is the probability of the digit that is read, `loss` −ln p of the right one, or with `loss_exact`
    false the least it can be. `probabilities` are None while they are not known: then `waiting` says why, or `fault`.
    `remark` says whose probabilities they are, where they are not the chosen epoch's. `elsewhere`: it is not among the
    digits that are selected.
    """

    split: SplitName
    index: int
    epoch: int
    label: int
    prediction: int
    confidence: float
    loss: float
    loss_exact: bool
    probabilities: Probabilities | None = None
    remark: str = ""
    waiting: str = ""
    fault: str = ""
    history: tuple[EpochPrediction, ...] = ()
    elsewhere: bool = False

    @property
    def wrong(self) -> bool:
        """Whether it is misclassified."""
        return self.prediction != self.label


def heading(detail: Detail) -> str:
    """What it is and what is read: "✗ 4, predicted as 9"."""
    if detail.wrong:
        return f"✗ {detail.label}, predicted as {detail.prediction}"
    return f"✓ {detail.label}, correct"


def place(detail: Detail) -> str:
    """Which image it is, counted from 0 as everywhere; and where it is none of those that are selected, that."""
    number = f"image {numbers.count(detail.index)}"
    return f"{number}, not among these" if detail.elsewhere else f"{detail.split} {number}"


def exact_percent(probability: float) -> str:
    """In percent with a decimal, but for what is certain."""
    return numbers.probability(probability) if probability < 1 else "100%"


def whole_percent(probability: float) -> str:
    """In whole percent, "<1%" and ">99%" where that would be 0 or 100 and is not."""
    return numbers.probability(probability, 0)


def bars(detail: Detail, width: int, *, ascii_only: bool = False) -> list[Content]:
    """A row for each digit in `width` cells: the right one is ticked, one that is wrongly read is crossed.

    While the ten probabilities are not known there is the one that was kept with the reading, as far as it is one of
    the chosen epoch.
    """
    known = detail.probabilities.values if detail.probabilities else None
    rows = []
    for digit in range(BARS):
        likely = known[digit] if known else detail.confidence if digit == detail.prediction else None
        rows.append(_bar(detail, digit, likely, width, ascii_only))
    return rows


def _bar(detail: Detail, digit: int, likely: float | None, width: int, ascii_only: bool) -> Content:
    metric_cells = 8 if width >= _EXACT else 6
    room = max(width - 3 - metric_cells, 0)
    row = ten_bars.line(digit, likely or 0.0, detail.label, detail.prediction, room, ascii_only=ascii_only)
    head = (f"{row.mark}{digit} ", f"bold ${row.tone}" if row.marked else "")
    if likely is None:
        return Content.assemble(head, " " * room, (("." if ascii_only else "·").rjust(metric_cells), "$muted"))
    metric = (exact_percent if width >= _EXACT else whole_percent)(likely).rjust(metric_cells)
    metric_style = head[1] or ("" if likely >= 0.005 else "$muted")
    return Content.assemble(head, (row.bar, f"${row.tone}"), (metric, metric_style))


def whose(detail: Detail) -> str:
    """Whose probabilities the bars show, or why there are none."""
    if detail.fault:
        return detail.fault
    if detail.waiting:
        return detail.waiting
    return detail.remark


def loss_words(detail: Detail) -> str:
    """The loss, with what it is."""
    loss = numbers.loss(max(detail.loss, 0.0))
    return f"loss {loss}" if detail.loss_exact else f"loss at least {loss}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Lines that are shown together; of all pieces those with the greatest rank go first where room is short."""

    lines: Sequence[Content]
    rank: int


def below(detail: Detail, width: int, height: int, *, facts: bool = True, ascii_only: bool = False) -> list[Content]:
    """What stands below the picture, as far as there is room: whose the bars are, the `facts`, and the history."""
    pieces = _below(detail, width, 1, facts, ascii_only)
    used = sum(len(piece.lines) for piece in pieces)
    if used < height:
        pieces = _below(detail, width, min(1 + height - used, _TALLEST), facts, ascii_only)
    while len(pieces) > 1 and sum(len(piece.lines) for piece in pieces) > height:
        pieces.remove(max(pieces, key=lambda piece: piece.rank))
    lines = [line for piece in pieces for line in piece.lines][: max(height, 0)]
    while lines and not lines[0].plain:
        del lines[0]
    return lines


def _below(detail: Detail, width: int, tall: int, facts: bool, ascii_only: bool) -> list[_Piece]:
    loud = "$error" if detail.fault else "$accent" if detail.remark and not detail.waiting else "$muted"
    pieces = [
        _Piece(_prose(whose(detail), width, loud), 2),
        _Piece([Content.styled(_facts(detail, width), "$muted")] if facts else [], 5),
        _Piece([Content("")], 8),
        *_history(detail, width, tall, ascii_only),
    ]
    return [piece for piece in pieces if piece.lines]


def _facts(detail: Detail, width: int) -> str:
    wrong = sum(each.digit != detail.label for each in detail.history)
    words = f"{loss_words(detail)} · wrong in {wrong} of {numbers.plural(len(detail.history), 'epoch')}"
    return words if detail.history and len(words) <= width else loss_words(detail)


def _history(detail: Detail, width: int, tall: int, ascii_only: bool) -> list[_Piece]:
    if not detail.history:
        why = "Of the test set there is no history: it is evaluated only at the end of a run or on request."
        return [_Piece(_prose(why, width, "$muted"), 4)] if detail.split == "test" else []
    drawn = strip(detail.history, detail.label, detail.epoch, width, tall=tall, ascii_only=ascii_only)
    return [
        _Piece([drawn.read], 1),
        _Piece([drawn.right], 6),
        _Piece(drawn.confidence, 3),
        _Piece([drawn.where], 2),
        _Piece(_prose(drawn.note, width, "$muted"), 7),
        _Piece(_prose(story(detail.history, detail.label), width, "bold"), 0),
    ]


def _prose(words: str, width: int, style: str) -> list[Content]:
    return [Content.styled(line, style) for line in textwrap.wrap(words, max(width, 10))]


def remark(found: Probabilities, epoch: int, step: int | None, best: int | None) -> str:
    """That the bars are of other weights than the chosen epoch's; empty where they are its own.

    `step` is where the chosen epoch ended, `best` the epoch whose weights are kept beside the last.
    """
    if found.epoch == epoch and (found.step is None or step is None or found.step == step):
        return ""
    if found.epoch == epoch:
        return f"The bars are of step {numbers.count(found.step or 0)}, where the run was left: epoch {epoch}'s weights are not kept."
    kept = f"{found.epoch} (last)" + (f" and {best} (best)" if best is not None and best != found.epoch else "")
    of = "epochs" if " and " in kept else "epoch"
    return f"The bars are of epoch {found.epoch}: weights are kept of {of} {kept} alone."
