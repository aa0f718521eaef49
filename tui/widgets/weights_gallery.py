"""The first layer's weights as a gallery of pictures, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment

from tui.views.figures import count
from tui.views.inside import Weights
from tui.widgets.diverging import Colours, codes, painter, signs
from tui.widgets.picture import Picture, beside, blocks, centred, fitted
from tui.widgets.raster import Row

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
    grids = [Grid(c, -(-c // 2), (width + 2) // (c + 2), height // (-(-c // 2) + 1)) for c in sizes]
    fitting = [each for each in grids if each.size >= wanted]
    if fitting:
        return fitting[0]
    return (
        max(grids, key=lambda each: (each.size, each.columns)) if any(g.size for g in grids) else _single(width, height)
    )


def _single(width: int, height: int) -> Grid:
    columns = max(min(width, 2 * (height - 1)), 1)
    return Grid(columns, -(-columns // 2), 1, 1)


class WeightsGallery(Picture):
    """`show` a layer's weights; `turn` the pages."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._weights: Weights | None = None
        self.page = 0

    def show(self, weights: Weights | None) -> None:
        """Show these; the page stays where there is one."""
        if weights is not self._weights:
            self._weights = weights
            self.draw()

    def turn(self, by: int) -> None:
        """So many pages further, or back."""
        page = min(max(self.page + by, 0), self._pages() - 1)
        if page != self.page:
            self.page = page
            self.draw()

    def _grid(self, width: int, height: int) -> Grid:
        assert self._weights is not None  # noqa: S101 - asked for what is there alone
        shown = len(self._weights.indices)
        wanted = {"templates": 10, "neurons": min(shown, 18), "filters": shown}[self._weights.kind]
        return grid(self._weights.pictures.shape[1], wanted, width, height - 1)

    def _pages(self) -> int:
        if self._weights is None:
            return 1
        return max(-(-len(self._weights.indices) // max(self._grid(*self.content_size).size, 1)), 1)

    def build(self, width: int, height: int) -> list[Row]:
        """Rows of tiles in the middle, and the legend under them."""
        if self._weights is None or height < 3:
            return []
        shape = self._grid(width, height)
        page = min(self.page, self._pages() - 1)
        first = page * shape.size
        places = range(first, min(first + shape.size, len(self._weights.indices)))
        gap = _gap(shape, width)
        used = shape.across * (shape.columns + gap) - gap
        left = " " * max((width - used) // 2, 0)
        rows: list[Row] = []
        for start in range(first, first + len(places), shape.across):
            tiles = [(self._tile(n, shape), shape.columns) for n in places if start <= n < start + shape.across]
            rows += [[Segment(left), *row] for row in beside(tiles, gap)]
        rows += [[]] * (height - 1 - len(rows))
        return [*rows[: height - 1], self._legend(places, width)]

    def _tile(self, place: int, shape: Grid) -> list[Row]:
        weights = self._weights
        assert weights is not None  # noqa: S101
        values = weights.pictures[place]
        if self.mode == "colour":
            rows = blocks(codes(values, shape.columns, shape.rows), painter(self.colours()))
        else:
            rows = [[Segment(line)] for line in signs(values, shape.columns, shape.rows)]
        name, norm = f"{weights.indices[place]}", f"{weights.norms[place]:.2f}"
        space = max(shape.columns - len(name) - len(norm) - 3, 0)
        before = " " * (space // 2)
        words = [Segment(before), self.text(name, "bold"), self.text(" · ", "muted"), self.text(norm, "muted")]
        return [*rows, fitted(words, shape.columns)]

    def colours(self) -> Colours:
        """Of the theme."""
        return Colours(self.rgb("background"), self.rgb("train"), self.rgb("validation"), self.rgb("foreground"))

    def _legend(self, places: range, width: int) -> Row:
        weights = self._weights
        assert weights is not None  # noqa: S101
        noun = {"templates": "digit", "neurons": "neuron", "filters": "filter"}[weights.kind]
        plus, minus = ("#", "=") if self.mode != "colour" else ("██", "██")
        what = "it" if width >= 76 else ""
        row: Row = [
            self.text(plus, "train"),
            self.text(f" ink speaks for {what}".rstrip() + "  "),
            self.text(minus, "validation"),
            self.text(" against  "),
            self.text(f"{noun} · norm", "muted"),
        ]
        whole = f"{places.start + 1}–{places.stop} of {count(len(weights.indices))}"
        pages = f"{whole}  ↑↓ turns" if len(places) < len(weights.indices) else ""
        if self.mode == "ascii":
            pages = pages.replace("↑↓", "up/down")
        length = sum(segment.cell_length for segment in row)
        if length + len(pages) > width:
            return (
                [self.text(centred(whole if pages else "", width), "muted")] if length > width else fitted(row, width)
            )
        return [*fitted(row, width - len(pages)), self.text(pages, "muted")]


def _gap(shape: Grid, width: int) -> int:
    """Cells between two tiles: what is left is shared out, up to four."""
    if shape.across < 2:
        return 0
    return min(max((width - shape.across * shape.columns) // (shape.across - 1), 1), 4)
