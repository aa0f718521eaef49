"""One of a closed set of texts on one line: the arrow keys turn it, Enter opens the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import OptionList


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that mark a field, each one cell wide."""

    here: str = "▸"
    changed: str = "•"
    wrong: str = "✗"
    open: str = "▾"
    left: str = "◂"
    right: str = "▸"
    rule: str = "─"
    cut: str = "…"


SIGNS = Signs()
ASCII_SIGNS = Signs(here=">", changed="*", wrong="!", open="v", left="<", right=">", rule="-", cut="~")


def choice_text(value: str, room: int, signs: Signs, place: str = "", *, locked: bool = False) -> Content:
    """A chosen value on a line of `room` cells: with its place between arrows, or with a sign that there are others."""
    if len(value) > room:
        return Content((value[: max(room - 1, 0)] + signs.cut)[:room])
    turn = f"  {signs.left} {place} {signs.right}" if place else ""
    after = next((a for a in (turn, f" {signs.open}") if a and len(value) + len(a) <= room), "")
    return Content.assemble(value, ("" if locked else after, "$foreground 70%"))


class ChoiceList(OptionList):
    """The options of a `Choice`, over the screen. Escape, q, Tab and Left close it; no other letter gets out of it."""

    def __init__(self, choice: Choice) -> None:
        super().__init__(*(Content(option) for option in choice.options), markup=False)
        self._choice = choice
        self.highlighted = choice.options.index(choice.value) if choice.value in choice.options else 0

    def on_key(self, event: events.Key) -> None:
        match event.key:
            case "space":
                self.action_select()
            case "escape" | "q" | "tab" | "shift+tab" | "left":
                self._choice.close_list()
            case _ if not event.is_printable:
                return
        event.stop()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choice.close_list()
        self._choice.choose(self._choice.options[event.option_index])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Keep a press on the list from the choice under it."""
        event.stop()

    def on_blur(self) -> None:
        """Close when something else takes the focus; a press on the choice itself is the choice's to answer."""
        if self.app.app_focus and self.screen.focused is not self._choice:
            self._choice.close_list()


class Choice(Widget, can_focus=True):
    """A value out of `options`. Left and right turn it (round the end), Enter, space or a click opens a list of all.

    `value` may be a text that is no option; then nothing is chosen yet. Letters are left to the app. While `locked`,
    nothing but the focus changes, and Enter and space are left to the app as well.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Previous", show=False),
        Binding("right", "turn(1)", "Next", show=False),
        Binding("enter,space", "open", "All options", show=False),
    ]
    DEFAULT_CSS = """
    Choice {
        height: 1;
        width: 1fr;
        pointer: pointer;
    }
    ChoiceList {
        overlay: screen;
        constrain: inside inflect;
        offset: -2 1;
        width: auto;
        min-width: 10;
        max-height: 12;
        height: auto;
        padding: 0;
        border: round $primary;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus {
            border: round $primary;
            background-tint: transparent;
        }
        &.-ascii, &.-ascii:focus {
            border: ascii $primary;
        }
        & > .option-list--option {
            padding: 0 1;
        }
    }
    """

    value: reactive[str] = reactive("")
    locked: reactive[bool] = reactive(False)

    @dataclass
    class Changed(Message):
        """A person chose another value."""

        choice: Choice
        value: str

        @property
        def control(self) -> Choice:
            """The sender, for `on` selectors."""
            return self.choice

    def __init__(self, options: Sequence[str], value: str, signs: Signs = SIGNS) -> None:
        super().__init__()
        self.options = tuple(options)
        self.set_reactive(Choice.value, value)
        self._signs = signs
        self._list: ChoiceList | None = None

    @property
    def is_open(self) -> bool:
        """Whether the list of options is on the screen."""
        return self._list is not None

    def render(self) -> Content:
        """The value; while it has the focus its place among the options, else a sign that there are others."""
        place = ""
        if self.has_focus:
            number = self.options.index(self.value) + 1 if self.value in self.options else "?"
            place = f"{number}/{len(self.options)}"
        return choice_text(self.value, self.content_size.width, self._signs, place, locked=self.locked)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether the action can be done: a list that may not open leaves its keys to others."""
        return not (self.locked and action == "open")

    def choose(self, value: str) -> None:
        """Take `value` as a person's choice."""
        if not self.locked and value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def action_turn(self, by: int) -> None:
        """Choose the next or previous option."""
        start = self.options.index(self.value) if self.value in self.options else -max(by, 0)
        self.choose(self.options[(start + by) % len(self.options)])

    def action_open(self) -> None:
        """Show all options, the present one highlighted."""
        if self._list is None and not self.locked:
            self._list = ChoiceList(self)
            self._list.set_class(self._signs is ASCII_SIGNS, "-ascii")
            self.mount(self._list)
            self.screen.set_focus(self._list, scroll_visible=False)

    def close_list(self) -> None:
        """Take the list away; the focus comes back if the list had it."""
        if self._list is None:
            return
        if self.screen.focused is self._list:
            self.screen.set_focus(self, scroll_visible=False)
        self._list.remove()
        self._list = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Open the list, or close it where it was open."""
        event.stop()
        if self._list is None:
            self.action_open()
        else:
            self.close_list()

    def on_click(self, event: events.Click) -> None:
        event.stop()

    def on_unmount(self) -> None:
        self._list = None

    def watch_locked(self) -> None:
        self.close_list()
