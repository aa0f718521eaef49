"""The first layer's weights as a gallery of pictures, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from textual.content import Content
from textual.message import Message

from engine.text.numbers import count
from tui.plotting.diverging import Colors, codes, painter, signs
from tui.plotting.pixels import beside, blocks, fitted
from tui.plotting.raster import Row
from tui.views.inside import Weights
from tui.widgets.picture import Picture

_PIXELS = (28, 24, 22, 20, 18, 16, 14)
_LEAST = 10


@dataclass(frozen=True, slots=True)
class Grid:
    """Tiles of `columns` × `rows` cells and a line of words each, `across` of them side by side, `down` of them below."""

    columns: int
    rows: int
    across: int
    down: int

    @property
    def size(self) -> int:
        """Tiles on a page."""
        return self.across * self.down


def grid(side: int, wanted: int, width: int, height: int) -> Grid:
    """The grid for pictures of `side` × `side` weights that shows `wanted` at once as large as can be, or else most of them.

    Small pictures are enlarged by whole numbers, so that all their weights are as large.
    """
    sizes = _PIXELS if side > _LEAST else [side * times for times in range(8, 1, -1)]
    grids = [Grid(c, -(-c // 2), (width + 1) // (c + 1), height // (-(-c // 2) + 1)) for c in sizes]
    fitting = [each for each in grids if each.size >= wanted]
    if fitting:
        best = fitting[0]
        even = -(-wanted // -(-wanted // best.across))  # the same rows, as evenly filled as they can be
        return Grid(best.columns, best.rows, min(even, best.across), best.down)
    return (
        max(grids, key=lambda each: (each.size, each.columns)) if any(g.size for g in grids) else _single(width, height)
    )


def _single(width: int, height: int) -> Grid:
    columns = max(min(width, 2 * (height - 1)), 1)
    return Grid(columns, -(-columns // 2), 1, 1)


class WeightsGallery(Picture):
    """`show` a layer's weights; `turn` the pages."""

    class Resized(Message):
        """The legend tells of another page now."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._weights: Weights | None = None
        self.page = 0

    def show(self, weights: Weights | None) -> None:
        """Show these; the page stays where there is one."""
        if weights is not self._weights:
            self._weights = weights
            self.draw()

    def on_resize(self) -> None:
        """Have the legend written anew: it tells how much of it is seen."""
        self.post_message(self.Resized())

    def turn(self, by: int) -> None:
        """So many pages further, or back."""
        page = min(max(self._page() + by, 0), self._pages() - 1)
        if page != self.page:
            self.page = page
            self.draw()

    def _grid(self, width: int, height: int) -> Grid:
        assert self._weights is not None  # noqa: S101 - asked for what is there alone
        shown = len(self._weights.indices)
        wanted = {"templates": 10, "neurons": min(shown, 18), "filters": shown}[self._weights.kind]
        return grid(self._weights.pictures.shape[1], wanted, width, height)

    def _page(self) -> int:
        """The page that is seen: the last, where a larger window has fewer."""
        return min(self.page, self._pages() - 1)

    def _pages(self) -> int:
        if self._weights is None:
            return 1
        return max(-(-len(self._weights.indices) // max(self._grid(*self.content_size).size, 1)), 1)

    def build(self, width: int, height: int) -> list[Row]:
        """Rows of tiles in the middle."""
        if self._weights is None or height < 3:
            return []
        shape = self._grid(width, height)
        first = self._page() * shape.size
        places = range(first, min(first + shape.size, len(self._weights.indices)))
        gap = _gap(shape, width)
        used = shape.across * (shape.columns + gap) - gap
        left = " " * max((width - used) // 2, 0)
        rows: list[Row] = []
        for start in range(first, first + len(places), shape.across):
            tiles = [(self._tile(n, shape), shape.columns) for n in places if start <= n < start + shape.across]
            rows += [[Segment(left), *row] for row in beside(tiles, gap)]
        return [*([[]] * ((height - len(rows)) // 2)), *rows]

    def _tile(self, place: int, shape: Grid) -> list[Row]:
        weights = self._weights
        assert weights is not None  # noqa: S101
        values = weights.pictures[place]
        if self.mode == "color":
            rows = blocks(codes(values, shape.columns, shape.rows), painter(self.sign_colors()))
        else:
            rows = [[Segment(line)] for line in signs(values, shape.columns, shape.rows)]
        name, norm = f"{weights.indices[place]}", f"{weights.norms[place]:.2f}"
        space = max(shape.columns - len(name) - len(norm) - 3, 0)
        before = " " * (space // 2)
        words = [Segment(before), self.text(name, "bold"), self.text(" · ", "muted"), self.text(norm, "muted")]
        return [*rows, fitted(words, shape.columns)]

    def sign_colors(self) -> Colors:
        """Of the theme."""
        return Colors(self.rgb("background"), self.rgb("train"), self.rgb("validation"), self.rgb("foreground"))

    def legend(self, width: int) -> Content:
        """What the colors mean, and which of the pictures are seen, in one line."""
        weights = self._weights
        if weights is None or not self.content_size.width:
            return Content("")
        size = max(self._grid(*self.content_size).size, 1)
        total, first = len(weights.indices), self._page() * size
        plus, minus = ("#", "=") if self.mode != "color" else ("██", "██")
        noun = {"templates": "the digit", "neurons": "the neuron", "filters": "the filter"}[weights.kind]
        parts: list[str | tuple[str, str]] = [
            (plus, "$train"),
            f" ink is for {noun}  ",
            (minus, "$validation"),
            " against",
        ]
        if width >= 100:
            learned = "" if weights.kind == "filters" else "; where there is never ink, nothing is learned"
            parts.append((f"   each by its own largest weight{learned}", "$muted"))
        pages = f"{first + 1}–{min(first + size, total)} of {count(total)}, by norm  ↑↓" if size < total else ""
        if self.mode == "ascii":
            pages = pages.replace("↑↓", "up/down")
        line = Content.assemble(*parts)
        room = width - line.cell_length - len(pages)
        return line + Content.styled(" " * room + pages, "$muted") if pages and room >= 2 else line


def _gap(shape: Grid, width: int) -> int:
    """Cells between two tiles: what is left is shared out, up to four."""
    if shape.across < 2:
        return 0
    return min(max((width - shape.across * shape.columns) // (shape.across - 1), 1), 4)
