"""The form of all hyperparameters, made from their table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive, var
from textual.widget import Widget
from textual.widgets import Input

from engine.config import HYPERPARAMETERS, TrainConfig
from engine.errors import ConfigProblem
from engine.settings import presets
from tui.views.config_draft import Draft
from tui.widgets.choice import ASCII_SIGNS, SIGNS, Choice, Signs
from tui.widgets.field_row import FieldRow, printable


class GroupTitle(Widget):
    """The name of a group of fields, on a line."""

    DEFAULT_CSS = "GroupTitle { height: 1; color: $foreground 70%; }"

    def __init__(self, title: str, signs: Signs) -> None:
        super().__init__()
        self._title, self._signs = title, signs

    def render(self) -> Content:
        """The name and a rule to the right edge."""
        rule = self._signs.rule * (self.content_size.width - len(self._title) - 4)
        return Content.assemble("  ", (self._title, "bold $text-primary"), (f" {rule}", "$foreground 20%"))


class HyperparameterForm(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Every hyperparameter, one to a line, checked as it is typed. Fields that do not apply are not shown.

    Tab and the arrow keys go from field to field. While `locked`, a run trains with what the form shows: fields that are
    live can be changed, which `Committed` tells when the field is left; the others can only be read. `lock_reason` then
    stands in the lower border.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(-1)", "Previous field", show=False),
        Binding("down", "go(1)", "Next field", show=False),
        Binding("pageup", "page(-1)", "A page up", show=False),
        Binding("pagedown", "page(1)", "A page down", show=False),
        Binding("home,ctrl+home", "first", "First field", show=False),
        Binding("end,ctrl+end", "last", "Last field", show=False),
    ]
    DEFAULT_CSS = """
    HyperparameterForm {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-color: $foreground 30%;
        scrollbar-background: $foreground 5%;
        &.-locked {
            border-bottom: solid $foreground 30%;
            border-subtitle-color: $text-warning;
            &.-ascii { border-bottom: ascii $foreground 30%; }
            & FieldRow.-locked { color: $foreground 70%; }
            & FieldRow.-locked > * { color: $foreground 70%; }
        }
    }
    """

    locked: reactive[bool] = reactive(False, toggle_class="-locked")
    steering: var[bool] = var(True)
    """Whether live fields can be changed while it is locked."""
    lock_reason: var[str] = var("dimmed: needs a new run")

    @dataclass
    class Edited(Message):
        """A value changed. `config` is None while something is wrong, and `problem` says what is the first of it."""

        config: TrainConfig | None
        problem: ConfigProblem | None

    @dataclass
    class Committed(Message):
        """A field was given another text while a run trains, and was left."""

        name: str
        text: str

    @dataclass
    class FieldFocused(Message):
        """A field got the focus."""

        name: str

    def __init__(
        self,
        config: TrainConfig | None = None,
        preset: str = "",
        *,
        signs: Signs = SIGNS,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_class(signs is ASCII_SIGNS, "-ascii")
        self._signs = signs
        self._rows: dict[str, FieldRow] = {}
        self._titles: dict[str, GroupTitle] = {}
        self._lines: list[Widget] = []
        self._awaited = ""
        self._subtitle: str | None = None
        self._draft = Draft.of(config or TrainConfig(), _preset_config(preset))
        self._live = self._draft.values

    def load(self, config: TrainConfig, preset: str) -> None:
        """Put `config` into the fields; what differs from the preset is marked (from the defaults if there is none)."""
        self._live = config
        self._draft = Draft.of(config, _preset_config(preset))
        self._show()

    def follow(self, config: TrainConfig) -> None:
        """Show the values a run trains with now; a field that is being typed in keeps its text."""
        row = _row_of(self.screen.focused) if self.is_attached else None
        name = row.parameter.name if row is not None and row.parent is self else None
        kept = self._draft.texts[name] if name and self._uncommitted(name) else None
        self._live = config
        before, self._draft = self._draft, Draft.of(config, self._draft.base)
        for field, parameter in HYPERPARAMETERS.items():
            if not parameter.about.live:  # what is meant for the next run stays
                self._draft = self._draft.typed(field, before.texts[field])
        if name and kept is not None:
            self._draft = self._draft.typed(name, kept)
        self._show()

    def _uncommitted(self, name: str) -> bool:
        """Whether the field's text is not the value that the run trains with."""
        return self._draft.texts[name] != HYPERPARAMETERS[name].format(getattr(self._live, name))

    def commit(self, name: str) -> None:
        """Tell of a field's new text, where a run trains and the text is another than its value."""
        if self.locked and HYPERPARAMETERS[name].about.live and self._uncommitted(name):
            self.post_message(self.Committed(name, self._draft.texts[name]))

    def take_back(self, name: str) -> None:
        """Put the value that the run trains with back into a field."""
        if self.locked:
            self.set_value(name, HYPERPARAMETERS[name].format(getattr(self._live, name)))

    def config(self) -> TrainConfig:
        """What the form holds. Raises the `ConfigProblem` of the first field that cannot be used."""
        return self._draft.config()

    def set_value(self, name: str, text: str) -> None:
        """Type `text` into a field."""
        draft = self._draft.typed(name, text)
        if draft is self._draft:
            return
        self._draft = draft
        self._show()
        self._keep_in_sight()
        problem = next(iter(draft.faults().values()), None)
        self.post_message(self.Edited(None if problem else draft.values, problem))

    def focus_field(self, name: str) -> None:
        """Give the focus to a field, as soon as it is on the screen. One that does not apply cannot have it."""
        row = self._rows.get(name)
        if row is not None and row.is_mounted:
            row.focus_editor()
        else:
            self._awaited = name

    def compose(self) -> ComposeResult:
        """The lines that are seen at once; the others follow when these are drawn."""
        self._lines = self._build()
        yield from [line for line in self._lines if line.display][: self.app.size.height]

    def on_mount(self) -> None:
        self.call_after_refresh(self._mount_rest)

    async def _mount_rest(self) -> None:
        await self.mount_all(line for line in self._lines if not line.is_attached)
        self.sort_children(key=self._lines.index)
        self._show()
        if self._awaited:
            self.focus_field(self._awaited)

    def _build(self) -> list[Widget]:
        """Titles and rows from top to bottom."""
        lines: list[Widget] = []
        faults = self._draft.faults()
        for title, group in groupby(HYPERPARAMETERS.values(), key=lambda p: p.about.group):
            self._titles[title] = GroupTitle(title, self._signs)
            lines.append(self._titles[title])
            for parameter in group:
                row = self._rows[parameter.name] = FieldRow(parameter, self._draft.texts[parameter.name], self._signs)
                self._show_row(row, faults)
                lines.append(row)
        return lines

    def _show(self) -> None:
        """Bring every row up to date with the draft."""
        faults = self._draft.faults()
        for row in self._rows.values():
            self._show_row(row, faults)
        for title, widget in self._titles.items():
            widget.display = any(r.display for r in self._rows.values() if r.parameter.about.group == title)
        self._keep_focus()

    def _keep_focus(self) -> None:
        """Where the field with the focus has gone, the last one shown above it gets it."""
        focused = _row_of(self.screen.focused) if self.is_attached else None
        if focused is None or focused.display or focused.parameter.name not in self._rows:
            return
        names = list(self._rows)
        above = names[: names.index(focused.parameter.name)]
        next(row for name in reversed(above) if (row := self._rows[name]).display).focus_editor()

    def _show_row(self, row: FieldRow, faults: Mapping[str, ConfigProblem]) -> None:
        name = row.parameter.name
        row.text = self._draft.texts[name]
        row.changed, row.fault, row.locked = self._draft.changed(name), faults.get(name), self._is_locked(row)
        row.display = self._draft.applies(name)

    def _is_locked(self, row: FieldRow) -> bool:
        return self.locked and not (self.steering and row.parameter.about.live)

    def watch_locked(self, locked: bool) -> None:
        """Say in the lower border why nothing can be changed; what stood there comes back afterwards."""
        if locked:
            self._subtitle, self.border_subtitle = self.border_subtitle, self.lock_reason
        elif self._subtitle is not None:
            self.border_subtitle, self._subtitle = self._subtitle, None
        self._show()

    def watch_steering(self) -> None:
        self._show()

    def watch_lock_reason(self, reason: str) -> None:
        if self.locked:
            self.border_subtitle = reason

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take what stands in the input by now, which may be more than when it told."""
        event.stop()
        row = _row_of(event.input)
        if row is not None and event.input.value != printable(row.text):
            self.set_value(row.parameter.name, event.input.value)

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        row = _row_of(event.choice)
        if row is not None:
            self.set_value(row.parameter.name, event.value)
            self.commit(row.parameter.name)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in an input goes on to the next field."""
        event.stop()
        self.action_go(1)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tell which field it is, and have it in sight with a line above and below."""
        row = _row_of(event.widget)
        if row is None or event.widget is row:
            return
        self.post_message(self.FieldFocused(row.parameter.name))
        self._keep_in_sight()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A field was left: its text counts."""
        row = _row_of(event.widget)
        if row is not None and self.app.app_focus:
            self.commit(row.parameter.name)

    def on_resize(self) -> None:
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        """Scroll to the field with the focus, now and once more when what has just changed is laid out."""
        if not self.is_attached:
            return
        self._follow()
        self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        row = _row_of(self.screen.focused)
        if row is not None and row.parent is self:
            self.scroll_to_region(row.virtual_region.grow((1, 0, 1, 0)), animate=False)

    def _shown(self) -> list[FieldRow]:
        return [row for row in self._rows.values() if row.display and row.is_mounted]

    def action_go(self, by: int) -> None:
        """Move the focus by so many fields, to the first or last one at most."""
        shown = self._shown()
        focused = _row_of(self.screen.focused)
        if shown:
            at = shown.index(focused) + by if focused in shown else 0
            shown[min(max(at, 0), len(shown) - 1)].focus_editor()

    def action_page(self, by: int) -> None:
        """Move the focus by about the height of the form."""
        self.action_go(by * max(self.size.height - 3, 1))

    def action_first(self) -> None:
        """Focus the first field."""
        self.action_go(-len(HYPERPARAMETERS))

    def action_last(self) -> None:
        """Focus the last field."""
        self.action_go(len(HYPERPARAMETERS))


def _row_of(widget: Widget | None) -> FieldRow | None:
    """The row that a widget is or stands in."""
    if widget is None:
        return None
    return next((node for node in widget.ancestors_with_self if isinstance(node, FieldRow)), None)


def _preset_config(name: str) -> TrainConfig:
    """The values of a preset, the defaults where there is none of this name (a run may come from another version)."""
    known = presets().get(name)
    return known.config if known else TrainConfig()
