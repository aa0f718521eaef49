"""Single digits: a gallery of them, and one of them large, with how surely it is read and since when."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

import numpy as np
from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine import commands as cmd
from engine.answers import PicturePredictions, decode_result
from engine.errors import Problem
from engine.events import CheckpointKind
from tui.data.predictions import Inspected
from tui.keymap.bindings import Key, Where, bindings
from tui.screens.inspecting import InspectingPage
from tui.terminal.line_filters import has_few_colors
from tui.views.cursor import Cursor, Move
from tui.views.digit_detail import Detail, Probabilities, remark
from tui.views.digit_view import DigitView
from tui.views.gallery import (
    STEP,
    Losses,
    Selection,
    closer,
    first_selection,
    losses,
    matching,
    page,
    pair,
    same,
    shown,
    status,
)
from tui.views.plain import ascii_text
from tui.views.prediction_history import EpochPrediction
from tui.views.snapshot import Snapshot
from tui.views.status import ASCII_SIGNS, SIGNS, fit, text
from tui.widgets.digit import Mode
from tui.widgets.digit_detail import DigitDetail, StillText
from tui.widgets.gallery import Gallery
from tui.widgets.line import frame

Weights = tuple[object, ...]
"""What tells the weights that a question goes to from all others."""
_MOST_PICTURES = 200
"""Asked for at once: exact figures take the work of a thousand pictures whether it is one or all of a page."""
_MOST_KEPT = 5000
_WAITING = "The other probabilities are being worked out…"


class DigitsScreen(InspectingPage):
    """A page of digits at the left, one of them at the right."""

    CSS_PATH = "digits.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("digits")
    HERE = "digits"
    KEYS: ClassVar[tuple[Where, ...]] = ("digits", "inspect", "everywhere")

    def __init__(self) -> None:
        super().__init__()
        self._found: Inspected | None = None
        self._losses: Losses | None = None
        self._selected: Selection | None = None
        self._cursor = Cursor()
        self._wanted_image: int | None = None
        self._answers: dict[tuple[Weights, int], Probabilities] = {}
        self._faults: dict[Weights, str] = {}
        self._asking = False

    def content(self) -> Iterable[Widget]:
        """A line that says what is shown, the gallery, one digit; or a sentence instead of them."""
        self.status, self.nothing = StillText(id="status"), Static("", id="nothing", markup=False)
        self.gallery, self.detail = Gallery(id="gallery"), DigitDetail(id="detail")
        yield self.status
        with Horizontal(id="parts"):
            yield self.gallery
            yield self.detail
        yield self.nothing

    def on_mount(self) -> None:
        mode: Mode = "shade" if has_few_colors(self.app) else "color"
        self.gallery.mode = self.detail.picture.mode = "ascii" if self.program.ascii_only else mode
        super().on_mount()

    def on_screen_resume(self) -> None:
        self._faults.clear()
        super().on_screen_resume()

    # what there is

    def show(self, snapshot: Snapshot) -> None:
        """Ask again when other weights have been kept."""
        super().show(snapshot)
        if self.is_current:
            self._ask_for_more()

    def show_inspected(self, inspected: Inspected) -> None:
        """Show other readings; the same image stays the one that is looked at."""
        before = self._found
        self.set_class(False, "-nothing")
        if before is not None and same(before, inspected):
            return
        if before is None or before.run != inspected.run:
            self._answers.clear()
            self._faults.clear()
            self._selected = self._selected if before is None else None
        alike = before is not None and (before.run, before.split) == (inspected.run, inspected.split)
        self._found, self._losses = inspected, losses(inspected)
        self._arrange(keep=alike)

    def show_nothing(self, why: str) -> None:
        """A sentence in the middle."""
        self._found = None
        self.nothing.update(ascii_text(why) if self.program.ascii_only else why)
        self.set_class(True, "-nothing")

    @property
    def selection(self) -> Selection:
        """Which digits are shown."""
        if self._selected is None:
            return first_selection(self._found) if self._found else Selection()
        return self._selected

    def show_pair(self, label: int | None, prediction: int | None) -> None:
        """Show the digits of a label that are predicted as a digit (None: any): of equal digits the right ones, else the wrong."""
        self._select(pair(label, prediction))

    def show_index(self, index: int) -> None:
        """Look at one image of the split; all digits are shown where it is none of those that are."""
        self._wanted_image = index
        self._arrange(keep=True)

    def _select(self, selection: Selection) -> None:
        self._selected = selection
        self._arrange(keep=False)

    def _arrange(self, *, keep: bool) -> None:
        """Put the digits that are selected in order."""
        found, wanted = self._found, self._wanted_image
        if found is None:
            return
        self._wanted_image = None
        order = matching(found, self.selection)
        if wanted is not None and 0 <= wanted < len(found.labels):
            if wanted not in order:
                self._selected = Selection()
                order = matching(found, self._selected)
            self._cursor.image, keep = wanted, True
        self._cursor.take(order, keep=keep)
        self._draw()

    # what is drawn

    def _draw(self) -> None:
        """Everything as it is now; each part repaints what differs."""
        found, cursor = self._found, self._cursor
        if found is None:
            return
        total = len(cursor.order)
        places = page(cursor.place, self.gallery.page_size, total)
        views = tuple(self._view(found, int(cursor.order[place])) for place in places)
        marked = None if cursor.elsewhere or not views else cursor.place - places[0]
        nobody = "" if total else f"{self.selection.nobody()} a shows all digits."
        self.gallery.show(views, marked, nobody)
        title, subtitle = self.selection.words(), shown(places, total)
        if len(title) > self.gallery.size.width - 2:  # the status line says the order, too
            title = title.partition(",")[0]
        self._frame(self.gallery, title[0].upper() + title[1:], subtitle)
        self.status.show(partial(self._status, found, self.selection, subtitle))
        image = cursor.image
        self.detail.show(
            None if image is None else self._detail(found, image), None if image is None else found.images[image]
        )
        self._ask_for_more()

    def _frame(self, widget: Widget, title: str, subtitle: str) -> None:
        plain = self.program.ascii_only
        frame(widget, *(ascii_text(each) if plain else each for each in (title, subtitle)))

    def _status(self, found: Inspected, selection: Selection, pages: str, width: int, height: int) -> list[Content]:
        """What is shown; where the frames have no room for it, the selection too."""
        signs = ASCII_SIGNS if self.program.ascii_only else SIGNS
        line = status(found, selection, self.program.snapshot.state.config.epochs, width, signs)
        more = [fit([text(selection.words()), text(pages, "$muted", 1)], width, closer(signs))] if height > 1 else []
        return [line, *more]

    @staticmethod
    def _view(found: Inspected, image: int) -> DigitView:
        return DigitView(
            found.images[image],
            int(found.labels[image]),
            int(found.predictions[image]),
            _confidence(found, image),
            image,
        )

    def _detail(self, found: Inspected, image: int) -> Detail:
        all_ten, best = self._probabilities(found, image), self.program.snapshot.state.best
        step = int(found.history.steps[found.history.at(found.epoch)]) if found.epochs else None
        others = remark(all_ten, found.epoch, step, best.epoch if best else None) if all_ten else ""
        label, fault = int(found.labels[image]), self._faults.get(self._weights(found), "")
        loss, exact = self._loss(image, label, None if others else all_ten)
        prediction = int(found.predictions[image])
        sure = _confidence(found, image) if all_ten is None or others else all_ten.values[prediction]
        return Detail(
            split=found.split,
            index=image,
            epoch=found.epoch,
            label=label,
            prediction=prediction,
            confidence=sure,
            loss=loss,
            loss_exact=exact,
            probabilities=all_ten,
            remark=others,
            waiting="" if all_ten or fault else _WAITING,
            fault="" if all_ten else fault,
            history=_history(found, image),
            elsewhere=self._cursor.elsewhere,
        )

    def _loss(self, image: int, label: int, all_ten: Probabilities | None) -> tuple[float, bool]:
        """The loss of an image, and whether it is exact."""
        if all_ten is not None:
            return float(-np.log(max(all_ten.values[label], float(np.finfo(np.float32).tiny)))), True
        known = self._losses
        return (float(known.values[image]), bool(known.exact[image])) if known else (0.0, False)

    def _probabilities(self, found: Inspected, image: int) -> Probabilities | None:
        if found.probabilities is not None:
            return Probabilities(tuple(found.probabilities[image].tolist()), found.epoch)
        return self._answers.get((self._weights(found), image))

    # what has to be asked for

    def _kind(self, found: Inspected) -> CheckpointKind:
        """The weights that may be the chosen epoch's."""
        best = self.program.snapshot.state.best
        return "best" if best is not None and best.epoch == found.epoch else "last"

    def _weights(self, found: Inspected) -> Weights:
        saved = self.program.snapshot.state.checkpoint
        newest = found.epochs[-1] if found.epochs else 0
        return (found.run, self._kind(found), newest, (saved.kind, saved.epoch, saved.step) if saved else None)

    def _unknown(self) -> tuple[Weights, cmd.PredictPictures, list[int]] | None:
        """The question that is next: what is read in the digits of the page. None where nothing need be asked."""
        found, cursor = self._found, self._cursor
        if found is None or found.probabilities is not None or cursor.image is None or not self.gallery.page_size:
            return None
        weights = self._weights(found)
        if found.run != self.program.snapshot.state.run or weights in self._faults:
            return None
        if (weights, cursor.image) in self._answers:
            return None
        seen = cursor.order[list(page(cursor.place, self.gallery.page_size, len(cursor.order)))].tolist()
        images = [cursor.image, *(each for each in seen if each != cursor.image)][:_MOST_PICTURES]
        pixels = np.ascontiguousarray(found.images[images]).tobytes()
        return weights, cmd.PredictPictures(run=found.run, weights=self._kind(found), pixels=pixels, exact=True), images

    def _ask_for_more(self) -> None:
        if not self._asking and self.is_current and self._unknown() is not None:
            self._asking = True
            self._ask()

    @work(group="probabilities", exclusive=True, exit_on_error=False)
    async def _ask(self) -> None:
        """One question after the other, each for what is looked at when its turn comes."""
        try:
            while (question := self._unknown()) is not None and self.is_current:
                await self._answer(*question)
                self._draw()
        finally:
            self._asking = False

    async def _answer(self, weights: Weights, question: cmd.PredictPictures, images: list[int]) -> None:
        try:
            answer = decode_result(PicturePredictions, await self.program.ask(question))
        except Problem as fault:
            self._faults[weights] = str(fault)
            return
        if len(self._answers) > _MOST_KEPT:
            self._answers.clear()
        for image, values in zip(images, answer.probabilities, strict=True):
            self._answers[weights, image] = Probabilities(values, answer.epoch, answer.step)

    # keys and mouse

    def has_effect(self, key: Key) -> bool:
        """Where all are shown already, the key for that is none."""
        if key.action == "all" and self.selection == Selection(order=self.selection.order):
            return False
        return super().has_effect(key)

    def action_label(self, by: int) -> None:
        """Digits of the next label."""
        self._select(self.selection.next_label(by))

    def action_reading(self, by: int) -> None:
        """Digits that are predicted as the next one."""
        self._select(self.selection.next_prediction(by))

    def action_verdict(self) -> None:
        """Wrong, right, or all."""
        self._select(self.selection.next_verdict())

    def action_order(self) -> None:
        """Another order."""
        self._select(self.selection.next_order())

    def action_all(self) -> None:
        """Every digit, in the same order."""
        self._select(Selection(order=self.selection.order))

    def action_move(self, how: Move) -> None:
        """Look at another digit."""
        self._cursor.move(how, self.gallery.per_row, max(self.gallery.page_size, 1))
        self._draw()

    def on_gallery_chosen(self, event: Gallery.Chosen) -> None:
        """A click on a digit."""
        first = page(self._cursor.place, self.gallery.page_size, len(self._cursor.order))
        self._cursor.go(first.start + event.slot)
        self._draw()

    def on_gallery_turned(self, event: Gallery.Turned) -> None:
        """The wheel."""
        self.action_move("page_down" if event.by > 0 else "page_up")

    def on_gallery_resized(self) -> None:
        """Another number of digits has room."""
        self._draw()


def _confidence(found: Inspected, image: int) -> float:
    """The probability of what is read; one that was kept as 255 of 255 is no certainty."""
    sure = float(found.confidences[image])
    return sure if found.probabilities is not None else min(sure, 1 - STEP / 4)


def _history(found: Inspected, image: int) -> tuple[EpochPrediction, ...]:
    kept = found.history
    if not len(kept):
        return ()
    known = zip(kept.epochs.tolist(), kept.digits[:, image].tolist(), kept.confidences[:, image].tolist(), strict=True)
    return tuple(EpochPrediction(epoch, digit, sure / 255) for epoch, digit, sure in known if epoch <= found.epochs[-1])
