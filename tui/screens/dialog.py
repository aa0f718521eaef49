"""A question with a few answers, each with a letter; arrows, Enter and the mouse choose as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to answer: its letter, what it does, and what else there is to know."""

    key: str
    words: str
    more: str = ""


class Dialog(ModalScreen[str]):
    """Asks; answers with the letter of an `Answer`. The first is highlighted; `harmless` is what Escape answers."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", show=False)]

    def __init__(
        self, title: str, question: str, answers: Sequence[Answer], harmless: str, *, ascii_only: bool = False
    ) -> None:
        super().__init__(classes="-ascii" if ascii_only else "")
        self._title, self._question, self._answers, self._harmless = title, question, tuple(answers), harmless

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", can_focus=False) as box:
            box.border_title = self._title
            yield Static(Content(self._question), id="question", markup=False)
            yield OptionList(*(Option(self._line(answer), id=answer.key) for answer in self._answers))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def _line(self, answer: Answer) -> Content:
        room = max(len(each.words) for each in self._answers) + 2
        return Content.assemble((f" {answer.key} ", "bold"), f" {answer.words.ljust(room)}", answer.more)

    def on_key(self, event: events.Key) -> None:
        """Letters answer at once."""
        if event.key in {answer.key for answer in self._answers}:
            event.stop()
            self.dismiss(event.key)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id or self._harmless)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(self._harmless)
