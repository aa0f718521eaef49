"""One line of the form: marks and label at the left, the value and its unit at the right, what is wrong under it."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.errors import ConfigProblem
from engine.fields import Hyperparameter
from tui.widgets.choice import SIGNS, Choice, Signs, choice_text

LONGEST_NUMBER, LONGEST_TEXT = 200, 4096
"""How many characters a field takes; 4096 are the longest path of Linux."""

WIDE = 72
"""From this width on a row has room for what its field takes."""


def columns(width: int) -> tuple[int, int]:
    """Where the value begins in a row of this width, and how many cells it has."""
    if width >= WIDE:
        return 19, 17
    left = 18 if width >= 33 else 16
    return left, max(width - left, 0)


class FieldInput(Input):
    """A text on one line that does not blink, with `unit` after it where there is room.

    While `locked` it can be read and copied from, nothing changes it, and letters are left to the app.
    """

    unit: reactive[str] = reactive("")
    locked: reactive[bool] = reactive(False)

    def __init__(self, text: str, longest: int) -> None:
        super().__init__(text, compact=True, max_length=longest)
        self.cursor_blink = False

    def render_line(self, y: int) -> Strip:
        """The text as every input shows it, then a cell for the cursor and the unit."""
        strip = super().render_line(y)
        used, needed = cell_len(self.value) + 1, cell_len(self.unit)
        if y or not needed or used + needed > self.content_size.width:
            return strip
        unit = Visual.to_strips(self, Content.styled(self.unit, "$foreground 70%"), needed, 1, self.visual_style)
        return Strip.join([strip.crop(0, used), *unit, strip.crop(used + needed)])

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether the key is text here, and so no binding's further up."""
        return not self.locked and super().check_consume_key(key, character)

    def on_key(self, event: events.Key) -> None:
        """While nothing can be typed, leave the key to the app."""
        if self.locked:
            event.character = None  # an input takes a key with a character and stops it; this goes on as a bare key

    def replace(self, text: str, start: int, end: int) -> None:
        """Put `text` in place of a part; every edit a person makes comes through here."""
        if not self.locked:
            super().replace(text, start, end)

    def restricted(self) -> None:
        """Say why nothing was taken."""
        self.notify(f"Nothing inserted: this field takes {self.max_length} characters at most.", severity="warning")

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line that says anything, without control characters."""
        event.stop()
        event.prevent_default()
        lines = (printable(line, "").strip() for line in event.text.splitlines())
        if line := next(filter(None, lines), ""):
            self.replace(line, *self.selection)

    def on_blur(self) -> None:
        """Show the beginning again, unless it is the terminal that lost the focus."""
        if self.app.app_focus:
            self.cursor_position = 0


class FieldRow(Widget, can_focus=True):
    """A hyperparameter on a line. It is a drawn text until the focus first comes to it; then it gets its editor.

    Marks stand in front: where the focus is, and whether the value is wrong or not as the preset has it. (An input takes
    several times as long to mount as a row, and most are never visited.)
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    FieldRow {
        height: 1;
        &.-wrong { height: auto; }
        &:focus, &:focus-within { background: $primary 20%; }
        & > FieldInput, & > FieldInput:focus { background: transparent; background-tint: transparent; }
        & > .fault { padding: 0 1 0 4; color: $text-error; }
        &.-drawn > .fault { margin: 1 0 0 0; }
    }
    """

    text: reactive[str] = reactive("")
    changed: reactive[bool] = reactive(False)
    fault: reactive[ConfigProblem | None] = reactive(None)
    locked: reactive[bool] = reactive(False, toggle_class="-locked")

    def __init__(self, parameter: Hyperparameter, text: str, signs: Signs = SIGNS) -> None:
        super().__init__(id=f"field-{parameter.name}", classes="-drawn")
        self.parameter = parameter
        self.editor: Choice | FieldInput | None = None
        self._signs = signs
        self._fault_text: Static | None = None
        self.set_reactive(FieldRow.text, text)

    @property
    def options(self) -> tuple[str, ...]:
        """The values to choose from; empty for a field that is typed."""
        is_bool = self.parameter.kind == "bool"
        return (self.parameter.format(False), self.parameter.format(True)) if is_bool else self.parameter.choices

    def compose(self) -> ComposeResult:
        """The fault there was before the row was on the screen."""
        if self._fault_text is not None and not self._fault_text.is_attached:
            yield self._fault_text

    def render(self) -> Content:
        """Marks, label and value, and in a wide form what it takes. Once there is an editor it lies over the value."""
        signs, about = self._signs, self.parameter.about
        here = self.has_focus or self.has_focus_within
        wrong = self.fault is not None
        mark = signs.wrong if wrong else signs.changed if self.changed else " "
        width = self.content_size.width
        left, room = columns(width)
        line = Content.assemble(
            (signs.here if here else " ", "bold"),
            (mark, "bold $text-error" if wrong else "$text-accent"),
            (_cut(about.label, left - 3, signs).ljust(left - 2), "bold" if here else ""),
            self._value(room),
        )
        if width >= WIDE:
            takes = _cut(self._takes, width - left - room - 1, signs)
            line = line.pad_right(left + room + 1 - line.cell_length) + Content.styled(takes, "$foreground 70%")
        return line

    def _value(self, room: int) -> Content:
        if self.options:
            return choice_text(self.text, room, self._signs, locked=self.locked)
        text = printable(self.text)
        if cell_len(text) > room:
            return Content(set_cell_size(text, max(room - 1, 0)) + self._signs.cut)
        return Content.assemble(text, (f" {self._unit(room)}", "$foreground 70%"))

    @property
    def _takes(self) -> str:
        match self.parameter.kind:
            case "choice":
                return ", ".join(self.options)
            case "bool":
                return self.parameter.expected
            case "text":
                return self.parameter.about.meaning
        return "from" + self.parameter.expected.partition("from")[2]

    def _unit(self, room: int) -> str:
        """The first that fits behind the value: what 0 means if that stands there, the unit, nothing."""
        about = self.parameter.about
        zero = about.zero if self.text.strip() in {"0", "0.0"} else ""
        free = room - cell_len(printable(self.text)) - 1
        return next((unit for unit in (zero, about.unit) if unit and cell_len(unit) <= free), "")

    async def on_focus(self) -> None:
        """Make the editor and pass the focus on to it."""
        if self.editor is None:
            if self.options:
                self.editor = Choice(self.options, self.text, self._signs)
            else:
                longest = LONGEST_TEXT if self.parameter.kind == "text" else LONGEST_NUMBER
                self.editor = FieldInput(printable(self.text), longest)
            self.editor.locked = self.locked
            self._place_editor()
            self.remove_class("-drawn")
            await self.mount(self.editor, before=self._fault_text)
        if self.screen.focused is self:
            self.focus_editor()
        self.can_focus = False

    def focus_editor(self) -> None:
        """Give the focus to what edits the value."""
        self.screen.set_focus(self.editor or self, scroll_visible=False)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A press on the value of a choice opens its list, also where the focus has only just made the choice."""
        if isinstance(self.editor, Choice) and event.x >= columns(self.content_size.width)[0]:
            self.editor.action_open()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.focus_editor()

    def on_descendant_focus(self) -> None:
        self.refresh()

    def on_descendant_blur(self) -> None:
        self.refresh()

    def on_resize(self) -> None:
        self._place_editor()

    def _place_editor(self) -> None:
        if self.editor is not None:
            left, room = columns(self.content_size.width)
            self.editor.styles.margin = (0, 0, 0, left)
            self.editor.styles.width = room
            if isinstance(self.editor, FieldInput):
                self.editor.unit = self._unit(room)

    def watch_text(self, text: str) -> None:
        """Put a text that was set from outside into the editor."""
        if isinstance(self.editor, Choice):
            self.editor.value = text
        elif self.editor is not None:
            self.editor.unit = self._unit(columns(self.content_size.width)[1])
            if printable(text) != self.editor.value:
                with self.editor.prevent(Input.Changed):
                    self.editor.value = printable(text)

    def watch_locked(self, locked: bool) -> None:
        if self.editor is not None:
            self.editor.locked = locked

    def watch_fault(self, fault: ConfigProblem | None) -> None:
        """Write what is wrong under the row."""
        self.set_class(fault is not None, "-wrong")
        sentence = str(fault or "").removeprefix(f"{self.parameter.about.label}: ")
        if self._fault_text is not None:
            self._fault_text.display = fault is not None
            self._fault_text.update(sentence)
        elif fault is not None:
            self._fault_text = Static(sentence, classes="fault", markup=False)
            if self.is_attached:
                self.mount(self._fault_text)


def printable(text: str, instead: str = "?") -> str:
    """The text with something in place of each character that a terminal would not simply show."""
    return "".join(c if c.isprintable() else instead for c in text)


def _cut(text: str, room: int, signs: Signs) -> str:
    return text if len(text) <= room else text[: max(room - 1, 0)] + signs.cut
