"""A digit, the map of what its reading hangs on, and its ten probabilities, side by side."""

from __future__ import annotations

import textwrap

import numpy as np
from rich.segment import Segment

from engine.text import numbers
from tui.plotting.diverging import Colors, codes, painter, signs
from tui.plotting.pixels import beside, blocks, centered, fitted
from tui.plotting.raster import ASCII, BLOCKS, Row, shades
from tui.views.digit_view import percent
from tui.views.inside import Occlusion
from tui.views.ten_bars import line
from tui.widgets.picture import Picture

_LARGEST = 56
_FAINTEST = 0.02
"""The map's colors are strongest where it is; of falls smaller than this they stay faint, for they are none to speak of."""


class OcclusionMap(Picture):
    """`show` an occlusion; the map is of the digit that is read, or of the `right` one."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._found: Occlusion | None = None
        self._right = False
        self._walk = ""

    def show(self, found: Occlusion | None, *, right: bool, walk: str) -> None:
        """Show this one, met on a walk of which `walk` tells."""
        if (found, right, walk) != (self._found, self._right, self._walk):
            self._found, self._right, self._walk = found, right, walk
            self.draw()

    def build(self, width: int, height: int) -> list[Row]:
        """Two pictures and a list, each under its title; below them what the patch does, in words."""
        found = self._found
        if found is None:
            return []
        bars, gap = (28, 3) if width >= 110 else (18, 2) if width >= 76 else (12, 1)
        below = 3 if height >= 15 else 2
        room = min((width - bars - 2 * gap) // 2, 2 * (height - 1 - below), _LARGEST)
        columns = max(room - room % 2, 2)
        bars = min(max(bars, width - 2 * columns - 2 * gap), 32)
        rows, digit = columns // 2, found.label if self._right else found.prediction
        fall = found.fall(digit)
        peak = max(float(np.abs(fall).max(initial=0)), _FAINTEST)
        plain = self._drawn_picture(np.zeros_like(fall), found, columns, rows)
        heat = self._drawn_picture(fall / peak, found, columns, rows)
        parts = [
            ([self._title(f"image {numbers.count(found.index)}, a {found.label}", columns), *plain], columns),
            ([self._title(f"what {digit} hangs on", columns), *heat], columns),
            ([self._verdict(bars), *self._bars(bars, rows)], bars),
        ]
        used = 2 * columns + bars + 2 * gap
        left = [Segment(" " * ((width - used) // 2))]
        lines = [[*left, *row] for row in beside(parts, gap)]
        words = self._below(fall, digit, used, max(height - len(lines), 0))
        words = [[*left, *row] for row in words]
        spare = height - len(lines) - len(words)
        return [*([[]] * (spare // 3)), *lines, *([[]] * (spare // 3)), *words]

    def _title(self, words: str, columns: int) -> Row:
        return [self.text(centered(words, columns), "bold")]

    def _drawn_picture(self, values: np.ndarray, found: Occlusion, columns: int, rows: int) -> list[Row]:
        ink = (found.pixels / 255).astype(np.float32)
        bare = not values.any()
        if self.mode == "color":
            paper, front = self.rgb("background"), self.rgb("foreground")
            colors = Colors(paper, self.rgb("train"), self.rgb("validation"), front)
            if bare:  # full ink, instead of the faint one under a map
                colors = Colors(paper, front, front, front)
                return blocks(codes(ink, columns, rows), painter(colors))
            return blocks(codes(values, columns, rows, ink), painter(colors))
        ramp = ASCII if self.mode == "ascii" else BLOCKS
        lines = shades(found.pixels, columns, ramp) if bare else signs(values, columns, rows, ink)
        return [[Segment(line)] for line in lines]

    def _verdict(self, width: int) -> Row:
        found = self._found
        assert found is not None  # noqa: S101
        right = found.prediction == found.label
        sign, style = ("✓", "success") if right else ("✗", "error")
        return [self.text(_filled(f"{sign} reads {found.prediction}", width), f"bold {style}")]

    def _bars(self, width: int, rows: int) -> list[Row]:
        found = self._found
        assert found is not None  # noqa: S101
        lines: list[Row] = []
        room = max(width - 10, 0)
        for digit, probability in enumerate(found.probabilities.tolist()):
            row = line(digit, probability, found.label, found.prediction, room, ascii_only=self.mode == "ascii")
            lines.append(
                [
                    self.text(f"{row.mark}{digit} ", f"bold {row.tone}" if row.marked else ""),
                    self.text(row.bar, row.tone),
                    self.text(f"{percent(probability)}%".rjust(7), "" if row.marked else "muted"),
                ]
            )
        spare = (rows - 10) // 2
        return [*([[]] * max(spare, 0)), *lines][: max(rows, 10)]

    def _below(self, fall: np.ndarray, digit: int, width: int, room: int) -> list[Row]:
        """The legend, and what is read instead."""
        found = self._found
        assert found is not None  # noqa: S101
        plus, minus = ("#", "=") if self.mode != "color" else ("██", "██")
        most, least = max(float(fall.max()), 0.0), max(float(-fall.min()), 0.0)
        up_to = " up to" if width >= 70 else ""
        legend: Row = [
            self.text(plus, "train"),
            self.text(f" covered: {digit} loses{up_to} {_points(most)}  "),
            self.text(minus, "validation"),
            self.text(f" gains{up_to} {_points(least)}"),
        ]
        size = f"{found.patch}×{found.patch}"
        said = _instead(found, size)
        words = [[self.text(line)] for line in textwrap.wrap(said, max(width, 20))][:1]
        place = [[self.text(f"{self._walk}, patch {size}", "muted")]] if room >= 3 else []
        return [fitted(line, width) for line in [legend, *words, *place]][:room]


def _points(share: float) -> str:
    """A difference of shares: "12 points" of a hundred."""
    return f"{100 * share:.0f} points" if share >= 0.005 or share == 0 else "<1 point"


def _instead(found: Occlusion, size: str) -> str:
    others = found.others()
    if not others:
        return f"Wherever the {size} patch lies, it reads {found.prediction}."
    total = sum(times for _, times in others)
    which = ", ".join(f"{digit} ({times})" for digit, times in others[:4])
    return f"With the patch on {total} of 784 pixels it reads another digit: {which}."


def _filled(words: str, width: int) -> str:
    """Words cut or filled up to so many characters."""
    return words[:width].ljust(width)
