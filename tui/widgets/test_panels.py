"""The texts of the test screen: which pane, the honest figure, two runs compared."""

from __future__ import annotations

import re
import textwrap
from typing import Literal

from textual.content import Content
from textual.reactive import reactive

from engine.events import CheckpointKind
from tui.data.run_comparison import Reader, compared
from tui.views import compared as words
from tui.views import final_test
from tui.views.markup import button
from tui.views.status import short_name
from tui.widgets.line import Clickable, SnapshotText

TestPane = Literal["figure", "compare", "labels"]
TEST_PANES: tuple[TestPane, ...] = ("figure", "compare", "labels")
_LABELS = {"figure": ("f", "Figure"), "compare": ("c", "Compare"), "labels": ("l", "Suspect labels")}
_READABLE = 78


class TestTabs(Clickable):
    """One line: the panes, the one that is shown marked."""

    __test__ = False  # not a pytest class
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TestTabs {
        height: 1;
        width: 1fr;
    }
    """

    pane: reactive[TestPane] = reactive[TestPane]("figure")

    def render(self) -> Content:
        """Each pane with its key."""
        parts = []
        for pane in TEST_PANES:
            key, label = _LABELS[pane]
            style = "bold underline $train" if pane == self.pane else ""
            said = Content.assemble((f" {key} ", "$muted"), (label, style), " ")
            parts.append(button(said, f"screen.pane('{pane}')"))
        if self.size.width >= 56:
            parts.append(Content.styled("   tab turns", "$muted"))
        return Content("").join(parts)


class MetricPanel(SnapshotText):
    """What the test came to, with `weights`; or why there is none yet."""

    weights: reactive[CheckpointKind | None] = reactive[CheckpointKind | None](None)
    evaluating: reactive[str] = reactive("")
    no_images: reactive[str] = reactive("")
    """Why no pictures of images are shown beside it."""

    def build(self, width: int, height: int) -> Content:
        """The figures at this size."""
        return final_test.panel(
            self.snapshot,
            width,
            height,
            weights=self.weights,
            evaluating=self.evaluating,
            no_images=self.no_images,
            ascii_only=self.ascii_only,
        )


class ComparePanel(SnapshotText):
    """The run that is shown against another one."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._first: Reader | None = None
        self._second: Reader | None = None
        self._why = ""

    def compare(self, first: Reader | None, second: Reader | None, why: str = "") -> None:
        """Show these two, or in a sentence why there is nothing to compare."""
        self._first, self._second, self._why = first, second, why
        self.show(self.snapshot)

    def build(self, width: int, height: int) -> Content:
        """Headline, table, sentences, p; what matters less goes where there is no room."""
        first, second = self._first, self._second
        if first is None or second is None:
            return Content("\n".join(_wrapped(self._why, max(min(width, _READABLE), 1))))
        found = compared(first, second)
        names = short_name(first.run), short_name(second.run)
        room = max(min(width, _READABLE), 1)
        headline = Content.styled(words.headline(found, *names), f"bold {'$success' if found.is_real else '$accent'}")
        accuracies, where, verdict = (_wrapped(each, room) for each in words.sentences(found, *names))
        blocks = [
            [headline],
            [*map(Content, accuracies), *map(Content, where)],
            _table(words.table(found, *names), width),
            [*map(Content, verdict), *_aside(f"McNemar's test, {found.method}: p = {words.p_text(found.p)}", room)],
            _aside(words.CAVEAT, room),
            _aside(words.MANY, room),
        ]
        lines = _fitting(blocks, height)
        return Content("\n").join(line.truncate(max(width, 0), ellipsis=True) for line in lines)


def _wrapped(said: str, room: int) -> list[str]:
    """The words in lines that leave figures whole: "98.14%", "10,000", a run's name."""
    bound = re.sub(r"(?<=\d) (?=[%\d])|(?<= =) ", "\N{NO-BREAK SPACE}", said)
    lines = textwrap.wrap(bound, room, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def _aside(said: str, room: int) -> list[Content]:
    return [Content.styled(line, "$muted") for line in _wrapped(said, room)]


def _fitting(blocks: list[list[Content]], height: int) -> list[Content]:
    """The blocks apart by empty lines, as many as have room: the last goes first, the table before the verdict."""
    for dropped in ((), (5,), (4, 5), (2, 4, 5)):
        kept = [block for n, block in enumerate(blocks) if n not in dropped and block]
        if sum(map(len, kept)) + len(kept) - 1 <= height:
            return [line for block in kept for line in [*block, Content("")]][:-1]
    return [line for block in kept for line in block][:height]


def _table(rows: list[tuple[str, str, str]], width: int) -> list[Content]:
    """The four counts; those where the two differ, which alone tell something, in bold. Nothing where it is too wide."""
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    if sum(widths) + 4 > width:
        return []
    lines = []
    for n, row in enumerate(rows):
        styles = ("$muted", "$muted" if n == 0 else "bold" if n == 2 else "", "$muted" if n == 0 else "bold" * (n == 1))
        cells = [text.rjust(room) for text, room in zip(row, widths, strict=True)]
        lines.append(Content("  ").join(Content.styled(cell, style) for cell, style in zip(cells, styles, strict=True)))
    return lines
