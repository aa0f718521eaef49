"""What a run read in one digit at every epoch: as a sentence, and as a strip of cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from textual.content import Content

from engine.text.numbers import plural

Verdict = Literal["right", "wrong", "mixed"]

_MOST_TOLD = 4
"""Changes of mind that are told one by one; of more, how many there were and the last."""
_WIDEST = 4
"""Cells of an epoch where there are few."""
_NAMED = len("right ")
"""Cells of the rows' names."""
_HEIGHTS, _ASCII_HEIGHTS, _ASCII_HALVES = "▁▂▃▄▅▆▇█", "_.-:=+*#", ".#"
_MARKS: dict[Verdict, str] = {"right": "✓", "wrong": "✗", "mixed": "~"}
_ASCII_MARKS: dict[Verdict, str] = {"right": "+", "wrong": "x", "mixed": "~"}
_STYLES: dict[Verdict, str] = {"right": "$success", "wrong": "bold $error", "mixed": "bold $accent"}


@dataclass(frozen=True, slots=True)
class EpochPrediction:
    """What was read after an epoch, and its probability, 0 to 1."""

    epoch: int
    digit: int
    confidence: float


def story(predictions: Sequence[EpochPrediction], label: int) -> str:
    """When the run learned a digit, and lost it again: "First correct at epoch 3, wrong at 5, correct again at 6." """
    if not predictions:
        return ""
    right = [each.digit == label for each in predictions]
    changes = [
        (after.epoch, after.digit == label) for before, after in pairwise(predictions) if _turned(before, after, label)
    ]
    if not changes:
        return _unchanged(predictions, all(right))
    if len(changes) > _MOST_TOLD:
        last = f"correct since epoch {changes[-1][0]}"
        if not right[-1]:
            last = f"last correct at epoch {max(each.epoch for each, good in zip(predictions, right, strict=True) if good)}"
        return f"Changed {len(changes)} times, {last}."
    reported = [f"Correct from epoch {predictions[0].epoch} on"] if right[0] else []
    for epoch, now_right in changes:
        word = ("correct again" if reported else "first correct") if now_right else "wrong"
        reported.append(f"{word} at {'' if reported else 'epoch '}{epoch}")
    sentence = ", ".join(reported)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _turned(before: EpochPrediction, after: EpochPrediction, label: int) -> bool:
    return (before.digit == label) != (after.digit == label)


def _unchanged(predictions: Sequence[EpochPrediction], right: bool) -> str:
    first, count = predictions[0], len(predictions)
    if count == 1:
        return f"{'Correct' if right else 'Misclassified'} at epoch {first.epoch}, the only one so far."
    if right:
        return "Correct from the first epoch on."
    digits = {each.digit for each in predictions}
    always = f", always as {first.digit}" if len(digits) == 1 else ""
    return f"Misclassified in all {plural(count, 'epoch')}{always}."


@dataclass(frozen=True, slots=True)
class Cell:
    """One or more epochs one after the other: `digit` and `confidence` are those of the last one."""

    first: int
    last: int
    digit: int
    confidence: float
    verdict: Verdict
    epochs: int = 1


def cells(predictions: Sequence[EpochPrediction], label: int, width: int) -> list[Cell]:
    """At most `width` cells, each for as many epochs, the last one perhaps for fewer."""
    each = -(-len(predictions) // max(width, 1))
    return [_cell(predictions[at : at + each], label) for at in range(0, len(predictions), each)] if predictions else []


def _cell(group: Sequence[EpochPrediction], label: int) -> Cell:
    right = {prediction.digit == label for prediction in group}
    verdict: Verdict = "mixed" if len(right) > 1 else "right" if True in right else "wrong"
    return Cell(group[0].epoch, group[-1].epoch, group[-1].digit, group[-1].confidence, verdict, len(group))


@dataclass(frozen=True, slots=True)
class Strip:
    """Rows over the epochs: what was `read`, whether that was `right`, how `sure`, and `where` the chosen epoch is."""

    read: Content
    right: Content
    confidence: tuple[Content, ...]
    where: Content
    note: str
    """What a cell stands for, where that is more than one epoch."""


def strip(
    predictions: Sequence[EpochPrediction],
    label: int,
    chosen: int,
    width: int,
    *,
    tall: int = 1,
    ascii_only: bool = False,
) -> Strip:
    """The strip in `width` cells, the names of its rows included; the row of bars is `tall` cells high."""
    room = max(width - _NAMED, 1)
    drawn = cells(predictions, label, room)
    wide = max(min(_WIDEST, room // max(len(drawn), 1)), 1)
    marks = _ASCII_MARKS if ascii_only else _MARKS
    each = drawn[0].epochs if drawn else 1
    return Strip(
        read=_row("read", ((str(c.digit), _style(c, chosen)) for c in drawn), wide),
        right=_row("right", ((marks[c.verdict], _style(c, chosen)) for c in drawn), wide),
        confidence=_bars(
            drawn, wide, tall, (_ASCII_HALVES if tall > 1 else _ASCII_HEIGHTS) if ascii_only else _HEIGHTS
        ),
        where=_where(drawn, chosen, wide, room, "^" if ascii_only else "▲"),
        note=f"A column is {plural(each, 'epoch')}; ~ where it changed." if each > 1 else "",
    )


def _bars(drawn: Sequence[Cell], wide: int, tall: int, heights: str) -> tuple[Content, ...]:
    """Probabilities as bars, from the top row down."""
    names = {0: "100%", tall // 2: "sure", tall - 1: "0%"} if tall >= 3 else {tall - 1: "sure"}
    rows = []
    for row in range(tall):
        below = tall - 1 - row
        parts = ((_block(c.confidence * tall - below, heights) * max(wide - 1, 1), _STYLES[c.verdict]) for c in drawn)
        rows.append(_row(names.get(row, ""), parts, wide))
    return tuple(rows)


def _block(filled: float, heights: str) -> str:
    """A cell of a bar, of which so much is filled."""
    eighths = round(min(filled, 1.0) * len(heights))
    return heights[eighths - 1] if eighths > 0 else " "


def _style(cell: Cell, chosen: int) -> str:
    underlined = " underline" if cell.first <= chosen <= cell.last else ""
    return f"{_STYLES[cell.verdict]}{underlined}"


def _row(name: str, parts: Iterable[tuple[str, str]], wide: int) -> Content:
    spaced = [part for words, style in parts for part in ((words, style), " " * (wide - len(words)))]
    return Content.assemble((name.ljust(_NAMED), "$muted"), *spaced)


def _where(drawn: Sequence[Cell], chosen: int, wide: int, room: int, sign: str) -> Content:
    place = next((n * wide for n, cell in enumerate(drawn) if cell.first <= chosen <= cell.last), None)
    if place is None:
        return Content("")
    words = f"epoch {chosen}"
    if place + 2 + len(words) <= room:
        return Content.assemble(" " * (_NAMED + place), (sign, "bold $accent"), (f" {words}", "$muted"))
    before = max(_NAMED + place - 1 - len(words), 0)
    return Content.assemble(" " * before, (f"{words} ", "$muted"), (sign, "bold $accent"))
