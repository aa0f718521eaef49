"""The keys, and what every figure means."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from tui.views.help_page import help_page
from tui.views.plain import ascii_content


class HelpPageText(Widget):
    """The page, laid out for the width there is."""

    DEFAULT_CSS = "HelpPageText { height: auto; width: 1fr; }"

    def render(self) -> Content:
        """The page."""
        page = help_page(self.content_size.width)
        return ascii_content(page) if self.screen.has_class("-ascii") else page

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the page has at this width."""
        return len(help_page(width).plain.splitlines())


class HelpScreen(ModalScreen[None]):
    """One page that scrolls; ?, q, Enter and Escape close it, h leads to the pages that explain."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,q,enter,escape", "close", "Close", show=False),
        Binding("h", "app.explain", "Explain", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(classes="-ascii" if ascii_only else "")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="page") as page:
            page.border_title = "Help"
            page.border_subtitle = "q goes back, the arrow keys scroll, h explains every word"
            yield HelpPageText()

    def on_mount(self) -> None:
        self.query_one("#page").focus()

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one("#page").scroll_relative(y=by, animate=False)
