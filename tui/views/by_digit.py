"""How well each digit is read, as text: precision, recall, F1 and their means, the accuracy, and the worst pairs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import zip_longest

from textual.content import Content

from engine.analysis.confusion import ClassMetrics, Matrix, by_digit, macro_means
from engine.analysis.intervals import only_prediction, wilson_interval, worst_pairs
from engine.text import numbers
from tui.views.markup import button
from tui.views.tables import pair_text

_MEANINGS = (
    ("precision", "of the images predicted as a digit, the share that are one"),
    ("recall", "of the images of a digit, the share predicted as that digit"),
    ("F1", "the harmonic mean of the two"),
    ("mean", "of the digits, each counting alike (macro average)"),
)
_DIGIT = 5
_COLUMNS = (11, 9, 9)
_LEFT, _TWO = 48, 72
"""Cells of the table where the worst pairs stand beside it, and from how many on they do."""
_MOST_PAIRS = 6
_READABLE = 76


@dataclass(frozen=True, slots=True)
class ByDigit:
    """Whose figures: the matrix, and in how many images the readings of the epoch `since` were other ones.

    `turned` counts the images that have come to be correct, and wrongly, since then.
    """

    table: Matrix
    since: int | None = None
    turned: tuple[int, int] = (0, 0)


def panel(value: ByDigit, width: int, height: int, *, ascii_only: bool = False) -> Content:
    """As much as there is room for in `width` × `height` cells: the accuracy, the table, the worst pairs, the meanings."""
    two = width >= _TWO
    table = _table(value.table, _LEFT if two else width)
    head = _accuracy(value, width)
    if len(head) + len(table) > height:  # what the table says is said nowhere else
        head = head[:1]
    room = len(table) if two else min(height - len(head) - len(table) - 1, _MOST_PAIRS + 1)
    pairs = _pairs(value.table, width, room, ascii_only)
    if two:
        table = [a.pad_right(_LEFT - a.cell_length) + b for a, b in zip_longest(table, pairs, fillvalue=Content(""))]
    lines = [*head, *table][:height]
    blocks = [] if two else [pairs]
    for block in (*blocks, _never(value.table, width), _changes(value, width), _meanings(value.table, width)):
        if block and len(lines) + 1 + len(block) <= height:
            lines += [Content(""), *block]
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)


def _accuracy(value: ByDigit, width: int) -> list[Content]:
    images = sum(map(sum, value.table))
    right = sum(row[digit] for digit, row in enumerate(value.table))
    if not images:
        return [Content("No images.")]
    whole = f", {numbers.count(right)} of {numbers.count(images)}"
    accuracy = numbers.percent(right / images)
    return [
        Content.assemble((accuracy, "bold $validation"), " accuracy", whole if width >= 40 else ""),
        Content.styled(f"95% interval {numbers.interval(*wilson_interval(right, images))}", "$muted"),
        Content(""),
    ]


def _table(matrix: Matrix, width: int) -> list[Content]:
    digits = by_digit(matrix)
    means = macro_means(digits)
    lines = [Content.styled("digit".rjust(_DIGIT) + _cells("precision", "recall", "F1"), "$muted")]
    found = sorted(each.f1 for each in digits if each.f1 is not None)
    lowest = found[0] if len(found) > 1 and found[0] < found[1] else None
    lines += [_digit_row(digit, each, lowest, width) for digit, each in enumerate(digits)]
    words = "mean".rjust(_DIGIT) + _cells(*(_share(each) for each in (means.precision, means.recall, means.f1)))
    lines.append(Content.styled(words, "bold"))
    return lines


def _digit_row(digit: int, each: ClassMetrics, lowest: float | None, width: int) -> Content:
    if not each.images and not each.read:
        return Content.styled(f"{digit:>{_DIGIT}}   not in the set", "$muted")
    worst = each.f1 is not None and each.f1 == lowest
    words = _cells(
        _share(each.precision, "none read"),
        _share(each.recall, "no image"),
        _share(each.f1),
    )
    row = Content.assemble((f"{digit:>{_DIGIT}}", "bold"), (words, "$accent" if worst else ""))
    if worst:
        row += Content.styled(" lowest" if width >= row.cell_length + 7 else " ↓", "$accent")
    return row


def _cells(*texts: str) -> str:
    return "".join(text.rjust(cells) for text, cells in zip(texts, _COLUMNS, strict=True))


def _share(share: float | None, otherwise: str = "none") -> str:
    return otherwise if share is None else numbers.percent(share)


def _pairs(matrix: Matrix, width: int, room: int, ascii_only: bool) -> list[Content]:
    """The worst pairs, which a click leads to; of a network that reads one digit alone, that."""
    if (only := only_prediction(matrix)) is not None and any(any(row) for row in matrix):
        return _wrapped(f"Reads everything as {only}.", width, "bold $error")
    pairs = worst_pairs(matrix, max(room - 1, 0))
    if not pairs:
        errors = sum(n for label, row in enumerate(matrix) for prediction, n in enumerate(row) if label != prediction)
        return [] if errors else [Content.styled("Nothing is misclassified.", "$success")]
    lines = [Content.styled("most often confused", "$muted")]
    return lines + [
        button(pair_text(pair, ascii_only=ascii_only), f"screen.cell({pair[0]}, {pair[1]})") for pair in pairs
    ]


def _changes(value: ByDigit, width: int) -> list[Content]:
    if value.since is None:
        return []
    better, worse = (numbers.count(n) for n in value.turned)
    return _wrapped(f"Since epoch {value.since}: {better} fixed, {worse} regressed.", width)


def _never(matrix: Matrix, width: int) -> list[Content]:
    """The digits that are never read, whose precision has nothing to be measured by."""
    never = [str(digit) for digit, each in enumerate(by_digit(matrix)) if each.images and not each.read]
    if not never or only_prediction(matrix) is not None:
        return []
    last = f" or {never[-1]}" if len(never) > 1 else never[-1]
    return _wrapped(f"No image was predicted as {', '.join(never[:-1])}{last}.", width, "$error")


def _meanings(matrix: Matrix, width: int) -> list[Content]:
    """What the columns mean, and over how many digits the mean precision goes where not over all."""
    of, digits = macro_means(by_digit(matrix)).digits[0], len(matrix)
    some = f"; of precision over the {numbers.plural(of, 'digit')} that are read" if of < digits else ""
    meanings = [*_MEANINGS[:-1], (_MEANINGS[-1][0], _MEANINGS[-1][1] + some)]
    return [line for name, said in meanings for line in _wrapped(f"{name}: {said}", width, "$muted")]


def _wrapped(text: str, width: int, style: str = "") -> list[Content]:
    return [Content.styled(line, style) for line in textwrap.wrap(text, max(min(width, _READABLE), 8))]
