"""What a field means: what the table of hyperparameters knows of it, and its page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from engine.config import HYPERPARAMETERS
from engine.errors import Problem
from tui.views.plain import spelled
from tui.widgets.choice import ASCII_SIGNS, SIGNS, Signs

_ITEM = re.compile(r"\s*([-*+]|\d{1,3}[.)])\s+(.*)")
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>.+?)\*\*"
    r"|(?<![\w*])\*(?P<stress>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"
    r"|\[(?P<link>[^\]]+)\]\([^)\s]*\)"
)
_STYLES = {"code": "$text-accent", "strong": "bold", "stress": "italic", "link": ""}
_FAINT = "$foreground 70%"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page. `mark` stands before an item of a list: a bullet or a number with its dot."""

    kind: Literal["heading", "paragraph", "item", "verbatim"]
    text: str
    mark: str = ""


def blocks(markdown: str, bullet: str = SIGNS.changed) -> Iterator[Block]:
    """The blocks of a page, in the little Markdown that the pages are written in.

    Headings, paragraphs, lists of one level, and verbatim lines: fenced, indented by four, or of a table. A heading of
    the first level is left out; the label stands for it.
    """
    held: Block | None = None
    fenced = False
    for line in [*markdown.splitlines(), ""]:
        fence = line.startswith("```")
        verbatim = not fence and (fenced or line.startswith("|") or (held is None and line.startswith("    ")))
        item = None if fence or verbatim else _ITEM.fullmatch(line)
        heading = not fence and not verbatim and line.startswith("#")
        plain = "" if fence or verbatim or item or heading else line.strip()
        fenced ^= fence
        if plain and held is not None:
            held = replace(held, text=f"{held.text} {plain}")
            continue
        if held is not None:
            yield held
        held = None
        if verbatim:
            yield Block("verbatim", line.removeprefix("    "))
        elif heading and line.startswith("##"):
            yield Block("heading", line.lstrip("#").strip())
        elif item:
            held = Block("item", item[2], item[1] if item[1][0].isdigit() else bullet)
        elif plain:
            held = Block("paragraph", plain.removeprefix("> "))


def inline(text: str) -> Content:
    """A text with its *stress*, **strong**, `code` and [links](address)."""
    parts: list[str | tuple[str, str]] = []
    end = 0
    for found in _INLINE.finditer(text):
        kind = found.lastgroup or ""
        parts += [text[end : found.start()], (found[kind], _STYLES[kind])]
        end = found.end()
    return Content.assemble(*parts, text[end:])


def lay_out(page: Iterable[Block], width: int) -> list[Content]:
    """The lines of a page, none wider than `width`; items hang behind their marks."""
    lines: list[Content] = []
    before: Block | None = None
    for block in page:
        close = before is not None and (
            before.kind == "heading" or (before.kind == block.kind and before.kind in ("item", "verbatim"))
        )
        if before is not None and not close:
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


def facts(name: str) -> str:
    """What the table knows of a field beside its meaning: what it takes, the unit and the default."""
    parameter = HYPERPARAMETERS[name]
    unit = f" Unit: {parameter.about.unit}." if parameter.about.unit else ""
    return f"Takes {parameter.expected}.{unit} Default: {parameter.format(parameter.default) or 'empty'}."


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
