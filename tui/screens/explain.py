"""All help pages to browse: the list at the left, narrowed down by typing, the page at the right."""

from __future__ import annotations

import contextlib
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from engine.errors import ConfigProblem
from engine.help.catalog import catalog, find, matching
from tui.keymap.screens import SCREENS
from tui.views.plain import spelled
from tui.widgets.choice import ASCII_SIGNS, SIGNS
from tui.widgets.explain_text import ExplainText
from tui.widgets.field_row import FieldRow
from tui.widgets.help_pane import HelpPane
from tui.widgets.line import frame

_OF_SCREEN = {each.name: each.page for each in SCREENS if each.page}
"""The page that belongs to a screen, where none belongs to what has the focus there."""
_OF_PANE = {"charts": "charts", "digits": "sample_digits", "results": "test_accuracy"}
"""The same where a screen shows one of its panes alone."""
_FIRST = "neuron"
_KEYS = "pgup pgdn scroll, tab enter: a link, esc leaves"
_KEYS_BACK = "tab enter: a link, backspace: back, esc leaves"
_FEW_KEYS = "tab enter: link, esc out"


def page_for(screen: Screen[object]) -> str:
    """The name of the page that explains what the person is at; empty where there is none in particular."""
    for node in screen.focused.ancestors_with_self if screen.focused is not None else ():
        if isinstance(node, FieldRow):
            return node.parameter.name
        if isinstance(node, HelpPane):
            return node.field
    if page := getattr(screen, "explains", ""):
        return str(page)
    if not getattr(screen, "whole", True):
        shown = _OF_PANE.get(getattr(screen, "pane", ""))
        return shown or screen.query_one(HelpPane).field
    return _OF_SCREEN.get(getattr(screen, "HERE", ""), "")


class Filter(Input):
    """What is typed to narrow the list down. Backspace where nothing is left goes a page back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("backspace", "erase", "Back", show=False)]

    def __init__(self) -> None:
        super().__init__(placeholder="type to find a page", compact=True, max_length=40)
        self.cursor_blink = False

    async def action_erase(self) -> None:
        """Delete a character, else go back."""
        if self.value:
            self.action_delete_left()
        else:
            await self.run_action("screen.back")


class ExplainScreen(ModalScreen[None]):
    """The pages. Arrows choose one, page keys scroll it, Tab and Enter follow its links, Escape leaves."""

    CSS_PATH = "explain.tcss"
    AUTO_FOCUS = "Filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("up", "move(-1)", "Page before", show=False),
        Binding("down", "move(1)", "Next page", show=False),
        Binding("pageup", "scroll(-1)", "Scroll up", show=False),
        Binding("pagedown", "scroll(1)", "Scroll down", show=False),
        Binding("tab", "link(1)", "Next link", show=False),
        Binding("shift+tab", "link(-1)", "Link before", show=False),
    ]

    def __init__(self, name: str = "", *, ascii_only: bool = False) -> None:
        super().__init__(classes="-ascii" if ascii_only else "")
        self._ascii = ascii_only
        self._wanted = name or _FIRST
        self._before: list[str] = []

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="contents") as contents:
                contents.border_title = "Pages"
                yield Filter()
                options = OptionList()
                options.can_focus = False
                yield options
            with VerticalScroll(id="page", can_focus=False):
                yield ExplainText(ASCII_SIGNS if self._ascii else SIGNS)

    def on_mount(self) -> None:
        self._options, self._page = self.query_one(OptionList), self.query_one("#page", VerticalScroll)
        self._text = self.query_one(ExplainText)
        self._fill("", self._wanted)

    # the list

    def _fill(self, typed: str, wanted: str = "") -> None:
        """List the pages that what is typed may mean, and show the one that is wanted, or fits best."""
        found = {entry.name: entry for entry in matching(typed)}
        options: list[Option] = []
        group = ""
        for entry in found.values():
            if entry.group != group:
                group = entry.group
                options.append(Option(Content.styled(self._shown(group), "$muted"), disabled=True))
            options.append(Option(Content(f" {self._shown(entry.title)}"), id=entry.name))
        self._options.clear_options()
        self._options.add_options(options)
        if not found:
            self._text.say(f"No page is called '{typed}', or anything like it. Backspace takes letters away.")
            frame(self._page, title="")
            return
        if wanted not in found:
            with contextlib.suppress(ConfigProblem):
                wanted = find(typed).name
        self._highlight(wanted if wanted in found else next(iter(found)))

    def _highlight(self, name: str) -> None:
        self._options.highlighted = self._options.get_option_index(name)
        self._options.scroll_to_highlight()
        self._show(name)

    def _show(self, name: str) -> None:
        entry = catalog()[name]
        if self._text.entry is not entry:
            self._text.show(entry)
            self._page.scroll_home(animate=False)
            frame(self._page, title=self._shown(entry.group))

    def _shown(self, text: str) -> str:
        return spelled(text) if self._ascii else text

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        here = self._text.entry.name if self._text.entry and not event.value else ""
        self._fill(event.value, here)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_id and event.option_index == self._options.highlighted:
            self._show(event.option_id)

    def action_move(self, by: int) -> None:
        """The page before in the list, or the next."""
        if by > 0:
            self._options.action_cursor_down()
        else:
            self._options.action_cursor_up()

    # the page

    def action_scroll(self, by: int) -> None:
        """Scroll by a window, but for a line."""
        self._page.scroll_relative(y=by * max(self._page.size.height - 1, 1), animate=False)

    def action_link(self, by: int) -> None:
        """Choose the next link of the page, or the one before."""
        if count := len(self._text.links):
            at = self._text.link
            self._text.link = (at + by) % count if at >= 0 else (0 if by > 0 else count - 1)
            self._page.scroll_end(animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter follows the link that is chosen."""
        event.stop()
        if 0 <= self._text.link < len(self._text.links):
            self.action_follow(self._text.links[self._text.link])

    def action_follow(self, name: str) -> None:
        """Go to a page, from which `back` comes back."""
        if self._text.entry is not None:
            self._before.append(self._text.entry.name)
        self._go(name)

    def action_back(self) -> None:
        """The page from which a link was followed."""
        if self._before:
            self._go(self._before.pop())

    def on_resize(self) -> None:
        """Name as many keys as there is room for."""
        self._name_keys()

    def _name_keys(self) -> None:
        keys = _KEYS_BACK if self._before else _KEYS
        frame(self._page, subtitle=keys if self.size.width >= 76 else _FEW_KEYS)

    def _go(self, name: str) -> None:
        self._name_keys()
        field = self.query_one(Filter)
        with self.prevent(Input.Changed):
            field.value = ""
        self._fill("", name)

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)
