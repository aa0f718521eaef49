"""The test screen: the honest figure, two runs compared on the same images, labels that several runs doubt."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Static

from engine.errors import Problem
from engine.events import CheckpointKind, TestResult, WrongImage
from engine.runs.folder import find_run
from engine.text import numbers
from tui.data.digit_selection import Choice, SplitName
from tui.data.predictions import Images, images_of_run
from tui.data.run_comparison import Witnesses, test_witnesses, tested, tested_alike, validation_witnesses
from tui.keymap.bindings import Key, Where, bindings
from tui.screens.evaluation_dialog import evaluation_dialog
from tui.screens.page import Page
from tui.terminal.line_filters import has_few_colors
from tui.views.digit_view import DigitView
from tui.views.final_test import other_test, shown_test, wrong_images, wrong_row, wrong_title
from tui.views.snapshot import Snapshot
from tui.views.status import short_name
from tui.widgets.compare_pane import ComparePane
from tui.widgets.digit import DigitStrip, Mode
from tui.widgets.line import frame
from tui.widgets.suspect_tiles import SuspectTiles
from tui.widgets.test_panels import TEST_PANES, MetricPanel, TestPane, TestTabs
from tui.widgets.tile_list import RowList, TileList

_MOST_PICTURES = 300
"""Pictures in a strip; no window has room for more."""


class TestScreen(Page):
    """A pane at a time: figure and wrong images; another run beside this one; suspect labels."""

    __test__ = False  # not a pytest class
    CSS_PATH = "test.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("test")
    HERE = "test"
    KEYS: ClassVar[tuple[Where, ...]] = ("test", "everywhere")

    pane: var[TestPane] = var[TestPane]("figure", init=False)
    weights: var[CheckpointKind | None] = var[CheckpointKind | None](None, init=False)
    split: var[SplitName] = var[SplitName]("validation", init=False)

    def __init__(self) -> None:
        super().__init__(classes="pane-figure")
        self._read_for: tuple[object, ...] = ()
        self._images: Images | None = None
        self._wrong: tuple[WrongImage, ...] = ()
        self._drawn_from: tuple[TestResult | None, Images | None] | None = None

    def content(self) -> Iterable[Widget]:
        """The panes."""
        self.figure, self.wrong, self.picture = MetricPanel(id="figure"), RowList(id="wrong"), DigitStrip(id="picture")
        self.surest = DigitStrip(id="surest")
        self.compare = ComparePane(id="compare-pane")
        self.suspects, self.note = SuspectTiles(id="suspects"), Static(id="note", markup=False)
        yield TestTabs()
        with Horizontal(id="figure-pane"):
            with Vertical(id="figures"):
                yield self.figure
                yield self.surest
            with Vertical(id="wrong-part"):
                yield self.wrong
                yield self.picture
        yield self.compare
        with Vertical(id="labels-pane"):
            yield self.suspects
            yield self.note

    def on_mount(self) -> None:
        super().on_mount()
        mode: Mode = "shade" if has_few_colors(self.app) else "color"
        for strip in self.query(DigitStrip):
            strip.mode = "ascii" if self.program.ascii_only else mode
        self.suspects.mode = "ascii" if self.program.ascii_only else mode
        frame(self.surest, "Most confident mistakes")
        self.watch(self.app, "looking", self._take_evaluating, init=False)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._read_for = ()
        self._enter()

    def show(self, snapshot: Snapshot) -> None:
        """Give every part what is new for it."""
        super().show(snapshot)
        self._show_test(snapshot)
        self._enter(focus=False)

    def _take_evaluating(self, evaluating: str) -> None:
        self.figure.evaluating = evaluating

    # which pane

    def watch_pane(self, before: TestPane, now: TestPane) -> None:
        """Show the pane: its class tells the stylesheet."""
        self.remove_class(f"pane-{before}").add_class(f"pane-{now}")
        self.query_one(TestTabs).pane = now
        self._enter()

    def _enter(self, *, focus: bool = True) -> None:
        """Read what the pane shows, unless that is known; keys go to its list."""
        if self is not self.app.screen:
            return
        if focus:
            self.set_focus({"figure": self.wrong, "compare": self.compare.runs, "labels": self.suspects}[self.pane])
        state = self.program.snapshot.state
        wanted = (
            self.pane,
            self.split,
            state.run,
            state.created,
            len(state.epochs),
            state.test_evaluations,
            state.status,
        )
        if wanted != self._read_for:
            self._read_for = wanted
            self.read()

    def action_pane(self, pane: TestPane) -> None:
        """Show a pane."""
        self.pane = pane

    def action_turn(self, by: int) -> None:
        """Show the next pane, or the one before."""
        self.pane = TEST_PANES[(TEST_PANES.index(self.pane) + by) % len(TEST_PANES)]

    def action_other(self) -> None:
        """The look with the other weights, where there were two; or the suspects of the other split."""
        state = self.program.snapshot.state
        if self.pane == "labels":
            self.split = "test" if self.split == "validation" else "validation"
            self._enter()
        elif (test := shown_test(state, self.weights)) and (other := other_test(state, test)):
            self.weights = other.weights
            self._show_test(self.program.snapshot)

    @work(group="test", exclusive=True, exit_on_error=False)
    async def read(self) -> None:
        """Read from the folders what the pane shows, in a thread."""
        state, pane, split = self.program.snapshot.state, self.pane, self.split
        why = ""
        try:
            self._images = await asyncio.to_thread(images_of_run, state)
        except Problem as fault:
            self._images, why = None, str(fault)
        self.figure.no_images = why if state.run else ""
        try:
            if pane == "compare":
                await self._read_others(state.run)
            elif pane == "labels":
                await self._read_suspects(split, why)
        except (Problem, OSError) as fault:
            self.notify(str(fault), severity="error", markup=False)
        self._show_test(self.program.snapshot)

    # the figure

    def _show_test(self, snapshot: Snapshot) -> None:
        self.figure.weights = self.weights
        self.call_later(self.update_keys)
        test = None if snapshot.running else shown_test(snapshot.state, self.weights)
        title = f"Test of {short_name(snapshot.state.run)}" if snapshot.state.run else "Test"
        frame(self.figure, title)
        other = other_test(snapshot.state, test) if test else None
        said = f"{test.weights}; w: {other.weights}" if test and other else f"{test.weights} weights" if test else ""
        frame(self.wrong, wrong_title(test), said)
        self._show_wrong(test)

    def _show_wrong(self, test: TestResult | None) -> None:
        """List the wrong images, with their pictures where those at hand are the ones that were tested."""
        before, self._drawn_from = self._drawn_from, (test, self._images)
        if before is not None and before[0] is test and before[1] is self._images:
            return
        self._wrong = wrong_images(test)
        self.wrong.fill(self._wrong, functools.partial(wrong_row, ascii_only=self.program.ascii_only))
        pictured = self._images is not None and _fits(self._wrong, self._images.test_labels)
        self.surest.views = self._views(self._wrong[:_MOST_PICTURES]) if pictured else ()
        self._show_wrong_picture()

    def _show_wrong_picture(self) -> None:
        place = self.wrong.cursor
        self.picture.views = self._views(self._wrong[place : place + 1]) if self.surest.views else ()
        frame(self.picture, f"Test image {self.picture.views[0].index}" if self.picture.views else "")

    def _views(self, wrong: Sequence[WrongImage]) -> tuple[DigitView, ...]:
        if self._images is None:
            return ()
        images = self._images.test
        return tuple(
            DigitView(images[each.index], each.label, each.prediction, each.probability, each.index) for each in wrong
        )

    def has_effect(self, key: Key) -> bool:
        """An image is opened where one is listed."""
        if key.where != "test" or key.action != "open":
            return True
        return bool(self._wrong) if self.pane == "figure" else self.pane == "labels" and bool(self.suspects.suspects)

    # looking at the test set

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_look(self, weights: CheckpointKind) -> None:
        """Look at the test set; ask first where that was done before."""
        snapshot = self.program.snapshot
        state = snapshot.state
        if self.program.evaluating:
            return
        if not state.run or snapshot.running:
            words = "The test set waits for the end of the run: s stops it and tests." if state.run else "No run yet."
            self.notify(words, markup=False)
            return
        if state.test_evaluations or weights == "last":  # E is what Caps Lock makes of e, too
            dialog = evaluation_dialog(state, weights, ascii_only=self.program.ascii_only)
            if await self.app.push_screen_wait(dialog) != "y":
                return
        self.pane, self.weights = "figure", weights
        self.program.look(weights)

    # two runs

    async def _read_others(self, name: str) -> None:
        first = await asyncio.to_thread(lambda: tested(find_run(name))) if name else None
        others = await asyncio.to_thread(tested_alike, first) if first else []
        self.compare.fill(first, others, self._images, self._why_alone(name, tested_at_all=first is not None))

    def _why_alone(self, run: str, *, tested_at_all: bool) -> str:
        if not run:
            return "No run yet: 1 goes to the training screen, r starts one there."
        if self.program.snapshot.running:
            return f"{short_name(run)} is compared once it has ended and was tested."
        if not tested_at_all:
            return f"What {short_name(run)}'s best weights read in the test set was not kept: e looks at it."
        return "There is no other run that was tested on the same images. Train a second one, and compare."

    # suspect labels

    async def _read_suspects(self, split: SplitName, why: str) -> None:
        if self._images is None:
            self._show_suspects(split, Witnesses((), ()), np.empty((0, 28, 28), np.uint8), why)
            return
        images, labels = self._images.of(split)
        hear = test_witnesses if split == "test" else validation_witnesses
        found = await asyncio.to_thread(hear, labels, data=self._images.identity)
        self._show_suspects(split, found, images, "")

    def _show_suspects(self, split: SplitName, found: Witnesses, images: npt.NDArray[np.uint8], why: str) -> None:
        runs, suspects = len(found.runs), found.suspects
        self.suspects.fill(suspects, images)
        of = f"{numbers.count(len(suspects))} of {numbers.count(len(images))} images"
        frame(
            self.suspects, f"Suspect labels, {split} set", f"{of}; w: {'validation' if split == 'test' else 'test'} set"
        )
        if not why and runs < 2:
            have = "there is one" if runs else "there is none"
            kept = "a kept look at this test set" if split == "test" else "readings of this validation set"
            why = f"This needs at least two runs with {kept} that are 90% right; {have}."
        elif not why and not suspects:
            why = f"No majority of the {runs} runs agrees against any label."
        self.suspects.display = bool(suspects)
        heard = f"{numbers.plural(runs, 'run')} heard, each at its best epoch"
        self.note.update(why or f"{heard}. Sure: the mean probability that those who agree give it.")

    # the lists

    def on_tile_list_highlighted(self, event: TileList.Highlighted) -> None:
        """Follow the highlight."""
        event.stop()
        if event.tiles is self.wrong:
            self._show_wrong_picture()

    def on_tile_list_chosen(self, event: TileList.Chosen) -> None:
        """Open an image in the gallery."""
        event.stop()
        if event.tiles is self.wrong and self._wrong:
            self._open("test", self._wrong[self.wrong.cursor].index)
        elif event.tiles is self.suspects and self.suspects.suspects:
            self._open(self.split, self.suspects.suspects[self.suspects.cursor].index)

    def action_open(self) -> None:
        """The same as Enter in a list."""
        for tiles in (self.wrong, self.suspects):
            if tiles.display and self.pane == ("figure" if tiles is self.wrong else "labels"):
                tiles.action_choose()

    def _open(self, split: SplitName, index: int) -> None:
        self.program.choose(Choice(split))
        self.program.show_digit(index)


def _fits(wrong: Sequence[WrongImage], labels: npt.NDArray[np.uint8]) -> bool:
    """Whether images with these labels can be the ones that were tested."""
    return all(each.index < len(labels) and labels[each.index] == each.label for each in wrong)
