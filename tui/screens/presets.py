"""The presets, to choose one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.help.catalog import PRESET
from engine.settings import presets
from tui.views.plain import ascii_content


class PresetPicker(ModalScreen[str]):
    """A list of the presets, with what each is for and what to watch; answers with a name, or "" for none."""

    CSS_PATH = "presets.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "cancel", "Cancel", show=False),
        Binding("h", "app.explain", "Explain", show=False),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
    ]

    def __init__(self, current: str, *, ascii_only: bool = False) -> None:
        super().__init__(classes="-ascii" if ascii_only else "")
        self._current = current

    def compose(self) -> ComposeResult:
        with Vertical(id="picker") as box:
            box.border_title = "Presets"
            box.border_subtitle = "enter takes it, h explains, q goes back"
            yield OptionList(*(Option(self._shown(_line(name)), id=name) for name in presets()))
            yield Static(id="watch")

    def _shown(self, content: Content) -> Content:
        return ascii_content(content) if self.has_class("-ascii") else content

    @property
    def explains(self) -> str:
        """The page of the preset that is highlighted."""
        option = self.query_one(OptionList).highlighted_option
        return PRESET + option.id if option is not None and option.id else ""

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        names = list(presets())
        options.highlighted = names.index(self._current) if self._current in names else 0
        options.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        preset = presets()[event.option_id or ""]
        self.query_one("#watch", Static).update(
            self._shown(Content.assemble(("What to watch\n", "$muted"), preset.watch))
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id or "")

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_cancel(self) -> None:
        """Choose none."""
        self.dismiss("")


def _line(name: str) -> Content:
    return Content.assemble((name, "bold"), "\n", presets()[name].comment)
