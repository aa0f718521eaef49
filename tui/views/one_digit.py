"""Pure: what is told of the digit that has the focus."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from textual.content import Content

from engine.history import RunState
from engine.readings import Readings
from tui.inspected import Inspected, probability
from tui.views.figures import count
from tui.views.opinion import Answer, Opinion, Silent, share
from tui.views.reading_history import Reading, story, strip
from tui.views.tables import rule
from tui.widgets.digit import percent

_FIGURE = 8
"""Cells of a probability, with one before it."""


@dataclass(frozen=True, slots=True)
class OneDigit:
    """One image at an epoch: its index in the split, label and reading, and what was read at all epochs."""

    split: str
    index: int
    label: int
    reading: int
    confidence: float
    epoch: int
    history: tuple[Reading, ...]
    exact: bool


def one_digit(inspected: Inspected, index: int) -> OneDigit:
    """What is kept of an image."""
    history = inspected.history
    rows = [row for row, epoch in enumerate(history.epochs) if int(epoch) in inspected.epochs]
    return OneDigit(
        inspected.split,
        index,
        int(inspected.labels[index]),
        int(inspected.readings[index]),
        float(inspected.confidences[index]),
        inspected.epoch,
        tuple(_reading(history, row, index) for row in rows),
        inspected.probabilities is not None,
    )


def _reading(history: Readings, row: int, index: int) -> Reading:
    sure = float(probability(history.confidences[row : row + 1, index])[0])
    return Reading(int(history.epochs[row]), int(history.digits[row, index]), sure)


def heading(one: OneDigit) -> str:
    """Which image it is: "image 4 271, a 4"."""
    return f"{one.split} image {count(one.index)}: {'an' if one.label == 8 else 'a'} {one.label}"


def verdict(one: OneDigit, *, ascii_only: bool = False) -> Content:
    """Right or wrong, in words: "✗ read as 9, 87 %"; "about" where the probability is kept in steps of 1/255."""
    right = one.label == one.reading
    mark = ("+" if right else "x") if ascii_only else ("✓" if right else "✗")
    figure = share(one.confidence) if one.exact else f"{percent(one.confidence)} %"
    about = "" if one.exact or figure[0] in "<>" else "about "
    style = "$text-success" if right else "bold $text-error"
    how = "read rightly" if right else f"read as {one.reading}"
    return Content.assemble((f"{mark} {how}", style), f", {about}{figure}")


def answer_of(inspected: Inspected, index: int) -> Answer | None:
    """All ten probabilities where they were kept; None where the engine has to be asked."""
    if inspected.probabilities is None:
        return None
    likely = tuple(float(p) for p in inspected.probabilities[index])
    return Opinion(likely, inspected.epoch, "best")


def weights_of(state: RunState, epoch: int) -> str | Silent:
    """Which checkpoint has the weights of an epoch; else which epochs' weights are kept."""
    last = state.epochs[-1].epoch if state.epochs else 0
    best = state.best.epoch if state.best else 0
    if epoch == last:
        return "last"
    if epoch == best:
        return "best"
    kept = f"epoch {last} (the last)" + (f" and {best} (the best)" if best and best != last else "")
    return Silent(f"All ten probabilities need the weights, and those of {kept} are kept; , and . go there.")


def bars_page(answer: Answer, label: int, width: int, height: int, *, ascii_only: bool = False) -> Content:
    """The ten bars, the reading's and the label's marked, or why there are none."""
    match answer:
        case Silent(words=words, fault=fault):
            style = "$text-error" if fault else "$muted"
            lines = [Content.styled(f" {line}", style) for line in textwrap.wrap(words, max(width - 2, 1))]
        case Opinion():
            lines = [_bar(answer, digit, label, width, ascii_only) for digit in range(len(answer.probabilities))]
    return Content("\n").join(lines[:height])


def _bar(opinion: Opinion, digit: int, label: int, width: int, ascii_only: bool) -> Content:
    """A digit with its probability: what is read has a mark, right or wrong; what it is stands out."""
    likely, read, right = opinion.probabilities[digit], digit == opinion.reading, digit == label
    room = max(width - 4 - _FIGURE, 0)
    bar = "#" * round(likely * room) if ascii_only else rule(likely, room)
    marks = ("+", "x", "=") if ascii_only else ("✓", "✗", "·")
    mark = (marks[0] if right else marks[1]) if read else marks[2] if right else " "
    style = "$text-success" if right else "$text-error" if read else "$secondary"
    return Content.assemble(
        (f"{mark} {digit} ", f"bold {style}" if read or right else ""),
        (bar.ljust(room), style),
        (share(likely).rjust(_FIGURE), "bold" if read else "$foreground" if bar else "$muted"),
    )


def story_page(one: OneDigit, width: int, height: int, *, ascii_only: bool = False) -> Content:
    """Since when it reads the digit: a sentence, and the strip over the epochs as far as there is room."""
    lines = [verdict(one, ascii_only=ascii_only)]
    if one.history:
        lines += [Content(line) for line in textwrap.wrap(story(one.history, one.label), max(width, 1))]
        drawn = strip(one.history, one.label, one.epoch, width, ascii_only=ascii_only)
        rows = [drawn.read, drawn.right, drawn.sure, drawn.where]
        if drawn.note:
            rows.append(Content.styled(drawn.note, "$muted"))
        if height - len(lines) > len(rows):
            rows.insert(0, Content(""))
        lines += rows
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines[:height])
