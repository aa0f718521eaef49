"""The texts of the drawing screen: the answer, what the epochs have read, and a note under it all."""

from __future__ import annotations

import textwrap

from textual.content import Content

from tui.views.opinion import Answer, Opinion, Silent, answer_page, over_epochs
from tui.widgets.line import SnapshotText

HOW = "Mouse: hold to draw, the right button erases. Keys: enter, then the arrows."
_IN_SHORT = "Hold the mouse to draw. Keys: enter, then arrows."
EMPTY = Silent("An empty sheet: there is nothing to read. f reads a picture from a file.")


class AnswerText(SnapshotText):
    """What the network says."""

    answer: Answer = EMPTY

    def build(self, width: int, height: int) -> Content:
        """The bars, or why there are none."""
        return answer_page(self.answer, width, height, ascii_only=self.ascii_only)


class EpochsText(SnapshotText):
    """What the epochs have read in this drawing."""

    opinions: tuple[Opinion, ...] = ()

    def build(self, width: int, height: int) -> Content:
        """The latest, a line each."""
        return Content("\n").join(over_epochs(self.opinions, height))


class NoteText(SnapshotText):
    """A sentence under it all, in as many lines as it takes."""

    words: str = HOW
    fault: bool = False

    def build(self, width: int, height: int) -> Content:
        """The sentence, marked where something is wrong."""
        style = "$text-error" if self.fault else "$muted"
        return Content("\n").join(Content.styled(f" {line}", style) for line in self.lines(width))

    def lines(self, width: int) -> list[str]:
        """The lines at a width."""
        words = _IN_SHORT if self.words == HOW and width < 80 else self.words
        return textwrap.wrap(("! " if self.fault else "") + words, max(width - 2, 10))
