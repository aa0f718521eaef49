"""Single digits: a gallery of those one wants to see, and what is known of the one that has the focus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine import commands as cmd
from engine.errors import Problem
from tui.inspected import Inspected
from tui.keys import Where, bindings
from tui.screens.inspecting import InspectingPage
from tui.views import gallery, one_digit
from tui.views.gallery import Selection
from tui.views.one_digit import OneDigit
from tui.views.opinion import Answer, Opinion, Silent, opinion_of
from tui.views.status import ASCII_SIGNS, SIGNS
from tui.widgets.digit import DigitView
from tui.widgets.gallery import Gallery
from tui.widgets.ink_view import InkView, mode_for
from tui.widgets.line import frame
from tui.widgets.value_text import ValueText

_WAITING = Silent("asking the network …")
_Row = tuple[Inspected, Selection, int]


class DigitsScreen(InspectingPage):
    """The gallery at the left; at the right the digit with the focus in large, its ten probabilities, its history."""

    CSS_PATH = "digits.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("digits")
    HERE = "digits"
    KEYS: ClassVar[tuple[Where, ...]] = ("digits", "inspect", "everywhere")

    def __init__(self) -> None:
        super().__init__()
        self._inspected: Inspected | None = None
        self._selection: Selection | None = None
        """None until there is something to select from."""
        self._found: npt.NDArray[np.intp] = np.empty(0, np.intp)
        """(M,): the indices of the images that are selected, in their order."""
        self._place = 0
        """Where among them the focus is."""
        self._answers: dict[tuple[str, int, int], Answer] = {}

    def content(self) -> Iterable[Widget]:
        """What there is to see, and a sentence where there is nothing."""
        self.status, self.chosen = (
            ValueText[_Row](self._status, id="status"),
            ValueText[_Row](self._chosen, id="chosen"),
        )
        self.gallery = Gallery(id="gallery")
        self.large = InkView(id="large")
        self.bars = ValueText[tuple[Answer, int]](self._bars, id="bars")
        self.story = ValueText[OneDigit](self._story, id="story")
        self.nothing = Static("", id="nothing", markup=False)
        with Vertical(id="what"):
            yield self.status
            yield self.chosen
        with Horizontal(id="parts"):
            yield self.gallery
            with Vertical(id="detail") as self.detail:
                with Horizontal(id="digit"):
                    yield self.large
                    yield self.bars
                yield self.story
        yield self.nothing

    def on_mount(self) -> None:
        mode = mode_for(self.app, ascii_only=self.program.ascii_only)
        self.gallery.mode = self.large.mode = mode
        super().on_mount()

    # what there is to show

    def show_inspected(self, inspected: Inspected) -> None:
        """Follow another epoch or split; the focus stays on its image as long as that is selected."""
        before = self._inspected
        self.set_class(False, "-nothing")
        if before is not None and gallery.same(before, inspected):
            return
        self._inspected = inspected
        if before is None or (before.run, before.split) != (inspected.run, inspected.split):
            if self._selection is None or before is not None:
                self._selection = gallery.first_selection(inspected)
            self._place = 0
            self._answers.clear()
        self._select(self._selection or gallery.first_selection(inspected), self._index)

    def show_nothing(self, why: str) -> None:
        """Say why in the middle of the window."""
        self._inspected = None
        self.set_class(True, "-nothing")
        if str(self.nothing.content) != why:
            self.nothing.update(why)

    @property
    def _index(self) -> int | None:
        """The index in the split of the image that has the focus."""
        return int(self._found[self._place]) if len(self._found) else None

    def _select(self, selection: Selection, keep: int | None = None) -> None:
        """Show a selection, with the focus on the image of index `keep` where it is there."""
        self._selection = selection
        if self._inspected is None:
            return
        self._found = gallery.matching(self._inspected, selection)
        (at,) = np.nonzero(self._found == keep) if keep is not None else (np.empty(0, np.intp),)
        self._place = int(at[0]) if len(at) else min(self._place, max(len(self._found) - 1, 0))
        self._tell()

    def _tell(self) -> None:
        inspected, selection = self._inspected, self._selection
        if inspected is None or selection is None:
            return
        places = gallery.page(self._place, self.gallery.grid.capacity, len(self._found))
        self.status.tell((inspected, selection, len(self._found)))
        self.chosen.tell((inspected, selection, places.start))
        self.gallery.tell([_view(inspected, int(self._found[p])) for p in places], self._place - places.start)
        index = self._index
        self.detail.display = index is not None
        if index is None:
            return
        one = one_digit.one_digit(inspected, index)
        frame(self.detail, one_digit.heading(one))
        self.large.show(inspected.images[index])
        self.story.tell(one)
        self._tell_answer(inspected, index)

    def _tell_answer(self, inspected: Inspected, index: int) -> None:
        """The ten probabilities, asked for where they were not kept; never those of another digit."""
        key = (inspected.run, inspected.epoch, index)
        answer = one_digit.answer_of(inspected, index) or self._answers.get(key)
        if answer is None:
            weights = one_digit.weights_of(self.program.snapshot.state, inspected.epoch)
            answer = weights if isinstance(weights, Silent) else _WAITING
            if not isinstance(weights, Silent):
                self._ask(inspected, index, "last" if weights == "last" else "best")
        self.bars.tell((answer, int(inspected.labels[index])))
        kept = isinstance(answer, Opinion) and inspected.split == "test"
        words = "" if not isinstance(answer, Opinion) else f"weights of epoch {answer.epoch}"
        frame(self.detail, subtitle="kept by the test" if kept else words)

    @work(group="reading", exclusive=True, exit_on_error=False)
    async def _ask(self, inspected: Inspected, index: int, weights: str) -> None:
        question = cmd.ReadPictures(
            run=inspected.run,
            weights="last" if weights == "last" else "best",
            pixels=inspected.images[index].tobytes(),
            exact=True,
        )
        try:
            answer = opinion_of(await self.program.ask(question))
        except Problem as fault:
            answer = Silent(str(fault), fault=True)
        if isinstance(answer, Opinion) and answer.epoch != inspected.epoch:
            answer = Silent(f"Its weights have gone on to epoch {answer.epoch}; . follows them.")
        self._answers[inspected.run, inspected.epoch, index] = answer
        if self._inspected is inspected and self._index == index:
            self._tell_answer(inspected, index)

    # texts

    def _status(self, row: _Row, width: int, _height: int) -> Content:
        inspected, selection, _ = row
        signs = ASCII_SIGNS if self.program.ascii_only else SIGNS
        return gallery.status(inspected, selection, self.program.snapshot.state.config.epochs, width, signs)

    def _chosen(self, row: _Row, width: int, _height: int) -> Content:
        _, selection, _ = row
        total = len(self._found)
        if not total:
            return Content.styled(selection.nobody(), "$accent").truncate(width, ellipsis=True)
        places = gallery.page(self._place, self.gallery.grid.capacity, total)
        where = gallery.shown(places, total)
        words = Content.styled(selection.words(), "bold $accent")
        room = max(width - len(where) - 2, 0)
        if words.cell_length > room:
            words = words.truncate(room, ellipsis=True)
        return words.pad_right(room + 2 - words.cell_length) + Content.styled(where, "$muted")

    def _bars(self, of: tuple[Answer, int], width: int, height: int) -> Content:
        return one_digit.bars_page(*of, width, height, ascii_only=self.program.ascii_only)

    def _story(self, one: OneDigit, width: int, height: int) -> Content:
        return one_digit.story_page(one, width, height, ascii_only=self.program.ascii_only)

    def on_gallery_resized(self) -> None:
        """As many digits as have room now."""
        self._tell()

    # from other screens

    def show_pair(self, label: int | None, reading: int | None) -> None:
        """The digits of a cell of the confusion matrix."""
        self._place = 0
        self._select(gallery.pair(label, reading))

    def show_index(self, index: int) -> None:
        """One image, whatever it is."""
        selection = self._selection or Selection()
        if self._inspected is not None and index not in gallery.matching(self._inspected, selection):
            selection = Selection()
        self._select(selection, index)

    # keys

    def action_move(self, across: int, down: int) -> None:
        """Move the focus in the grid, over its edges to the next page."""
        per_row = max(self.gallery.grid.per_row, 1)
        self._go_to(self._place + across + down * per_row)

    def action_page(self, by: int) -> None:
        """A page on, or back."""
        self._go_to(self._place + by * max(self.gallery.grid.capacity, 1))

    def action_end(self, last: int) -> None:
        """The first digit, or the last."""
        self._go_to(len(self._found) if last else 0)

    def _go_to(self, place: int) -> None:
        place = min(max(place, 0), max(len(self._found) - 1, 0))
        if place != self._place:
            self._place = place
            self._tell()

    def on_gallery_chosen(self, event: Gallery.Chosen) -> None:
        """A click on a digit."""
        places = gallery.page(self._place, self.gallery.grid.capacity, len(self._found))
        self._go_to(places.start + event.slot)

    def on_gallery_turned(self, event: Gallery.Turned) -> None:
        """The wheel."""
        self.action_page(event.by)

    def action_label(self, by: int) -> None:
        """Another true digit."""
        self._filter(lambda selection: selection.next_label(by))

    def action_reading(self, by: int) -> None:
        """Another digit that is read."""
        self._filter(lambda selection: selection.next_reading(by))

    def action_verdict(self) -> None:
        """Wrong ones, right ones, all."""
        self._filter(Selection.next_verdict)

    def action_order(self) -> None:
        """Another order."""
        self._filter(Selection.next_order)

    def action_everything(self) -> None:
        """No filter at all, by number; once more, what was there at the beginning."""
        whole = Selection()
        if self._inspected is not None:
            self._filter(
                lambda now: gallery.first_selection(self._inspected) if now == whole and self._inspected else whole
            )

    def _filter(self, change: object) -> None:
        if self._selection is not None and callable(change):
            self._place = 0
            self._select(change(self._selection))


def _view(inspected: Inspected, index: int) -> DigitView:
    return DigitView(
        inspected.images[index],
        int(inspected.labels[index]),
        int(inspected.readings[index]),
        float(inspected.confidences[index]),
        index,
    )
