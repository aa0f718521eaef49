"""Two runs on the same test images: a list to choose the other run from, what is to be said, examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.text import numbers
from tui.data.predictions import Images
from tui.data.run_comparison import Reader
from tui.views.digit_view import DigitView
from tui.views.status import short_name
from tui.widgets.digit import DigitStrip
from tui.widgets.line import frame
from tui.widgets.test_panels import ComparePanel
from tui.widgets.tile_list import RowList, TileList

_MOST_PICTURES = 300
"""Pictures in a strip; no window has room for more."""


class ComparePane(Horizontal):
    """`fill` says what there is to compare; the arrows choose with which run."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.runs, self.panel = RowList(id="runs"), ComparePanel(id="comparison")
        self.only_first, self.only_second = DigitStrip(id="only-first"), DigitStrip(id="only-second")
        self._first: Reader | None = None
        self._others: Sequence[Reader] = ()
        self._images: Images | None = None
        self._why = ""

    def compose(self) -> ComposeResult:
        yield self.runs
        with Vertical(id="compared"):
            yield self.panel
            with Horizontal(id="examples"):
                yield self.only_first
                yield self.only_second

    def on_mount(self) -> None:
        """Say what the list is for."""
        frame(self.runs, "Compare with")

    def fill(self, first: Reader | None, others: Sequence[Reader], images: Images | None, why: str) -> None:
        """Compare `first` with one of `others`; `why` says why there is none. `images` are the ones at hand."""
        chosen = self._others[self.runs.cursor].run if self._others else ""
        self._first, self._others, self._images, self._why = first, others, images, why
        place = next((n for n, each in enumerate(others) if each.run == chosen), 0)
        self.runs.fill(others, run_row, place)
        self._compare()

    def on_tile_list_highlighted(self, event: TileList.Highlighted) -> None:
        """Compare with the run that is highlighted."""
        event.stop()
        self._compare()

    def _compare(self) -> None:
        first = self._first
        second = self._others[self.runs.cursor] if self.runs.cursor < len(self._others) else None
        title = f"{short_name(first.run)} and {short_name(second.run)}" if first and second else "Compare"
        frame(self.panel, title)
        self.panel.compare(first, second, self._why)
        for strip, right, wrong in ((self.only_first, first, second), (self.only_second, second, first)):
            strip.views = self._only(right, wrong)
            if right and wrong:
                frame(strip, f"Only {short_name(right.run)} is right", f"as {short_name(wrong.run)} reads them")

    def _only(self, right: Reader | None, wrong: Reader | None) -> tuple[DigitView, ...]:
        """The images that only the first of two runs reads rightly, with what the second reads, most confident first."""
        if right is None or wrong is None or self._images is None:
            return ()
        images, labels = self._images.test, self._images.test_labels
        if not np.array_equal(labels, wrong.labels) or wrong.digest not in ("", self._images.identity.digest):
            return ()
        places = np.flatnonzero((right.predictions == labels) & (wrong.predictions != labels))
        places = places[np.argsort(-wrong.confidences[places], kind="stable")][:_MOST_PICTURES]
        return tuple(
            DigitView(images[i], int(labels[i]), int(wrong.predictions[i]), float(wrong.confidences[i]), int(i))
            for i in places
        )


def run_row(reader: Reader, width: int) -> list[tuple[str, str]]:
    """A run to compare with, on a line: its name and accuracy."""
    metric = numbers.percent(reader.accuracy)
    room = max(width - len(metric) - 3, 0)
    return [(f" {short_name(reader.run)[:room]:<{room}} ", ""), (metric, "strong")]
