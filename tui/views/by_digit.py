"""How well each digit is read, as text: precision, recall, F1 and their means, the accuracy, and the worst pairs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from textual.content import Content

from engine.confusion import DigitFigures, Matrix, by_digit, macro_means
from engine.statistics import only_reading, wilson_interval, worst_pairs
from tui.views import figures
from tui.views.tables import pair_text
from tui.widgets.line import button

_MEANINGS = (
    ("precision", "of the images read as a digit, the share that are one"),
    ("recall", "of the images of a digit, the share read as one"),
    ("F1", "the harmonic mean of the two"),
    ("mean", "of the digits, each counting alike (macro average)"),
)
_DIGIT, _FIGURE = 6, 11
_MOST_PAIRS = 10
_READABLE = 76


@dataclass(frozen=True, slots=True)
class ByDigit:
    """Whose figures: the matrix, and in how many images the readings of the epoch `since` were other ones.

    `turned` counts the images that have come to be read rightly, and wrongly, since then.
    """

    table: Matrix
    since: int | None = None
    turned: tuple[int, int] = (0, 0)


def panel(value: ByDigit, width: int, height: int) -> Content:
    """As much as there is room for in `width` × `height` cells: the accuracy, the table, the worst pairs, the meanings."""
    lines = [*_accuracy(value, width), *_table(value.table, width)]
    if len(lines) > height:  # what the table says is said nowhere else
        lines = [*_accuracy(value, width)[:1], *_table(value.table, width)][:height]
    for block in (_pairs(value.table, width, height - len(lines) - 1), _changes(value, width), _meanings(width)):
        if block and len(lines) + 1 + len(block) <= height:
            lines += [Content(""), *block]
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)


def _accuracy(value: ByDigit, width: int) -> list[Content]:
    images = sum(map(sum, value.table))
    right = sum(row[digit] for digit, row in enumerate(value.table))
    if not images:
        return [Content("No images.")]
    low, high = (figures.percent(bound) for bound in wilson_interval(right, images))
    whole = f", {figures.count(right)} of {figures.count(images)}"
    accuracy = figures.percent(right / images)
    return [
        Content.assemble((accuracy, "bold $validation"), " accuracy", whole if width >= 40 else ""),
        Content.styled(f"95 % interval {low.removesuffix(' %')} to {high}", "$muted"),
        Content(""),
    ]


def _table(matrix: Matrix, width: int) -> list[Content]:
    digits = by_digit(matrix)
    means = macro_means(digits)
    lines = [Content.styled("digit".rjust(_DIGIT) + _cells("precision", "recall", "F1"), "$muted")]
    lowest = min((each.f1 for each in digits if each.f1 is not None), default=None)
    lines += [_digit_row(digit, each, lowest, width) for digit, each in enumerate(digits)]
    some = " over the digits that have one" if set(means.digits) != {len(digits)} else ""
    words = "mean".rjust(_DIGIT) + _cells(*(_share(each) for each in (means.precision, means.recall, means.f1)))
    lines.append(Content.styled(words + (some if len(words + some) <= width else ""), "bold"))
    return lines


def _digit_row(digit: int, each: DigitFigures, lowest: float | None, width: int) -> Content:
    if not each.images and not each.read:
        return Content.styled(f"{digit:>{_DIGIT}}   not in the set", "$muted")
    worst = each.f1 == lowest and lowest != 1
    words = _cells(
        _share(each.precision, "none read"),
        _share(each.recall, "none there"),
        _share(each.f1),
    )
    row = Content.assemble((f"{digit:>{_DIGIT}}", "bold"), (words, "$accent" if worst else ""))
    if worst and width >= row.cell_length + 8:
        row += Content.styled(" lowest", "$accent")
    return row


def _cells(*texts: str) -> str:
    return "".join(text.rjust(_FIGURE) for text in texts)


def _share(share: float | None, otherwise: str = "none") -> str:
    return otherwise if share is None else figures.percent(share)


def _pairs(matrix: Matrix, width: int, room: int) -> list[Content]:
    """The worst pairs, which a click leads to; of a network that reads one digit alone, that."""
    if (only := only_reading(matrix)) is not None and any(any(row) for row in matrix):
        return _wrapped(f"Reads everything as {only}.", width, "bold $error")
    pairs = worst_pairs(matrix, min(max(room - 1, 0), _MOST_PAIRS))
    if not pairs:
        errors = sum(n for label, row in enumerate(matrix) for reading, n in enumerate(row) if label != reading)
        return [] if errors else [Content.styled("Nothing is read wrongly.", "$success")]
    lines = [Content.styled("most often confused", "$muted")]
    return lines + [button(pair_text(pair), f"screen.cell({pair[0]}, {pair[1]})") for pair in pairs]


def _changes(value: ByDigit, width: int) -> list[Content]:
    if value.since is None:
        return []
    better, worse = (figures.count(n) for n in value.turned)
    return _wrapped(f"Since epoch {value.since}: {better} put right, {worse} no longer read rightly.", width)


def _meanings(width: int) -> list[Content]:
    return [line for name, said in _MEANINGS for line in _wrapped(f"{name}: {said}", width, "$muted")]


def _wrapped(text: str, width: int, style: str = "") -> list[Content]:
    return [Content.styled(line, style) for line in textwrap.wrap(text, max(min(width, _READABLE), 8))]
