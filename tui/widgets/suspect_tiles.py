"""Suspect labels as tiles: a picture, and beside it what its label says and what the runs read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.analysis.label_errors import Suspect
from tui.plotting.raster import Row
from tui.views.digit_view import DigitView, percent
from tui.widgets.digit import DigitStyle, Mode, draw_digit, raster_palette
from tui.widgets.tile_list import TileList

_PICTURE = 10
"""Columns of a picture."""
_TEXT = 13
"""Cells beside it."""
_NEARLY = 0.999
"""Readings of the validation set are kept in steps of 1/255, of which the last is no certainty."""


def words(suspect: Suspect) -> list[tuple[str, str]]:
    """What stands beside the picture, a line each, as a name and what it is."""
    return [
        ("image", f"{suspect.index}"),
        ("label", f"{suspect.label}"),
        ("read", f"{suspect.prediction}"),
        ("agree", f"{suspect.agree} of {suspect.runs}"),
        ("sure", f"{percent(min(suspect.confidence, _NEARLY))}%"),
    ]


class SuspectTiles(TileList):
    """`fill` shows suspects with their images (N, 28, 28) of the whole split."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"suspects--name", "suspects--read", "suspects--mark"}
    DEFAULT_CSS = """
    SuspectTiles {
        .suspects--name { color: $muted; }
        .suspects--read { color: $error; text-style: bold; }
        .suspects--mark { color: $accent; }
    }
    """
    tile_lines: ClassVar[int] = 6
    tile_columns: ClassVar[int] = 2 + _PICTURE + _TEXT

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.mode: Mode = "color"
        self.suspects: Sequence[Suspect] = ()
        self._images: npt.NDArray[np.uint8] = np.empty((0, 28, 28), np.uint8)

    def fill(self, suspects: Sequence[Suspect], images: npt.NDArray[np.uint8]) -> None:
        """Show these; the highlight stays on the image it is on, if that is still there."""
        if suspects == self.suspects and images is self._images:
            return
        before = self.suspects[self.cursor].index if self.suspects else -1
        self.suspects, self._images = suspects, images
        place = next((n for n, each in enumerate(suspects) if each.index == before), 0)
        self.refill(len(suspects), place)

    def tile(self, number: int, width: int, *, highlighted: bool) -> Sequence[Row]:
        """The picture, and five lines beside it; a mark at the left of the highlighted one; an empty line under it."""
        suspect = self.suspects[number]
        name, read, mark = (
            self.get_component_rich_style(f"suspects--{part}", partial=True) for part in ("name", "read", "mark")
        )
        view = DigitView(self._images[suspect.index], suspect.label, None, None, suspect.index)
        picture = draw_digit(view, _PICTURE, self._style())[:-1]
        sign = ("> " if self.mode == "ascii" else "▌ ") if highlighted else "  "
        rows: list[Row] = []
        for line, (title, what) in enumerate(words(suspect)):
            said = [Segment(f" {title:<6}", name)]
            said.append(Segment(what, read if title == "read" else Style(bold=True) if title == "label" else None))
            rows.append([Segment(sign, mark), *picture[line], *said])
        return [*rows, []]

    def _style(self) -> DigitStyle:
        plain = Style()
        palette = raster_palette(self.app, self.background_colors[1])
        return DigitStyle(self.mode, palette, palette, plain, plain, plain)

    def _line_of(self, number: int, line: int) -> Strip:
        """Without a background behind the highlighted tile, which would spoil the picture: its mark is enough."""
        width = self.size.width // self.per_line
        strip = Strip(self.tile(number, width, highlighted=number == self.cursor)[line])
        return strip.adjust_cell_length(width)
