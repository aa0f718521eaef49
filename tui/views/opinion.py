"""What a network reads in one picture: ten probabilities as bars, and how they became so from epoch to epoch. Pure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from engine.events import CheckpointKind
from tui.views import figures
from tui.views.bigfigure import big
from tui.views.tables import rule

UNSURE = 0.5
"""A reading with a smaller probability is none to rely on."""
_FIGURE = 8
"""Cells of a probability, " 100.0 %" or the widest."""


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
    def reading(self) -> int:
        """The digit that is the likeliest."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """The reading's probability."""
        return self.probabilities[self.reading]

    @property
    def unsure(self) -> bool:
        """Whether the reading is none to rely on."""
        return self.confidence < UNSURE


Answer = Silent | Opinion


def opinion_of(result: Mapping[str, Any]) -> Answer:
    """The answer to `ReadPictures` with one picture, as the engine gives it."""
    (likely,) = result["probabilities"]
    if any(p is None or not math.isfinite(p) for p in likely):
        return Silent("The network answers with no numbers at all: its weights have diverged.", fault=True)
    return Opinion(tuple(likely), result["epoch"], result["weights"])


def verdict(answer: Answer) -> str:
    """The reading in a few words: "7, 98.1 %", or that there is none to rely on."""
    match answer:
        case Silent():
            return ""
        case Opinion(unsure=True):
            return f"not sure: {answer.reading}? {figures.percent(answer.confidence, 1)}"
        case Opinion():
            return f"{answer.reading}, {figures.percent(answer.confidence, 1)}"


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
            lines = [Content.styled(line, style) for line in textwrap.wrap(words, max(width, 1))]
        case Opinion():
            lines = bars(answer, width, ascii_only=ascii_only)
            head = _heading(answer, ascii_only)
            if height >= len(lines) + len(head) + 1:
                lines = [*head, Content(""), *lines]
    return Content("\n").join(lines[:height])


def _heading(opinion: Opinion, ascii_only: bool) -> list[Content]:
    """The reading in large, what it is beside it."""
    shown = f"{opinion.reading}?" if opinion.unsure else str(opinion.reading)
    rows = big(str(opinion.reading), ascii_only=ascii_only)
    sure = figures.percent(opinion.confidence, 1)
    words = [f"not sure: {shown} at best" if opinion.unsure else f"reads a {opinion.reading}", f"at {sure}", ""]
    style = "bold $accent" if opinion.unsure else "bold $success"
    if len(rows) == 1:
        return [Content.styled(f"{words[0]} {words[1]}", style)]
    return [
        Content.assemble(" ", (row, style), "   ", (said, "bold" if not at else ""))
        for at, (row, said) in enumerate(zip(rows, words, strict=True))
    ]


def bars(opinion: Opinion, width: int, *, ascii_only: bool = False) -> list[Content]:
    """A bar for each digit with its probability; the reading's is marked."""
    room = max(width - 4 - _FIGURE, 0)
    lines = []
    for digit, likely in enumerate(opinion.probabilities):
        bar = "#" * round(likely * room) if ascii_only else rule(likely, room)
        read = digit == opinion.reading
        strong = "$accent" if opinion.unsure else "$success"
        mark = ("?" if opinion.unsure else ">" if ascii_only else "▸") if read else " "
        lines.append(
            Content.assemble(
                (mark, f"bold {strong}"),
                (f" {digit} ", "bold" if read else ""),
                (bar.ljust(room), strong if read else "$secondary"),
                (figures.percent(likely, 1).rjust(_FIGURE), "bold" if read else "$foreground" if bar else "$muted"),
            )
        )
    return lines


def over_epochs(opinions: Sequence[Opinion], width: int, height: int) -> list[Content]:
    """What the latest epochs read in the same drawing, a line each, the newest last."""
    if height < 2 or not opinions:
        return []
    wide = width >= 22
    lines = [Content.styled("epoch  reads" if wide else "epoch reads", "$muted")]
    before: int | None = None
    shown = opinions[-(height - 1) :]
    for opinion in shown:
        style = "bold" if opinion.reading != before else ""
        sure = figures.percent(opinion.confidence, 1 if wide else 0)
        figure = f"{opinion.reading}{'?' if opinion.unsure else ' '}"
        gap = "    " if wide else "  "
        lines.append(Content.assemble(f"{opinion.epoch:>5}", gap, (figure, style), sure.rjust(8 if wide else 5)))
        before = opinion.reading
    return lines[:height]
