"""A digit is drawn, or read from a file, and a run's network says what it is: with each epoch that is trained anew."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import events, work
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Label

from engine import commands as cmd
from engine.errors import Problem
from engine.events import CheckpointKind
from engine.state.run_state import RunState
from tui.data.picture_file import open_picture
from tui.keymap.bindings import Key, Where, bindings
from tui.screens.page import Page
from tui.views.draw_layout import DrawLayout, draw_layout
from tui.views.opinion import Answer, Silent, opinion_of, source, verdict
from tui.views.rereading import Rereading, Wanted
from tui.views.snapshot import Snapshot
from tui.widgets.draw_texts import EMPTY, HOW, AnswerText, EpochsText, NoteText
from tui.widgets.drawing_pad import DrawingPad
from tui.widgets.field_row import LONGEST_TEXT, FieldInput
from tui.widgets.ink_view import InkView, mode_for
from tui.widgets.key_bar import KeyBar
from tui.widgets.line import frame

_NO_RUN = Silent("No run yet: 1 goes to the training screen, r starts one there. Draw meanwhile.")
_NO_WEIGHTS = Silent("No weights yet: the first checkpoint comes after the first epoch. It is read then.")
_LOADING = Silent("Loading torch for the first answer: that takes a few seconds.")
_IN_FIELD = (("enter", "reads it", 0), ("esc", "leaves it", 1), ("ctrl+q", "quits", 2))
_STRIDE = 4
"""Pixels."""
_SHIFTS = {"H": "left", "J": "down", "K": "up", "L": "right"}


class DrawScreen(Page):
    """The pad at the left; what the network sees of it and what it reads at the right."""

    CSS_PATH = "draw.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("draw")
    HERE = "draw"
    KEYS: ClassVar[tuple[Where, ...]] = ("draw", "everywhere")

    def __init__(self) -> None:
        super().__init__()
        self._weights: CheckpointKind = "last"
        self._fitted = True
        self._rereading = Rereading()
        self._asking = False
        self._postponed = False
        self._plan: DrawLayout | None = None

    def content(self) -> Iterable[Widget]:
        """Pad, picture, bars; the field for a file and a note below."""
        self.pad, self.seen = DrawingPad(id="pad"), InkView(id="seen")
        self.answer, self.epochs = AnswerText(id="answer"), EpochsText(id="epochs")
        self.note, self.field = NoteText(id="note"), FieldInput("", LONGEST_TEXT)
        self.sees = Horizontal(self.seen, self.epochs, id="sees")
        with Horizontal(id="upper"):
            yield self.pad
            with Vertical(id="right"):
                yield self.sees
                yield self.answer
        with Horizontal(id="file"):
            yield Label(" Picture file ")
            yield self.field
        yield self.note

    def on_mount(self) -> None:
        super().on_mount()
        self.pad.mode = self.seen.mode = mode_for(self.app, ascii_only=self.program.ascii_only)
        self.query_one(KeyBar).in_field = _IN_FIELD
        self._prepare()

    def on_resize(self, event: events.Resize) -> None:
        """Share out the cells anew."""
        self._share_out(*event.size)

    def _share_out(self, width: int, height: int) -> None:
        plan = draw_layout(width, height - 2, len(self.note.lines(width)))
        if plan == self._plan:
            return
        self._plan = plan
        self.pad.styles.width, self.pad.styles.height = 2 * plan.pad + 2, plan.pad + 2
        self.seen.styles.width, self.seen.styles.height = 2 * plan.picture, plan.picture
        self.sees.styles.height, self.sees.display = plan.picture + 2, plan.picture > 0
        self.note.styles.height = self.query_one("#file").styles.height = plan.notes

    # the run

    def show(self, snapshot: Snapshot) -> None:
        """Read the drawing anew where there are newer weights."""
        super().show(snapshot)
        self._rereading.follow(snapshot.state)
        self._read()

    # the drawing

    def on_drawing_pad_drawn(self, event: DrawingPad.Drawn) -> None:
        """Have the new drawing read; over a slow line when the stroke has been sent as far as it goes."""
        event.stop()
        busy = self.program.line.busy
        if not busy:
            self._prepare()
        elif not self._postponed:
            self._postponed = True
            self.set_timer(busy, self._prepare)

    def _prepare(self) -> None:
        """Show what the network sees of the sheet, and have it read."""
        self._postponed = False
        sheet = self.pad.pad.sheet
        seen = sheet.prepared(fitted=self._fitted)
        self.seen.show(seen)
        self._rereading.take(None if seen is None else seen.tobytes())
        how = "fitted as MNIST was" if self._fitted else "as drawn, not fitted"
        size = "28x28" if self.program.ascii_only else "28×28"
        frame(self.sees, "What the network sees", f"{size}, {how}")
        self._note(f"{sheet.given.name}: {'; '.join(sheet.given.said)}" if sheet.given else HOW)
        self._read()
        self.update_keys()

    def _note(self, words: str, *, fault: bool = False) -> None:
        self.note.words, self.note.fault = words, fault
        self.note.show(self.program.snapshot)
        if self._plan is not None:
            self._share_out(*self.size)

    # the answer

    def _read(self) -> None:
        """Show the answer to what is asked now: one that is known, why there is none, or soon the network's."""
        state = self.program.snapshot.state
        if (why := self._silence(state)) is not None:
            self._say(why)
        elif (known := self._rereading.answer(self._weights)) is not None:
            self._say(known)
        elif not self._asking:
            self._ask()

    def _silence(self, state: RunState) -> Silent | None:
        """Why there is nothing to ask."""
        if self._rereading.pixels is None:
            return EMPTY
        if not state.run:
            return _NO_RUN
        return _NO_WEIGHTS if state.checkpoint is None and state.running else None

    def _say(self, answer: Answer) -> None:
        state = self.program.snapshot.state
        self.answer.answer = answer
        self.answer.show(self.program.snapshot)
        self.epochs.opinions = self._rereading.opinions(self._weights)
        self.epochs.show(self.program.snapshot)
        frame(self.answer, verdict(answer) or "What it reads", source(answer, self._weights, not state.running))

    @work(group="draw", exit_on_error=False)
    async def _ask(self) -> None:
        """Ask for the drawing as it is now, until that has been answered: one question at a time, always the newest."""
        self._asking = True
        try:
            while (wanted := self._unanswered()) is not None:
                if not self.program.answers_at_once:
                    self._say(_LOADING)
                answer = await self._answer(wanted.question)
                self._rereading.keep(wanted, answer)
                if self._still_of_use(wanted):
                    self._say(answer)
        finally:
            self._asking = False
        self._read()

    def _unanswered(self) -> Wanted | None:
        """What is to be asked now, if anything."""
        if self._silence(self.program.snapshot.state) is not None or self._rereading.answer(self._weights) is not None:
            return None
        return self._rereading.wanted(self._weights)

    def _still_of_use(self, asked: Wanted) -> bool:
        """Whether an answer can be shown: the stroke may have gone on, but not to another sheet or another network."""
        now = self._rereading.wanted(self._weights)
        return now is not None and (now.run, now.created, now.weights) == (asked.run, asked.created, asked.weights)

    async def _answer(self, question: cmd.PredictPictures) -> Answer:
        try:
            return opinion_of(await self.program.ask(question))
        except Problem as fault:
            return Silent(str(fault), fault=True)

    def action_weights(self) -> None:
        """Have it read with the best weights, or with the last."""
        self._weights = "last" if self._weights == "best" else "best"
        self._read()

    def action_fitting(self) -> None:
        """Fit and center the drawing as MNIST was, or show it as it is."""
        self._fitted = not self._fitted
        self._prepare()

    # keys of the pad

    def has_effect(self, key: Key) -> bool:
        """Nothing is taken back where nothing was done, nor read by weights that there are none of."""
        pad, state = self.pad.pad, self.program.snapshot.state
        match key.action:
            case "take_back":
                return pad.can_undo
            case "redo":
                return pad.can_redo
            case "clear":
                return not pad.sheet.blank
            case "weights":
                return bool(state.run) and not pad.sheet.blank
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the field no key moves the pen."""
        return super().check_action(action, parameters) if self.focused is None else action == "leave_field"

    def action_pen(self) -> None:
        """Put the pen down, or lift it."""
        self.pad.toggle()

    def action_move(self, key: str) -> None:
        """Move the pen by a pixel."""
        self.pad.move(key)

    def action_stride(self, key: str) -> None:
        """Move the pen by some pixels."""
        self.pad.move(key.removeprefix("shift+"), _STRIDE)

    def action_shift(self, key: str) -> None:
        """Move the drawing by a pixel."""
        self.pad.shift(_SHIFTS.get(key) or key.removeprefix("ctrl+"))

    def action_eraser(self) -> None:
        """Take the eraser, or the pen again."""
        self.pad.other_tool()

    def action_brush(self) -> None:
        """Draw wider; after the widest as thin as can be."""
        self.pad.next_brush()

    def action_take_back(self) -> None:
        """Take the last step back."""
        if not self.pad.undo():
            self._note("There is nothing to take back.")

    def action_redo(self) -> None:
        """Take again what was taken back."""
        if not self.pad.redo():
            self._note("Nothing was taken back.")

    def action_clear(self) -> None:
        """Take a new sheet."""
        self.pad.clear()

    def on_screen_suspend(self) -> None:
        """Another screen is seen: the pen is up when this one comes back."""
        self.pad.lift()

    # a picture from a file

    def action_file(self) -> None:
        """Open the field for a picture's path."""
        self.pad.lift()
        self.add_class("-field")
        self.field.focus()

    def action_leave_field(self) -> None:
        """Close the field, or lift the pen."""
        if self.focused is None:
            self.pad.lift()
        self.set_focus(None)

    def on_descendant_focus(self) -> None:
        """Letters are text now."""
        self.query_one(KeyBar).editing = True

    def on_descendant_blur(self) -> None:
        """Letters are keys again, unless it is the terminal that lost the focus: the field gets it back."""
        if self.app.app_focus:
            self.query_one(KeyBar).editing = False
            self.remove_class("-field")

    def _on_paste(self, event: events.Paste) -> None:
        """What is pasted, or dropped on the terminal, is taken for the path of a picture."""
        event.stop()
        event.prevent_default()
        self.action_file()
        self.field.value = ""
        self.field.on_paste(event)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Read the file."""
        event.stop()
        self.set_focus(None)
        if event.value.strip():
            self._bring(event.value)

    @work(group="file", exclusive=True, exit_on_error=False)
    async def _bring(self, text: str) -> None:
        try:
            given = await asyncio.to_thread(open_picture, text)
        except Problem as fault:
            self._note(f"{fault} f goes back to the path.", fault=True)
        else:
            self.pad.put(given)
