"""Where the digits of a strip stand: the grid in which they are largest."""

from __future__ import annotations

from dataclasses import dataclass, replace

SMALLEST, LARGEST = 9, 28
"""Columns of a picture: below nine a caption no longer fits, and 28 show every pixel of an MNIST image."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the digits of a strip stand: a centered grid of equal tiles, each a picture over a caption line.

    `columns` and `lines` are a tile's size (one line: captions only), `gap` and `row_gap` the space between tiles.
    `more` digits have no place; `note` is the (x, y) of the words that say so.
    """

    shown: int = 0
    more: int = 0
    per_row: int = 0
    rows: int = 0
    columns: int = 0
    lines: int = 0
    gap: int = 0
    row_gap: int = 0
    left: int = 0
    top: int = 0
    note: tuple[int, int] = (0, 0)

    def place(self, slot: int) -> tuple[int, int]:
        """The (x, y) of the top left cell of a tile."""
        row, column = divmod(slot, self.per_row)
        return self.left + column * (self.columns + self.gap), self.top + row * (self.lines + self.row_gap)


def layout(count: int, width: int, height: int) -> Layout:
    """The grid that shows `count` digits largest in `width` × `height` cells.

    A grid without holes is preferred to one whose digits are up to two columns wider. Where not all fit, as many as do
    are shown and one line is kept for saying how many are missing; where no picture fits, captions alone.
    """
    if count <= 0:
        return Layout()
    grids = [(per_row, -(-count // per_row)) for per_row in range(1, count + 1)]
    sized = [(_widest(per_row, rows, width, height), per_row, rows) for per_row, rows in grids]
    if fitting := [grid for grid in sized if grid[0] >= SMALLEST]:
        columns, per_row, rows = max(fitting, key=lambda g: (g[0] - 2 * (g[1] * g[2] > count), -g[2]))
        return _centered(Layout(count, 0, per_row, rows, columns, _lines(columns)), width, height)
    per_row, rows = (width + 1) // (SMALLEST + 1), (height - 1) // _lines(SMALLEST)
    if per_row < 1 or rows < 1:
        return _captions_only(count, per_row, height)
    columns = _widest(per_row, rows, width, height - 1)
    shown = per_row * rows
    return _centered(Layout(shown, count - shown, per_row, rows, columns, _lines(columns)), width, height - 1)


def _lines(columns: int) -> int:
    return (columns + 1) // 2 + 1


def _widest(per_row: int, rows: int, width: int, height: int) -> int:
    """The columns a tile can have in such a grid, tiles standing one column apart."""
    return min(LARGEST, (width - per_row + 1) // per_row, 2 * (height // rows - 1))


def _centered(grid: Layout, width: int, height: int) -> Layout:
    """The grid in the middle of the space, which is shared out between the tiles first, up to a third of a tile."""
    apart, apart_rows = max(grid.per_row - 1, 1), max(grid.rows - 1, 1)
    gap = min(max(grid.columns // 3, 1), (width - grid.per_row * grid.columns) // apart) if grid.per_row > 1 else 0
    row_gap = min(1, (height - grid.rows * grid.lines) // apart_rows) if grid.rows > 1 else 0
    used = grid.per_row * (grid.columns + gap) - gap
    used_rows = grid.rows * (grid.lines + row_gap) - row_gap
    left, top = (width - used) // 2, (height - used_rows) // 2
    return replace(grid, gap=gap, row_gap=row_gap, left=left, top=top, note=(left, top + used_rows))


def _captions_only(count: int, per_row: int, height: int) -> Layout:
    """Captions without pictures; where not all fit, the last place is left to the note."""
    places = max(per_row, 0) * max(height, 0)
    shown = count if count <= places else max(places - 1, 0)
    bare = Layout(shown, count - shown, per_row, height, SMALLEST, 1, gap=1)
    return replace(bare, note=bare.place(shown)) if places else replace(bare, shown=0, more=count)
