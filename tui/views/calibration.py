"""Whether it is as sure as it is right, as text: a reliability diagram, the same in words, and answers by threshold."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from textual.content import Content

from engine.analysis.calibration import Answers, Bin, Overall, overall
from engine.analysis.intervals import wilson_interval
from engine.text import numbers
from tui.views.markup import button
from tui.views.tables import rule

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.999)
"""From which confidence on it answers."""
USUAL = THRESHOLDS.index(0.95)

_LABELS = 7
"""Cells of the vertical axis."""
_FEW = 20
"""Fewer images in a bin than this say little: the bar is faint."""
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_READABLE = 76
_ROOMY = 36
"""Cells from which the answers' table has how many of them are wrong, with bars."""
_BAR = 6
"""Cells of the shortest bar for that."""
_ENOUGH = 8
"""Rows of bars below which the legend and blank lines give way."""
_WIDEST = 12
"""Cells of a bar and the space after it, at most."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The bins of the diagram, what comes of each of `THRESHOLDS`, and the one that is spoken of.

    `shaded` where the terminal has the colors for it; `exact` where confidences are not kept in steps of 1/255.
    """

    bins: tuple[Bin, ...]
    answers: tuple[Answers, ...]
    cursor: int
    exact: bool = True
    shaded: bool = True

    @property
    def chosen(self) -> Answers:
        """The threshold that is spoken of."""
        return self.answers[self.cursor]


def diagram(value: Calibration, width: int, height: int, *, with_answer: bool, ascii_only: bool) -> Content:
    """The reliability diagram with its words in `width` × `height` cells; the answer by threshold below where asked."""
    words = _wrapped(in_words(value.bins), width)
    answer = [Content(""), *_wrapped(answer_sentence(value.chosen), width)] if with_answer else []
    rows = height - len(words) - len(answer) - 4
    if rows < _ENOUGH:  # without the blank line and the legend
        answer, rows = answer[1:], height - len(words) - len(answer[1:]) - 2
        lines = [*words, *_plot(value, width, max(rows, 1), ascii_only), *answer]
    else:
        lines = [*words, _legend(ascii_only), Content(""), *_plot(value, width, rows, ascii_only), *answer]
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines[:height])


def _legend(ascii_only: bool) -> Content:
    bar, gap, mark = _signs(ascii_only)
    return Content.assemble(
        " ", (bar, "$success"), " right   ", (mark, "bold"), " confidence   ", (gap, "$error"), " overconfident"
    )


def _signs(ascii_only: bool) -> tuple[str, str, str]:
    """A full bar, how much surer than right it is, and the mark where bar and confidence would be equal."""
    return ("#", ":", "=") if ascii_only else ("█", "░", "━")


