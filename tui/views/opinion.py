"""What a network reads in one picture: ten probabilities as bars, and how they became so from epoch to epoch. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from engine.answers import PicturePredictions, decode_result
from engine.events import CheckpointKind
from engine.text import numbers
from tui.views.big_number import big
from tui.views.ten_bars import filled

UNCERTAIN = 0.5
"""A reading with a smaller probability is none to rely on."""
_FIGURE = 8
"""Cells of a probability, with one before it."""


@dataclass(frozen=True, slots=True)
class Silent:
    """There is no answer; `words` say why. `fault`: something went wrong."""

    words: str
    fault: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """The ten `probabilities` that the weights of an epoch give."""

    probabilities: tuple[float, ...]
    epoch: int
    weights: CheckpointKind

    @property
    def prediction(self) -> int:
        """The digit that is the likeliest."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """The reading's probability."""
        return self.probabilities[self.prediction]

    @property
    def uncertain(self) -> bool:
        """Whether the reading is none to rely on."""
        return self.confidence < UNCERTAIN


Answer = Silent | Opinion


def opinion_of(result: Mapping[str, Any]) -> Answer:
    """The answer to `PredictPictures` with one picture, as the engine gives it."""
    if any(p is None for row in result["probabilities"] for p in row):  # NaN is null in JSON
        return Silent("The network answers with no numbers at all: its weights have diverged.", fault=True)
    answer = decode_result(PicturePredictions, result)
    (likely,) = answer.probabilities
    return Opinion(likely, answer.epoch, answer.weights)


def verdict(answer: Answer) -> str:
    """The reading in a few words: "Predicted: 7, 98.1%", or that there is none to rely on."""
    match answer:
        case Silent():
            return ""
        case Opinion(uncertain=True):
            return f"Uncertain: {answer.prediction}? {share(answer.confidence)}"
        case Opinion():
            return f"Predicted: {answer.prediction}, {share(answer.confidence)}"


def source(answer: Answer, weights: CheckpointKind, run_ended: bool) -> str:
    """Whose opinion it is: "last weights, epoch 3"."""
    if isinstance(answer, Opinion):
        return f"{answer.weights} weights, epoch {answer.epoch}"
    return f"{weights} weights" + ("" if run_ended else " so far")


def answer_page(answer: Answer, width: int, height: int, *, ascii_only: bool = False) -> Content:
    """The answer in `width` × `height` cells: bars, under the reading in large where there is room; or why there is none."""
    match answer:
        case Silent(words=words, fault=fault):
            style = "$text-error" if fault else "$muted"
            lines = [Content.styled(f" {line}", style) for line in textwrap.wrap(words, max(width - 2, 1))]
        case Opinion():
            lines = bars(answer, width, ascii_only=ascii_only)
            head = [] if ascii_only else _heading(answer)
            if head and height >= len(lines) + len(head) + 1:
                lines = [*head, Content(""), *lines]
    return Content("\n").join(lines[:height])


def share(probability: float) -> str:
    """A probability to a tenth of a per cent."""
    return numbers.probability(probability)


def _heading(opinion: Opinion) -> list[Content]:
    """The reading in large with its probability, to be read from across the room; a question mark where it is unsure."""
    metric = numbers.percent(opinion.confidence, 1)
    digit, confidence = big(str(opinion.prediction)), big(metric)
    style = "bold $accent" if opinion.uncertain else "bold $success"
    lines = [Content.assemble(" ", (left, style), "   ", right) for left, right in zip(digit, confidence, strict=True)]
    if opinion.uncertain:
        lines[-1] += Content.styled("   uncertain", style)
    return lines


def bars(opinion: Opinion, width: int, *, ascii_only: bool = False) -> list[Content]:
    """A bar for each digit with its probability; the reading's is marked."""
    room = max(width - 4 - _FIGURE, 0)
    lines = []
    for digit, likely in enumerate(opinion.probabilities):
        bar = filled(likely, room, ascii_only=ascii_only)
        read = digit == opinion.prediction
        strong = "$accent" if opinion.uncertain else "$success"
        mark = ("?" if opinion.uncertain else ">" if ascii_only else "▸") if read else " "
        lines.append(
            Content.assemble(
                (mark, f"bold {strong}"),
                (f" {digit} ", "bold" if read else ""),
                (bar, strong if read else "$secondary"),
                (share(likely).rjust(_FIGURE), "bold" if read else "$foreground" if bar.strip() else "$muted"),
            )
        )
    return lines


def over_epochs(opinions: Sequence[Opinion], height: int) -> list[Content]:
    """What the latest epochs read in the same drawing, a line of 18 cells each, the newest last; a change stands out."""
    if height < 2 or not opinions:
        return []
    lines = [Content.styled("epoch reads", "$muted")]
    shown = opinions[-(height - 1) :]
    before: int | None = None
    for opinion in shown:
        sign = "?" if opinion.uncertain else " "
        style = "bold" if opinion.prediction != before else ""
        lines.append(
            Content.assemble(
                f"{opinion.epoch:>5}   ", (f"{opinion.prediction}{sign}", style), share(opinion.confidence).rjust(8)
            )
        )
        before = opinion.prediction
    return lines
