"""The confusion matrix as text: how large its cells are, what is in them, and what one of them says in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.content import Content

from engine.analysis.confusion import DIGITS, Matrix
from engine.text import numbers
from tui.views.digit_view import percent
from tui.views.markup import button

Values = Literal["counts", "percent", "change"]
Cell = tuple[int, int]
"""The digit it is, and the digit it is predicted as."""

RIGHT_SHADES = (6, 12, 18, 24, 30)
WRONG_SHADES = (10, 18, 26, 34, 42)
"""How much of their color, in percent, the backgrounds of right and wrong readings have; the text stays legible on all."""
_LABEL, _TOTAL, _SHARE, _NARROW_SHARE = 3, 6, 7, 5
"""Cells of a row's digit, of how many images of it there are, and of the share correct."""
_NARROW = 4
"""Cells across where a figure has three of them and a space, or four."""
_AXES = 14
"""Rows from which the names of the axes have a line of their own."""
_ROOMY = 43
"""Rows from which cells are three high and digits fit under them."""


@dataclass(frozen=True, slots=True)
class MatrixView:
    """What the matrix shows: counts, percent of each row, or the `change` since the epoch `since`.

    `cursor` is the cell that is spoken of; `shaded` where the terminal has the colors for it.
    """

    table: Matrix
    values: Values
    cursor: Cell
    change: Matrix | None = None
    since: int | None = None
    shaded: bool = True


@dataclass(frozen=True, slots=True)
class Grid:
    """How the matrix is laid out: cells of `cell` × `tall`, `header` lines above, a line of sums below where there is room.

    `total` and `share` are the cells that a row's number of images and its share correct take beside it, or 0.
    """

    cell: int
    tall: int
    header: int
    total: int
    share: int
    sums: bool

    @property
    def rows(self) -> int:
        """The lines it takes."""
        return self.header + DIGITS * self.tall + self.sums

    @property
    def columns(self) -> int:
        """The cells across that it takes."""
        return _LABEL + DIGITS * self.cell + self.total + self.share


def grid(width: int, height: int, widest: int = 4) -> Grid:
    """The layout for `width` × `height` cells, the words under the matrix included, and figures of `widest` digits."""
    tall = 3 if height >= _ROOMY else 1
    header = 2 if height >= _AXES else 1
    sums = height >= 23
    for total, share in ((_TOTAL, _SHARE), (0, _SHARE), (0, _NARROW_SHARE)):
        room = (width - _LABEL - total - share) // DIGITS
        if room > max(widest, _NARROW):
            return Grid(min(room, 9 if tall == 3 else 7), tall, header, total, share, sums)
    return Grid(max(widest, _NARROW), tall, header, 0, 0, sums)


