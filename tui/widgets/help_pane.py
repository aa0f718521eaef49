"""What a field means: what the table of hyperparameters knows of it, and its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from engine.config import HYPERPARAMETERS
from engine.errors import Problem
from tui.views.fields import facts
from tui.views.pages import Block, Kind, blocks, close, parts
from tui.views.plain import spelled
from tui.widgets.choice import ASCII_SIGNS, SIGNS, Signs

__all__ = ["Block", "HelpPane", "HelpText", "blocks", "facts", "inline", "lay_out", "page_of"]

_STYLES: dict[Kind, str] = {"plain": "", "code": "$text-accent", "strong": "bold", "stress": "italic", "link": ""}
_FAINT = "$foreground 70%"


def inline(text: str) -> Content:
    """A text with its *stress*, **strong**, `code` and [links](address)."""
    return Content.assemble(*((part, _STYLES[kind]) for part, kind in parts(text)))


def lay_out(page: Iterable[Block], width: int) -> list[Content]:
    """The lines of a page, none wider than `width`; items hang behind their marks."""
    lines: list[Content] = []
    before: Block | None = None
    for block in page:
        if before is not None and not close(before, block):
            lines.append(Content())
        before = block
        match block.kind:
            case "heading":
                lines += Content.styled(block.text, "bold").wrap(width)
            case "verbatim":
                lines += Content.styled(f"  {block.text}", _STYLES["code"]).fold(width)
            case "paragraph" | "item":
                first = f"{block.mark} " if block.mark else ""
                wrapped = inline(block.text).wrap(max(width - len(first), 1))
                lines += [Content(" " * len(first) if i else first) + line for i, line in enumerate(wrapped)]
    return lines


def page_of(name: str) -> str:
    """The page of a field, empty where there is none."""
    from engine.help import page  # noqa: PLC0415 - no page is looked for before one is wanted

    try:
        return page(name)
    except (OSError, Problem):
        return ""


class HelpText(Widget):
    """The text of the help pane, laid out for its width."""

    DEFAULT_CSS = "HelpText { height: auto; width: 1fr; }"

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self._signs = signs
        self._field = ""
        self._page: list[Block] = []

    def show(self, field: str) -> None:
        """Show this field."""
        self._field, self._page = field, list(blocks(page_of(field), self._signs.changed))
        if self._signs is ASCII_SIGNS:
            self._page = [replace(block, text=spelled(block.text)) for block in self._page]
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text takes at this width."""
        return len(self._lines(width))

    def render(self) -> Content:
        """The label, what the table knows, and the page."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        if not self._field or width < 1:
            return []
        here = self.parent is not None and self.parent is self.screen.focused
        about = HYPERPARAMETERS[self._field].about
        page = lay_out(self._page, width)
        return [
            *Content.styled(f"{self._signs.here} {about.label}" if here else about.label, "bold").wrap(width),
            *Content(about.meaning).wrap(width),
            *Content.styled(facts(self._field), _FAINT).wrap(width),
            *([Content(), *page] if page else []),
        ]


class HelpPane(VerticalScroll):
    """The help for one field, as tall as its place; with the focus the arrow and page keys move it."""

    DEFAULT_CSS = """
    HelpPane {
        padding: 0 1;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        scrollbar-color: $foreground 30%;
        scrollbar-background: $foreground 5%;
        & > HelpText { max-width: 76; }
    }
    """

    def __init__(
        self, field: str = "", *, signs: Signs = SIGNS, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.field = field
        self._text = HelpText(signs)

    def compose(self) -> ComposeResult:
        """The text; it has its field from the start."""
        if self.field:
            self._text.show(self.field)
        yield self._text

    def show(self, field: str) -> None:
        """Show the help for this hyperparameter, from its first line."""
        if field != self.field:
            self.field = field
            self._text.show(field)
            self.scroll_home(animate=False)

    def on_focus(self) -> None:
        self._text.refresh()

    def on_blur(self) -> None:
        self._text.refresh()