def _plot(value: Calibration, width: int, rows: int, ascii_only: bool) -> list[Content]:
    """Bars of accuracy over the confidence, `rows` high, and under them where each bin begins and how many are in it."""
    bins, shaded = value.bins, value.shaded and not ascii_only
    cell = min(max((width - _LABELS) // len(bins), 3), _WIDEST)
    columns = [_bar(each, cell, rows, ascii_only, shaded) for each in bins]
    lines = []
    for row in range(rows):
        share = {0: "100%", (rows - 1) // 2: "50%" if rows > 4 else "", rows - 1: "0%"}.get(row, "")
        lines.append(Content.assemble((share.rjust(_LABELS - 1) + " ", "$muted"), *(bar[row] for bar in columns)))
    ticks = "".join(f"{100 * each.low:.0f}".ljust(cell) for each in bins)
    rooms = [cell - 1] * (len(bins) - 1) + [width - _LABELS - cell * (len(bins) - 1)]
    counts = "".join(_short(each.images, room).ljust(cell) for each, room in zip(bins, rooms, strict=True))
    lines.append(Content.assemble((" conf.%", "$muted"), " " + ticks))
    lines.append(Content.styled(f" {'count'.ljust(_LABELS - 1)}{counts}", "$muted"))
    return lines


def _bar(each: Bin, cell: int, rows: int, ascii_only: bool, shaded: bool) -> list[Content]:
    """A bin's column from the top: the bar, the mark at its confidence, and what lies between where it is overconfident."""
    full, gap, mark = _signs(ascii_only)
    wide = cell - 1
    confidence = (each.low + each.high) / 2 if each.confidence is None else each.confidence
    accuracy = each.accuracy or 0.0
    marked = min(int(confidence * rows), rows - 1)
    color = "$muted" if each.images < _FEW else "$success"
    column = []
    for row in reversed(range(rows)):
        filled = min(max(accuracy * rows - row, 0.0), 1.0)
        if row == marked:
            behind = f" on {color}" if filled >= 0.5 and not ascii_only else ""
            ink = "$muted" if not each.images else f"bold $background{behind}" if behind else "bold $foreground"
            column.append(Content.assemble((mark * wide, ink), " "))
        elif filled > (0.5 if ascii_only and row < marked else 0) or not each.images or row > marked:
            text = (full if filled > 0.5 else " ") if ascii_only else _EIGHTHS[round(filled * 8)]
            above = " on $error 25%" if shaded and 0 < filled < 1 and row < marked else ""
            column.append(Content.assemble((text * wide, color + above), " "))
        else:
            column.append(Content.assemble((gap * wide, "$error"), " "))
    return column


def _short(number: int, width: int) -> str:
    """A count in at most `width` cells, in thousands where it must be: "9k"."""
    text = numbers.rough(number)
    if len(text) <= width:
        return text
    return f"{number / 1000:.0f}k" if number < 999_500 else f"{number / 1e6:.0f}M"


def in_words(bins: tuple[Bin, ...]) -> str:
    """What the diagram comes to: whether it is surer than right, by how much, and where that shows most."""
    whole = overall(bins)
    if not whole.images:
        return "There are no images."
    low, high = wilson_interval(whole.right, whole.images)
    error = f"Expected calibration error {numbers.percent(whole.ece)}."
    if low <= whole.confidence <= high:
        return f"Well calibrated: {_both(whole)}. {error}"
    surer = "Overconfident" if whole.confidence > high else "Underconfident"
    return f"{surer}: {_both(whole)}{_where(bins, whole)}. {error}"


def _both(whole: Overall) -> str:
    right = numbers.percent(whole.right / whole.images, 1)
    return f"mean confidence {numbers.percent(whole.confidence, 1)}, accuracy {right}"


def _where(bins: tuple[Bin, ...], whole: Overall) -> str:
    """The bin that adds most to that, unless it holds nearly all images and so says the same again."""
    surer = whole.confidence * whole.images > whole.right
    worst = max(bins, key=lambda each: each.gap * each.images * (1 if surer else -1))
    if worst.accuracy is None or worst.confidence is None or worst.images < _FEW or worst.images > whole.images * 0.9:
        return ""
    return (
        f"; at confidence {numbers.percent(worst.confidence, 0)} the accuracy is {numbers.percent(worst.accuracy, 0)}"
    )


def answer_sentence(chosen: Answers) -> str:
    """A threshold in words."""
    if not chosen.images or chosen.coverage is None:
        return "There are no images."
    if chosen.threshold <= 0:
        return f"Without a threshold the accuracy is {numbers.percent(chosen.right / chosen.images)}."
    least = f"At a threshold of {_threshold(chosen.threshold)}"
    if chosen.accuracy is None:
        return f"{least}, nothing is accepted."
    return (
        f"{least}, coverage is {numbers.percent(chosen.coverage, 1)} and accuracy {numbers.percent(chosen.accuracy)}."
    )


def _threshold(threshold: float) -> str:
    return f"{100 * threshold:.4g}%"


def answers_table(value: Calibration, width: int, height: int, *, ascii_only: bool) -> Content:
    """Every threshold with what comes of it, the chosen one marked, and it in words."""
    said = _wrapped(answer_sentence(value.chosen), width)
    head = f"{'threshold'.rjust(10)}{'coverage'.rjust(9)}{'accuracy'.rjust(9)}"
    lines = [Content.styled(head + ("wrong".rjust(8) if width >= _ROOMY else ""), "$muted")]
    lines += [_answer_row(value, place, width, ascii_only) for place in range(len(value.answers))]
    notes = _wrapped('Below the threshold it says "I don\'t know".', width, "$muted")
    notes += [] if value.exact else _wrapped("Confidences are kept in steps of 0.4%.", width, "$muted")
    for block in (said, notes):
        if len(lines) + 1 + len(block) <= height:
            lines += [Content(""), *block]
        elif len(lines) + len(block) <= height:
            lines += block
    return Content("\n").join(line.truncate(width) for line in lines[:height])


def _answer_row(value: Calibration, place: int, width: int, ascii_only: bool) -> Content:
    each, here = value.answers[place], place == value.cursor
    right = "none" if each.accuracy is None else numbers.percent(each.accuracy)
    sign = (">" if ascii_only else "▸") if here else " "
    words = (
        f"{sign} {_threshold(each.threshold).rjust(8)}{numbers.percent(each.coverage or 0, 1).rjust(9)}{right.rjust(9)}"
    )
    if width >= _ROOMY:
        words += numbers.count(each.answered - each.right).rjust(8) + "  "
        wrong, most = each.answered - each.right, value.answers[0].answered - value.answers[0].right
        share, room = (wrong / most if most else 0.0), width - len(words) - 1
        words += "" if room < _BAR else "#" * round(share * room) if ascii_only else rule(share, room)
    style = "bold $block-cursor-foreground on $block-cursor-background" if here else ""
    return button(words.ljust(width), f"screen.threshold({place})", style)


def _wrapped(text: str, width: int, style: str = "") -> list[Content]:
    """The text in lines that begin one cell from the frame."""
    lines = textwrap.wrap(text, max(min(width - 2, _READABLE), 8))
    return [Content.styled(" " + line, style) for line in lines]
