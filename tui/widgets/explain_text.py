"""A page of the help, laid out for its width, with its drawing and with links to the pages beside it."""

from __future__ import annotations

from dataclasses import replace

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive

from engine.help.catalog import Entry, catalog
from tui.views.fields import facts
from tui.views.markup import button
from tui.views.pages import around_sketch, blocks
from tui.views.plain import spelled
from tui.views.sketch import Ink, draw, sketch_of
from tui.widgets.choice import ASCII_SIGNS, Signs
from tui.widgets.help_pane import inline, lay_out
from tui.widgets.line import Clickable

_STYLES: dict[Ink, str] = {"axis": "$muted", "first": "bold $train", "second": "bold $validation", "text": ""}
_WIDEST_SKETCH, _SKETCH_ROWS = 56, 13
_CHOSEN = "$block-cursor-foreground on $block-cursor-background"


class ExplainText(Clickable):
    """One page. `link` is the number of the link that is chosen, -1 for none."""

    DEFAULT_CSS = "ExplainText { height: auto; width: 1fr; max-width: 89; padding-right: 1; }"

    link: reactive[int] = reactive(-1)

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self._signs = signs
        self._sentence = ""
        self.entry: Entry | None = None

    def show(self, entry: Entry) -> None:
        """Show a page, none of its links chosen."""
        self.entry, self._sentence = entry, ""
        self.set_reactive(ExplainText.link, -1)
        self.refresh(layout=True)

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a page."""
        self.entry, self._sentence = None, sentence
        self.refresh(layout=True)

    @property
    def links(self) -> tuple[str, ...]:
        """The pages that this one leads to."""
        return self.entry.see if self.entry else ()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the page takes at this width."""
        return len(self._lines(width))

    def render(self) -> Content:
        """The page."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        entry = self.entry
        if entry is None or width < 1:
            return Content.styled(self._shown(self._sentence), "$muted").wrap(max(width, 1))
        lines = [*Content.styled(self._shown(entry.title), "bold $train").wrap(width), Content()]
        if entry.kind == "field":
            lines += inline(self._shown(entry.summary)).wrap(width)
            lines += [*Content.styled(self._shown(facts(entry.name)), "$muted").wrap(width), Content()]
        return [*lines, *self._body(entry, width), Content(), *self._see(width)]

    def _body(self, entry: Entry, width: int) -> list[Content]:
        page = [replace(b, text=self._shown(b.text)) for b in blocks(entry.text, self._signs.changed)]
        before, after = around_sketch(page)
        drawn = self._drawing(entry.name, width)
        if not drawn:
            return lay_out(page, width)
        return [*lay_out(before, width), Content(), *drawn, Content(), *lay_out(after, width)]

    def _drawing(self, name: str, width: int) -> list[Content]:
        sketch = sketch_of(name)
        if sketch is None:
            return []
        plain = self._signs is ASCII_SIGNS
        rows = draw(sketch, min(width - 2, _WIDEST_SKETCH), _SKETCH_ROWS, ascii_only=plain)
        return [
            Content.assemble("  ", *((self._shown(t) if i == "text" else t, _STYLES[i]) for t, i in row))
            for row in rows
        ]

    def _see(self, width: int) -> list[Content]:
        """The links in as few lines as they fit; a sign stands before the chosen one."""
        lines = [Content.styled("See also", "bold")]
        row, used = [Content(" ")], 1
        for number, name in enumerate(self.links):
            chosen = number == self.link
            title = self._shown(catalog()[name].title)
            words = (
                Content.styled(f"{self._signs.here}{title} ", _CHOSEN)
                if chosen
                else Content.assemble(" ", (title, "underline $text-accent"), " ")
            )
            if used > 1 and used + words.cell_length > width:
                lines.append(Content("").join(row))
                row, used = [Content(" ")], 1
            row.append(button(words, f"screen.follow('{name}')"))
            used += words.cell_length
        return [*lines, Content("").join(row)]

    def _shown(self, text: str) -> str:
        return spelled(text) if self._signs is ASCII_SIGNS else text
