"""The texts of the experiments' screen: the list, the question with its arms, the conclusion."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from engine.experiments import Experiment
from engine.experiments.conclusions import Conclusion, data_named
from engine.runs.folder import describe
from engine.state.run_state import RunState
from tui.plotting.canvas import SIGNS
from tui.plotting.ink import Ink
from tui.plotting.model import OTHERS
from tui.views import experiment as views
from tui.views.markup import button
from tui.views.status import OUTCOMES

_INKS = {Ink.OTHER: "$foreground", Ink.MARK: "$success", Ink.VALIDATION: "$validation", Ink.TRAIN: "$train"}
_READABLE = 96
"""Columns of the longest line of prose."""
_GAP = 2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Shown:
    """What the screen shows of one experiment: its latest performance, where there is one.

    `states` and `live` are its arms' in their order (None: not begun; live: an engine is busy with it), `arm` is the
    place of the one that is marked, `broken` whether it was broken off and can go on.
    """

    experiment: Experiment
    states: tuple[RunState | None, ...]
    live: tuple[bool, ...]
    group: str = ""
    conclusion: Conclusion | None = None
    arm: int = 0
    broken: bool = False

    @property
    def performed(self) -> bool:
        """Whether there is anything to show of it."""
        return any(state is not None for state in self.states)


def names(
    experiments: Sequence[Experiment], chosen: str, runs: Mapping[str, tuple[int, int]], width: int, *, ascii_only: bool
) -> list[Content]:
    """The experiments, a line each: a mark before the chosen one, and how many of the runs there are."""
    lines = []
    for each in experiments:
        here = each.name == chosen
        over, of = runs.get(each.name, (0, len(each.arms)))
        reported = "" if not over else ("*" if ascii_only else "✓") if over == of else f"{over}/{of}"
        room = max(width - len(reported) - 1, 1)
        words = f"{'>' if ascii_only else '▸'} {each.name}" if here else f"  {each.name}"
        line = Content.assemble(words[:room].ljust(room), (reported, "" if here else "$success"), " ")
        style = "bold $block-cursor-foreground on $block-cursor-background" if here else ""
        lines.append(button(line.stylize(style) if style else line, f"screen.pick('{each.name}')"))
    return lines


def one_of(experiments: Sequence[Experiment], chosen: str, *, ascii_only: bool) -> Content:
    """The chosen one alone, for a window without room for a list."""
    place = [each.name for each in experiments].index(chosen)
    arrows = "up/down" if ascii_only else "↑ ↓"
    return Content.assemble(
        (chosen, "bold $train"), (f"   {place + 1} of {len(experiments)}   {arrows} turns", "$muted")
    )


def about(shown: Shown, width: int, *, ascii_only: bool, roomy: bool = False) -> list[Content]:
    """The question; then the arms as a table, or before there are any what each is trained with."""
    lines = [Content.styled(line, "bold") for line in wrapped(shown.experiment.question, width)]
    if not shown.performed:
        watch = wrapped(f"Watch: {shown.experiment.watch}", width)
        return [*lines, Content(""), *map(Content, watch), Content(""), *_planned(shown, width, ascii_only=ascii_only)]
    if data := data_named(shown.states):
        lines += [Content.styled(line, "$accent") for line in wrapped(f"Data: {data}", width)]
    return [*lines, *[Content("")] * roomy, *_arms(shown, width, ascii_only=ascii_only)]


def offer(shown: Shown) -> str:
    """How to begin."""
    count = len(shown.experiment.arms)
    return f"Enter trains these {count} runs, one after the other: {views.length(shown.experiment)}."


def _planned(shown: Shown, width: int, *, ascii_only: bool) -> list[Content]:
    room = max(len(arm.label) for arm in shown.experiment.arms) + _GAP
    lines = []
    for place, arm in enumerate(shown.experiment.arms):
        settings = describe(arm.config).replace(" · ", ", ")
        first, *rest = wrapped(f"preset {arm.preset}: {settings}", max(width - room - 2, 20))
        lines.append(Content.assemble(_sign(place, ascii_only), arm.label.ljust(room), (first, "$muted")))
        lines += [Content.styled(" " * (room + 2) + line, "$muted") for line in rest]
    return [*lines, Content(""), *map(Content, wrapped(offer(shown), width))]


def _sign(place: int, ascii_only: bool) -> tuple[str, str]:
    """How the arm's curve is marked."""
    ink = OTHERS[place % len(OTHERS)]
    return f"{SIGNS['ascii' if ascii_only else 'braille'].points[ink]} ", _INKS[ink]


def _arms(shown: Shown, width: int, *, ascii_only: bool) -> list[Content]:
    """A heading, and a row for each arm with as many figures as have room."""
    wanted = views.measures(shown.experiment)
    for most in range(len(wanted), -1, -1):
        rows = views.table(shown.experiment, shown.states, shown.live, wanted[:most])
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        if sum(widths) + _GAP * (len(widths) - 1) + 4 <= width:
            break
    lines = [Content.styled("    " + _row(rows[0], widths), "$muted")]
    for place, row in enumerate(rows[1:]):
        marked = place == shown.arm
        mark = (">" if ascii_only else "▸") if marked else " "
        label = row[0].ljust(widths[0] + _GAP)
        state = shown.states[place]
        style = OUTCOMES[state.finished.outcome][1] if state and state.finished else "$train" * shown.live[place]
        rest = "".join(" " * _GAP + cell.rjust(w) for cell, w in zip(row[2:], widths[2:], strict=True))
        line = Content.assemble(
            f"{mark} ",
            _sign(place, ascii_only),
            (label, "bold" if marked else ""),
            (row[1].ljust(widths[1]), style or "$muted"),
            rest,
        )
        lines.append(button(line, f"screen.mark({place})"))
    return lines


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    texts = [c.rjust(w) if n > 1 else c.ljust(w) for n, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return (" " * _GAP).join(texts)


def conclusion(shown: Shown, width: int, height: int, *, ascii_only: bool) -> list[Content]:
    """What was seen, the answer first; a last line says where there is more than has room."""
    found = shown.conclusion
    if found is None:
        return []
    match found.shown:
        case True:
            sign, style = "*" if ascii_only else "✓", "$success"
        case False:
            sign, style = "x" if ascii_only else "✗", "$error"
        case None:
            sign, style = ("..." if ascii_only else "…", "$train") if found.provisional else ("?", "$accent")
    first, *rest = views.paragraphs(found)
    room = min(width, _READABLE)
    head = wrapped(f"{sign} {views.verdict(found)}: {first}", room)
    length = len(f"{sign} {views.verdict(found)}:")
    lines = [Content(line) for line in head]
    lines[0] = lines[0].stylize(f"bold {style}", 0, length)
    lines += [Content(line) for sentence in rest for line in wrapped(sentence, room)]
    if shown.broken:
        lines.append(Content.styled("c: resume it.", "bold"))
    if len(lines) > height > 0:
        more = f"{'...' if ascii_only else '…'} all of it: mnist-tui experiment {shown.experiment.name} --show"
        lines = [*lines[: height - 1], Content.styled(more[:width], "$muted")]
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Prose wrapped at `width` cells, or narrower where that reads better."""
    return textwrap.wrap(text, max(min(width, _READABLE), 10)) or [""]