def matrix(view: MatrixView, width: int, height: int) -> Content:
    """The matrix in `width` cells, laid out for a panel of `height` rows; a click on a cell goes there."""
    widest = max((len(str(n)) for row in view.table for n in row), default=1)
    grid_ = grid(width, height, widest)
    lines = _header(view, grid_)
    scale = _scale(view)
    for label in range(DIGITS):
        middle = _row(view, grid_, label, scale, words=True)
        around = [_row(view, grid_, label, scale, words=False)] * (grid_.tall // 2)
        lines += [*around, middle, *around]
    if grid_.sums:
        lines.append(_sums(view, grid_))
    margin = " " * ((width - grid_.columns) // 2)
    return Content("\n").join(Content.assemble(margin, line).truncate(width) for line in lines)


def _header(view: MatrixView, grid_: Grid) -> list[Content]:
    digits = [
        Content.styled(_placed(str(d), grid_.cell), "bold $accent" if d == view.cursor[1] else "bold")
        for d in range(DIGITS)
    ]
    beside = ["images".rjust(_TOTAL)] if grid_.total else []
    beside += ["right".rjust(grid_.share)] if grid_.share else []
    corner = "" if grid_.header == 2 else "is"
    last = Content.assemble(corner.ljust(_LABEL), *digits, ("".join(beside), "$muted"))
    if grid_.header == 1:
        return [last]
    start = _LABEL + len(_placed("0", grid_.cell).rstrip()) - 1
    return [Content.styled(f"{' true ↓'.ljust(start)} predicted →"[: grid_.columns], "$muted"), last]


def _row(view: MatrixView, grid_: Grid, label: int, scale: float, *, words: bool) -> Content:
    """One line of a digit's row: the one with the figures, or one that only fills its cells."""
    parts: list[Content | tuple[str, str]] = []
    here = "bold $accent" if label == view.cursor[0] else "bold"
    parts.append((f"{label:>2} " if words else " " * _LABEL, here))
    for prediction in range(DIGITS):
        text = cell_text(view, label, prediction, narrow=grid_.cell <= _NARROW) if words else ""
        text = _placed(text, grid_.cell)
        parts.append(button(text, f"screen.cell({label}, {prediction})", _style(view, label, prediction, scale)))
    if words:
        parts += _beside(grid_, sum(view.table[label]), view.table[label][label])
    return Content.assemble(*parts)


def _beside(grid_: Grid, images: int, right: int) -> list[tuple[str, str]]:
    total = numbers.count(images).rjust(_TOTAL) if grid_.total else ""
    share = numbers.percent(right / images, 1) if images else "none"
    if grid_.share == _NARROW_SHARE:
        share = "100%" if images and right == images else share.replace(" ", "")
    return [(total, "$muted"), (share.rjust(grid_.share) if grid_.share else "", "")]


def _sums(view: MatrixView, grid_: Grid) -> Content:
    """How often each digit is read, and what all rows come to."""
    images = sum(map(sum, view.table))
    shown = view.change if view.values == "change" and view.change else view.table
    read = [sum(row[prediction] for row in shown) for prediction in range(DIGITS)]
    if view.values == "percent":
        texts = [_percent(n, images, grid_.cell <= _NARROW) for n in read]
    else:
        texts = [_signed(n) if view.values == "change" and view.change else str(n) for n in read]
    cells = "".join(_placed(text, grid_.cell) for text in texts)
    right = sum(view.table[d][d] for d in range(DIGITS))
    return Content.assemble(("all" + cells, "$muted"), *_beside(grid_, images, right))


def cell_text(view: MatrixView, label: int, prediction: int, *, narrow: bool = False) -> str:
    """The figure in a cell; a dot where there is nothing, so that what is there is seen. `narrow`: whole percents."""
    count = view.table[label][prediction]
    if view.values == "change" and view.change:
        change = view.change[label][prediction]
        return _signed(change) if change else "·"
    if not count:
        return "·"
    return _percent(count, sum(view.table[label]), narrow) if view.values == "percent" else str(count)


def _percent(count: int, of: int, narrow: bool) -> str:
    if narrow:
        return percent(count / of) if of else "·"
    return "100" if count == of else numbers.percent(count / of, 1).removesuffix("%") if of else "·"


def _signed(number: int) -> str:
    return f"+{number}" if number > 0 else f"−{-number}" if number else "0"


def _placed(text: str, cell: int) -> str:
    """The text in a cell's middle, figures of up to four digits one under the other."""
    end = max(cell - 1 if cell <= 5 else (cell + 4) // 2, len(text))
    return text.rjust(min(end, cell)).ljust(cell)


def _scale(view: MatrixView) -> float:
    """What the darkest error stands for."""
    table = view.change if view.values == "change" and view.change else view.table
    shares = view.values == "percent"
    found = [
        abs(n) / max(sum(view.table[label]), 1) if shares else float(abs(n))
        for label, row in enumerate(table)
        for prediction, n in enumerate(row)
        if label != prediction or (view.values == "change" and view.change)
    ]
    return max(found, default=0.0)


def _style(view: MatrixView, label: int, prediction: int, scale: float) -> str:
    """The colors of a cell: right readings by the share of the row, errors by the worst of them, each on its own scale."""
    if (label, prediction) == view.cursor:
        return "bold $block-cursor-foreground on $block-cursor-background"
    count, images = view.table[label][prediction], sum(view.table[label])
    if view.values == "change" and view.change:
        change = view.change[label][prediction]
        good = (change > 0) == (label == prediction)
        return _shade(good, abs(change) / scale if scale else 0.0, view.shaded) if change else "$muted"
    if not count:
        return "$muted"
    if label == prediction:
        return _shade(True, count / images, view.shaded)
    share = count / images if view.values == "percent" else float(count)
    return _shade(False, share / scale if scale else 0.0, view.shaded)


def _shade(good: bool, share: float, shaded: bool) -> str:
    """A background of a few levels: few colors make few bytes."""
    if not shaded:
        return "bold" if not good and share > 0.5 else ""
    shades, name = (RIGHT_SHADES, "$success") if good else (WRONG_SHADES, "$error")
    return f"on {name} {shades[min(int(share * len(shades)), len(shades) - 1)]}%"


def heading(view: MatrixView, height: int) -> str:
    """What the cells hold, and in a panel of `height` rows without room for it the axes."""
    return _held(view) + (" (true ↓ predicted →)" if height < _AXES and view.values != "change" else "")


def _held(view: MatrixView) -> str:
    if view.values == "change" and view.change:
        return f"Confusion: what has changed since epoch {view.since}"
    if view.values == "change":
        return "Confusion: counts, no epoch before to compare with"
    return "Confusion: percent of each row" if view.values == "percent" else "Confusion: counts"


def cell_sentence(view: MatrixView, width: int) -> str:
    """The cell at the cursor in words, with what Enter does where there is room for it."""
    label, prediction = view.cursor
    count, images = view.table[label][prediction], sum(view.table[label])
    if not images:
        return f"There is no {label} among these images."
    name = f"{label} correct" if label == prediction else f"{label} predicted as {prediction}"
    said = f"{name}: {numbers.count(count)} of {numbers.count(images)} ({numbers.percent(count / images, 1)})"
    if not count:
        said = f"{name}: never, in {numbers.plural(images, 'image')}"
    if view.values == "change" and view.change:
        said = _with_change(said, view.change[label][prediction], view.since, width)
    order = "most confident first" if label != prediction else "least confident first"
    for more in (f"; {order}, enter shows all", "; enter shows them") if count else ():
        if len(said) + len(more) <= width:
            return said + more
    return said


def _with_change(said: str, change: int, epoch: int | None, width: int) -> str:
    """The sentence with how many more or fewer there are than at an epoch, which a narrow window leaves out."""
    than = f"{numbers.count(abs(change))} {'more' if change > 0 else 'fewer'}" if change else "as many"
    whole = f"{said}, {than} {'than' if change else 'as'} at epoch {epoch}"
    return whole if len(whole) <= width else f"{said}, {than}"
