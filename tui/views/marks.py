"""What happened on the way, as signs in the charts: the best epoch, changes, pauses, resumes, checkpoints that were kept."""

from __future__ import annotations

from collections.abc import Sequence

from engine.state import run_state
from engine.state.run_state import RunState
from engine.text import numbers
from tui.plotting.plot import Mark
from tui.views.mark_texts import mark_text
from tui.views.places import place_of_epoch, place_of_mark
from tui.views.window import ChartView, Options, limits, snapped

_GLYPHS = {"kept": "▾", "continued": "▸", "paused": "‖", "resumed": "↻", "changed": "▲"}
"""From the least to the most telling: of several in one cell the last is seen."""
_PLAIN = {"kept": "v", "continued": ">", "paused": '"', "resumed": "@", "changed": "^"}
_NEAR = 0.01
"""Share of the picture's width within which a mark is taken to be where the cursor stands."""


def marks(state: RunState, options: Options, star: str, *, named: bool = True) -> tuple[Mark, ...]:
    """The signs of one chart. With `named` also the best epoch, and words for the legend: the last change, others counted."""
    glyphs = _PLAIN if star == "*" else _GLYPHS
    best = state.best if named else None
    found = [Mark(place_of_epoch(best, options.x_axis), f"best: epoch {best.epoch}", star)] if best else []
    changes = [mark for mark in state.marks if mark.kind == "changed"]
    for number, mark in enumerate(changes, 1):
        last = named and number == len(changes)
        more = f" at epoch {mark.position:.1f}" + (f", {number} changes" if number > 1 else "")
        label = f"{mark_text(mark)}{more}" if last else ""
        found.append(Mark(place_of_mark(state, mark, options.x_axis), label, glyphs["changed"]))
    quiet = []
    for kind in list(glyphs)[:-1]:
        these = [mark for mark in state.marks if mark.kind == kind]
        for number, mark in enumerate(these, 1):
            label = _counted(these) if named and number == len(these) and kind != "continued" else ""
            place = place_of_mark(state, mark, options.x_axis)
            quiet.append(Mark(place, label, glyphs[kind], quiet=True, low=kind == "kept"))
    return (*quiet, *found) if quiet else tuple(found)


def _counted(these: Sequence[run_state.Mark]) -> str:
    """One kind of mark in the legend."""
    only = these[-1]
    if len(these) == 1:
        return (
            f"epoch {only.position:.0f} kept"
            if only.kind == "kept"
            else f"{mark_text(only)} at epoch {only.position:.1f}"
        )
    return numbers.plural(len(these), "pause") if only.kind == "paused" else f"{len(these)} {only.kind}"


def words_at(state: RunState, view: ChartView, steps: Sequence[int], star: str, width: int = 1000) -> str:
    """What happened where the cursor stands, or next to it, in `width` cells where it can be; empty where nothing did."""
    if view.cursor is None or not steps:
        return ""
    glyphs = _PLAIN if star == "*" else _GLYPHS
    here = snapped(steps, view.cursor)
    start, end = limits(view, steps) or (0.0, steps[-1])
    near = _NEAR * (end - start)
    found = []
    for mark in state.marks:
        away = 0 if snapped(steps, mark.step) == here else abs(mark.step - here)
        found.append((away, glyphs[mark.kind], mark_text(mark)))
    best = state.best
    if best is not None:
        found.append((abs(best.step - here), star, f"best: epoch {best.epoch}"))
    close = sorted((one for one in found if one[0] <= near), key=lambda one: one[0])
    texts = [f"{sign} {text}" for _, sign, text in close]
    joined = ", ".join(texts)
    return joined if len(joined) <= width or len(texts) < 2 else f"{texts[0]}, {len(texts) - 1} more"


def last_change(state: RunState, star: str, width: int) -> str:
    """The latest change with its sign and place, as much of it as has room in `width` cells; empty where nothing was changed."""
    changes = [mark for mark in state.marks if mark.kind == "changed"]
    if not changes:
        return ""
    last = changes[-1]
    sign = (_PLAIN if star == "*" else _GLYPHS)["changed"]
    whole, bare = mark_text(last), mark_text(last, note=False)
    at, count = f", epoch {last.position:.1f}", f", {len(changes)} changes" if len(changes) > 1 else ""
    texts = (f"{sign} {text}" for text in (f"{whole}{at}{count}", f"{bare}{at}{count}", f"{bare}{at}", bare))
    return next((text for text in texts if len(text) <= width), "")
