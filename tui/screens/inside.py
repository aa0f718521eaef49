"""What the network has learned, and what disturbs it: four panes, each answered when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Container, Grid
from textual.content import Content
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Static

from engine.errors import Problem
from engine.events import CheckpointKind
from engine.protocol import Working
from engine.runs.folder import find_run
from tui.data.digit_walk import Walk, find_digits
from tui.keymap.bindings import Key as ListedKey
from tui.keymap.bindings import Where, bindings
from tui.screens.page import Page
from tui.views import inside
from tui.views.inside import (
    CORRUPTIONS,
    PANES,
    Activations,
    Answer,
    Occlusion,
    Pane,
    Place,
    Robustness,
    Weights,
    newer,
    newest,
)
from tui.views.inside_queries import Inquiry, Key
from tui.views.robustness import endures, plot_of
from tui.views.snapshot import Snapshot
from tui.widgets.chart import Chart
from tui.widgets.inside_lines import InsideNote, InsideTabs, LayersText, Standing
from tui.widgets.line import frame
from tui.widgets.occlusion_map import OcclusionMap
from tui.widgets.weights_gallery import WeightsGallery

_NO_RUN = "No run yet: 1 goes to the training screen, r starts one there."
_NO_WEIGHTS = "No weights yet: the first checkpoint comes after the first epoch."
_PATCHES = (3, 5, 7, 9)
_KEPT = 100
"""Answers that are kept to be shown again."""
_STEP = 0.05
"""How much further an answer must be to be told again: every line costs bytes."""


@dataclass(eq=False)
class _Asking:
    """What is being asked now, and how far the answer is."""

    text: str
    share: float = 0.0
    told: float = field(default=-1.0)


class InsideScreen(Page):
    """One pane at a time. What was answered is kept; newer weights are asked about when a person wants it."""

    CSS_PATH = "inside.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("inside")
    HERE = "inside"
    KEYS: ClassVar[tuple[Where, ...]] = ("inside", "everywhere")

    pane: var[Pane] = var[Pane]("weights", init=False)

    def __init__(self) -> None:
        super().__init__(classes="pane-weights")
        self._which: CheckpointKind = "last"
        self._run = ("", 0.0)
        self._answers: dict[Key, Answer] = {}
        self._asking: _Asking | None = None
        self._charted: dict[str, Robustness | None] = {}
        self._fault = ""
        self._walk: Walk | None = None
        self._patch, self._right = 5, False

    def content(self) -> Iterable[Widget]:
        """The tabs, a frame with the panes of which one is seen, and a line on how its answer stands."""
        self.tabs, self.note, self.words = InsideTabs(), InsideNote(), Static(id="words", markup=False)
        self.gallery, self.map = WeightsGallery(id="weights"), OcclusionMap(id="occlusion")
        self.hidden = LayersText(id="activations")
        symbols = "ascii" if self.program.ascii_only else "braille"
        self.charts = {each: Chart(symbols=symbols, id=each) for each in CORRUPTIONS}  # type: ignore[arg-type]
        yield self.tabs
        with Container(id="pane"):
            yield self.words
            yield self.gallery
            yield self.map
            yield self.hidden
            with Grid(id="robustness"):
                yield from self.charts.values()
        yield self.note

    # what is to be shown

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._want()

    def on_screen_suspend(self) -> None:
        """Nobody looks any more: nothing need be worked out."""
        self._cancel()

    def on_resize(self) -> None:
        """The legend tells what there is room for now."""
        self.call_after_refresh(self._draw_note)

    def on_weights_gallery_resized(self) -> None:
        """The legend tells which of the pictures are seen, as soon as that is known."""
        self._draw_note()

    def show(self, snapshot: Snapshot) -> None:
        """Another run has other answers; of the same one, newer weights are told of."""
        super().show(snapshot)
        run = (snapshot.state.run, snapshot.state.created)
        if run != self._run:
            self._run = run
            self._cancel()
            self._answers.clear()
            self._walk, self._fault = None, ""
            self._want()
        elif self._had_none and self._wanted is not None:
            self._want()
        else:
            self._draw()

    @property
    def _had_none(self) -> bool:
        """Whether nothing could be asked so far, for want of weights."""
        return not (self._answers or self._asking or self._fault)

    @property
    def _wanted(self) -> Place | None:
        return newest(self.program.snapshot.state, self._which)

    @property
    def _inquiry(self) -> Inquiry:
        """What the pane asks about now."""
        return Inquiry(self.pane, self._which, self._walk, self._patch)

    # asking

    def _want(self) -> None:
        """Ask for what the pane lacks."""
        if not self.is_current:
            return
        if self._wanted is not None and (
            self._walk_is_missing or any(key not in self._answers for key in self._inquiry.all_keys)
        ):
            self._ask()
        self._draw()

    @property
    def _walk_is_missing(self) -> bool:
        return self.pane == "occlusion" and self._walk is None

    def _cancel(self) -> None:
        """Give up what is being asked."""
        if self._asking is not None:
            self._asking = None
            self.workers.cancel_group(self, "inside")

    @work(group="inside", exclusive=True, exit_on_error=False)
    async def _ask(self, *, again: bool = False) -> None:
        """Ask for what the pane lacks; `again`: for all of it, since there are newer weights."""
        self._fault = ""
        self._asking = asking = _Asking("")
        if again and self.pane == "robustness":
            for key in self._inquiry.all_keys:
                self._answers.pop(key, None)
        self._draw()
        try:
            if self.pane == "occlusion" and (again or self._walk is None):
                await self._find_digits()
            for key in self._inquiry.all_keys if self.pane != "occlusion" or self._walk else ():
                if again or key not in self._answers:
                    asking.text = str(key[-1]) if self.pane == "robustness" else ""
                    asking.share, asking.told = 0.0, -1.0
                    inquiry, run = self._inquiry, self.program.snapshot.state.run
                    told = await self.program.ask(inquiry.question(key, run), self._hear)
                    self._keep(key, inquiry.answer(told))
        except (Problem, OSError) as fault:
            self._fault = str(fault)
        finally:
            if self._asking is asking:
                self._asking = None
        self._draw()

    def _keep(self, key: Key, answer: Answer) -> None:
        self._answers.pop(key, None)
        self._answers[key] = answer
        while len(self._answers) > _KEPT:
            del self._answers[next(iter(self._answers))]
        self._draw()

    async def _find_digits(self) -> None:
        state = self.program.snapshot.state
        epoch = self._wanted.epoch if self._wanted else None
        folder = await asyncio.to_thread(find_run, state.run)
        found = await asyncio.to_thread(find_digits, folder, state, epoch)
        if isinstance(found, str):
            self._fault = found
        else:
            self._walk = Walk.through(found, self._walk)

    def _hear(self, working: Working) -> None:
        asking = self._asking
        if asking is not None:
            asking.share = working.share
            if asking.share - asking.told >= _STEP:
                asking.told = asking.share
                self._draw_note()

    # drawing

    def _draw(self) -> None:
        """Give each part of the pane what is known for it."""
        if not self.is_mounted:
            return
        self.tabs.pane = self.pane
        found = [self._answers[key] for key in self._inquiry.all_keys if key in self._answers]
        words = "" if found else self._why_nothing()
        if self.has_class("-nothing") is bool(found):
            self.set_class(not found, "-nothing")
            self.call_after_refresh(self._draw_note)  # a legend tells of what there is room for
        self.words.update(words) if str(self.words.content) != words else None
        for each in found[:1]:
            match each:
                case Weights():
                    self.gallery.show(each)
                case Occlusion():
                    self.map.show(each, right=self._right, walk=self._walk.words if self._walk else "")
                case Activations():
                    self.hidden.tell(each)
                case Robustness():
                    self._draw_charts()
        frame(
            self.query_one("#pane"),
            inside.title(self.pane, found[0] if found else None),
            found[0].place.words if found else "",
        )
        self._draw_note()
        self.update_keys()

    def _draw_charts(self) -> None:
        ascii_only = self.program.ascii_only
        for each, chart in self.charts.items():
            found = self._answers.get((*self._inquiry.key, each))
            measured = found if isinstance(found, Robustness) else None
            if chart.plot is None or self._charted.get(each) is not measured:
                self._charted[each] = measured
                chart.plot = plot_of(each, measured, ascii_only=ascii_only)

    def _why_nothing(self) -> str:
        if not self.program.snapshot.state.run:
            return _NO_RUN
        if self._asking is not None:
            return "Asking …"
        if self._fault:
            return self._fault
        return "Given up; enter asks again." if self._wanted is not None else _NO_WEIGHTS

    def _draw_note(self) -> None:
        asking = self._asking
        found = [self._answers[key] for key in self._inquiry.all_keys if key in self._answers]
        news = newer(self.program.snapshot.state, found[0].place) if found else ""
        if found and len(found) < len(self._inquiry.all_keys) and not asking:
            news = "Given up; enter asks for the rest."
        self.note.tell(
            Standing(
                share=asking.share if asking else None,
                text=asking.text if asking else "",
                fault=self._fault if found else "",
                news=news,
                hint=self._hint(),
            )
        )

    def _hint(self) -> Content:
        if self.pane == "weights":
            return self.gallery.legend(self.note.content_size.width)
        return Content.styled(self._hint_in_words(), "$muted")

    def _hint_in_words(self) -> str:
        other = "best" if self._which == "last" else "last"
        match self.pane:
            case "occlusion":
                digit = "read" if self._right else "right"
                walk = "mistakes" if self._walk and self._walk.every else "every image"
                arrows = "up/down:" if self.program.ascii_only else "↑↓"
                return f"{arrows} another digit   e: {walk}   d: the {digit} digit   z: patch   b: {other}"
            case "activations":
                return "before and after the activation: mean, standard deviation, histogram"
            case _:
                measured = {
                    each: found
                    for each in CORRUPTIONS
                    if isinstance(found := self._answers.get((*self._inquiry.key, each)), Robustness)
                }
                return endures(measured, ascii_only=self.program.ascii_only)

    # keys

    def has_effect(self, key: ListedKey) -> bool:
        """There is nothing to ask without weights."""
        return key.action not in ("weights", "again") or self._wanted is not None

    def watch_pane(self, before: Pane, after: Pane) -> None:
        """Another pane is seen."""
        self.remove_class(f"pane-{before}")
        self.add_class(f"pane-{after}")
        self._cancel()
        self._fault = ""
        self._want()
        self.call_after_refresh(self._draw_note)

    def action_pane(self, pane: Pane) -> None:
        """Show a pane."""
        self.pane = pane

    def action_turn(self, by: int) -> None:
        """The pane so many further."""
        self.pane = PANES[(PANES.index(self.pane) + by) % len(PANES)]

    def action_step(self, by: int) -> None:
        """The next page, digit or layer, or the one before."""
        match self.pane:
            case "weights":
                self.gallery.turn(by)
                self._draw_note()
            case "occlusion" if self._walk is not None:
                self._go(self._walk.step(by))
            case "activations":
                self.hidden.turn(by)
            case _:
                pass

    def _go(self, walk: Walk) -> None:
        if walk != self._walk:
            self._walk = walk
            self._cancel()
            self._want()

    def action_every(self) -> None:
        """Step through every digit, or through the wrong ones."""
        if self.pane == "occlusion" and self._walk is not None:
            self._go(self._walk.toggle())

    def action_digit(self) -> None:
        """Map what the true digit hangs on, or the one that is read."""
        if self.pane == "occlusion":
            self._right = not self._right
            self._draw()

    def action_patch(self) -> None:
        """A larger patch; after the largest, the smallest."""
        if self.pane == "occlusion":
            self._patch = _PATCHES[(_PATCHES.index(self._patch) + 1) % len(_PATCHES)]
            self._cancel()
            self._want()

    def action_weights(self) -> None:
        """The best weights, or the last."""
        self._which = "best" if self._which == "last" else "last"
        self._cancel()
        self._fault, self._walk = "", None
        self._want()

    def action_again(self) -> None:
        """Ask again, of the newest weights; of several answers for those that lack, where the others are as new."""
        if self._wanted is not None:
            found = [self._answers.get(key) for key in self._inquiry.all_keys]
            lacking = None in found
            self._ask(again=not lacking or any(each and each.place != self._wanted for each in found))

    def action_give_up(self) -> None:
        """Do not wait for the answer any longer."""
        if self._asking is not None:
            self._cancel()
            self._draw()
