"""Functions drawn in characters: the activations with their slopes, what a loss costs, how a schedule's rate goes.

Pure Python: a page with a drawing is printed without numpy. Braille has 2 × 4 dots a cell, ASCII one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import msgspec

from engine.config import TrainConfig
from engine.state.lr_schedule import learning_rate

Ink = Literal["axis", "first", "second", "text"]
Row = list[tuple[str, Ink]]
"""A line from left to right."""
Function = Callable[[float], float]
_INKS: tuple[Ink, ...] = ("first", "second")

_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a cell, row by row (Unicode, block U+2800)."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A function with its name. Two in a sketch differ in color and in kind: the second is drawn in dashes."""

    name: str
    of: Function


@dataclass(frozen=True, slots=True)
class Sketch:
    """Curves over `x`, seen within `y`. `across` names the x axis; `y_ticks` are written at the left."""

    curves: tuple[Curve, ...]
    x: tuple[float, float]
    y: tuple[float, float]
    across: str = "x"
    y_ticks: tuple[float, ...] = ()
    x_ticks: tuple[float, ...] = ()


def bell(x: float) -> float:
    """The density of the standard normal distribution."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def bell_below(x: float) -> float:
    """The share of the standard normal distribution below x."""
    return (1 + math.erf(x / math.sqrt(2))) / 2


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _surprise(p: float) -> float:
    return -math.log(p) if p > 0 else math.inf


ACTIVATIONS: Mapping[str, tuple[Function, Function]] = {
    "relu": (lambda x: max(0.0, x), lambda x: 1.0 if x > 0 else 0.0),
    "leaky_relu": (lambda x: x if x > 0 else 0.01 * x, lambda x: 1.0 if x > 0 else 0.01),
    "gelu": (lambda x: x * bell_below(x), lambda x: bell_below(x) + x * bell(x)),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
}
"""Each activation and its slope, as `torch.nn` has them."""


def _activation(name: str) -> Sketch:
    of, slope = ACTIVATIONS[name]
    low, high, ticks = {
        "tanh": (-1.1, 1.1, (-1.0, 0.0, 1.0)),
        "sigmoid": (0.0, 1.05, (0.0, 0.25, 0.5, 1.0)),
    }.get(name, (-1.0, 3.0, (-1.0, 0.0, 1.0, 2.0, 3.0)))
    span = 3.0 if low == -1.0 else 5.0
    curves = (Curve("f(x)", of), Curve("f′(x), its slope", slope))
    return Sketch(curves, (-span, span), (low, high), y_ticks=ticks, x_ticks=(-span, 0.0, span))


_EPOCHS, _STEPS = 10, 500


def _schedule(**settings: object) -> Function:
    """The rate at a share of a run of ten epochs, the highest being 1."""
    config = msgspec.structs.replace(TrainConfig(learning_rate=1.0, epochs=_EPOCHS), **settings)
    last = _EPOCHS * _STEPS - 1
    return lambda share: learning_rate(config, min(round(share * last), last), _STEPS)


_rates = partial(
    Sketch, x=(0.0, 1.0), y=(0.0, 1.05), across="share of the run", y_ticks=(0.0, 0.5, 1.0), x_ticks=(0.0, 0.5, 1.0)
)
_costs = partial(
    Sketch,
    x=(0.0, 1.0),
    y=(0.0, 4.0),
    across="probability said",
    y_ticks=(0.0, 1.0, 2.0, 3.0, 4.0),
    x_ticks=(0.0, 0.5, 1.0),
)


def _make(name: str) -> Sketch | None:
    """What there is to draw on a page; None for most."""
    if name in ACTIVATIONS:
        return _activation(name)
    match name:
        case "constant_schedule":
            return _rates((Curve("rate/η", _schedule(schedule="constant")),))
        case "warmup":
            return _rates((Curve("rate/η, warm-up 2 of 10 epochs", _schedule(schedule="cosine", warmup=2.0)),))
        case "step_schedule":
            settings = {"schedule": "step", "step_every": 3, "factor": 0.5}
            return _rates((Curve("rate/η, halved every 3 of 10 epochs", _schedule(**settings)),))
        case "cosine":
            return _rates((Curve("rate/η", _schedule(schedule="cosine")),))
        case "one_cycle":
            return _rates((Curve("rate/η, peak at 0.3", _schedule(schedule="one_cycle")),))
        case "peak_at":
            late = Curve("0.9", _schedule(schedule="one_cycle", peak_at=0.9))
            return _rates((Curve("rate/η, peak at 0.3", _schedule(schedule="one_cycle")), late))
        case "cross_entropy" | "nll":
            return _costs((Curve("loss, by the true digit's probability", _surprise),))
        case "bce":
            return _costs((Curve("where yes is right", _surprise), Curve("where no is", lambda q: _surprise(1 - q))))
        case _:
            return None


def sketch_of(name: str) -> Sketch | None:
    """The drawing that belongs to a page, by the page's name; None where there is none."""
    return _make(name)


def draw(sketch: Sketch, width: int, height: int, *, ascii_only: bool = False) -> list[Row]:
    """At most `height` lines of at most `width` cells: the names, the curves in their axes, the numbers below.

    Empty where there is no room for a drawing that says anything (below 24 × 6).
    """
    if width < 24 or height < 6:
        return []
    left = max(len(_number(tick)) for tick in sketch.y_ticks) + 1
    canvas = _Canvas(sketch, width - left - 1, height - 2, ascii_only=ascii_only)
    canvas.axes()
    for curve, ink in reversed(list(zip(sketch.curves, _INKS, strict=False))):
        canvas.line(curve.of, ink)
    names = {canvas.row(tick): _number(tick) for tick in sketch.y_ticks}
    sides = [names.get(row, "").rjust(left - 1) + " " for row in range(canvas.rows)]
    body: list[Row] = [[(side, "axis"), *canvas.cells(row)] for row, side in enumerate(sides)]
    return [_legend(sketch, width, ascii_only), *body, _numbers(sketch, canvas, left)]


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"


def _legend(sketch: Sketch, width: int, ascii_only: bool) -> Row:
    samples = ("*", "o") if ascii_only else ("━━", "╌╌")
    row: Row = []
    room = width
    for curve, sample, ink in zip(sketch.curves, samples, _INKS, strict=False):
        pieces: Row = [("  " if row else "", "text"), (sample, ink), (f" {curve.name}", "text")]
        for text, style in pieces:
            if shown := text[:room]:
                row.append((shown, style))
                room -= len(shown)
    return row


def _numbers(sketch: Sketch, canvas: _Canvas, left: int) -> Row:
    """The numbers of the x axis, and its name between two of them."""
    line = [" "] * (left + canvas.width)

    def put(text: str, start: int) -> int:
        line[start : start + len(text)] = text
        return start + len(text)

    end = gap = 0
    for tick in sketch.x_ticks:
        text = _number(tick)
        start = min(max(left + canvas.column(tick) - len(text) // 2, 0), len(line) - len(text))
        gap, end = end, put(text, start)
    last = len(line) - len(_number(sketch.x_ticks[-1]))
    if last - gap >= len(sketch.across) + 2:
        put(sketch.across, (gap + last - len(sketch.across)) // 2)
    return [("".join(line).rstrip(), "axis")]


class _Canvas:
    """Cells of a sketch, row 0 at the top: lines of the axes, and dots of the curves over them."""

    def __init__(self, sketch: Sketch, width: int, rows: int, *, ascii_only: bool) -> None:
        self.sketch, self.width, self.rows, self._ascii = sketch, width, rows, ascii_only
        self._across, self._down = (1, 1) if ascii_only else (2, 4)
        self._lines: dict[tuple[int, int], str] = {}
        self._dots: dict[tuple[int, int], tuple[int, Ink]] = {}

    def _dot_row(self, y: float) -> int:
        low, high = self.sketch.y
        last = self.rows * self._down - 1
        return round(last - last * (min(max(y, low - 9), high + 9) - low) / (high - low))

    def row(self, y: float) -> int:
        """The row of cells of a value."""
        return self._dot_row(y) // self._down

    def column(self, x: float) -> int:
        """The column of cells of an x."""
        low, high = self.sketch.x
        return round((self.width - 1) * (x - low) / (high - low))

    def axes(self) -> None:
        """Lines where x and y are 0, as far as that is in sight; else at the left and at the bottom."""
        upright, level, cross = "|-+" if self._ascii else "│─┼"
        row = self.row(0.0) if self.sketch.y[0] <= 0 else self.rows - 1
        column = self.column(0.0) if self.sketch.x[0] < 0 else 0
        self._lines = {(row, at): level for at in range(self.width)}
        self._lines |= {(at, column): upright for at in range(self.rows)}
        self._lines[row, column] = cross if column else ("+" if self._ascii else "└" if row == self.rows - 1 else "├")

    def line(self, of: Function, ink: Ink) -> None:
        """Draw a function: the first as one line, also where it jumps; the second in dashes, which a jump leaves apart."""
        dots, bottom = self.width * self._across, self.rows * self._down
        low, high = self.sketch.x
        before: int | None = None
        for at in range(dots):
            value = of(low + (high - low) * at / (dots - 1))
            here = self._dot_row(value) if math.isfinite(value) else None
            if here is not None and (ink == "first" or at % (2 * self._across) < self._across):
                start = here if before is None or ink == "second" else before + (here > before) - (here < before)
                for row in range(min(start, here), max(start, here) + 1):
                    if 0 <= row < bottom:
                        self._dot(row, at, ink)
            before = here

    def _dot(self, row: int, column: int, ink: Ink) -> None:
        cell = row // self._down, column // self._across
        bits = 0 if self._ascii else _BRAILLE[row % self._down][column % self._across]
        self._dots[cell] = (self._dots.get(cell, (0, ink))[0] | bits, ink)

    def cells(self, row: int) -> Row:
        """A row of cells, equal inks together."""
        found: Row = []
        for column in range(self.width):
            if (row, column) in self._dots:
                bits, ink = self._dots[row, column]
                text = {"first": "*", "second": "o"}.get(ink, ".") if self._ascii else chr(0x2800 + bits)
            else:
                text, ink = self._lines.get((row, column), " "), "axis"
            if found and found[-1][1] == ink:
                found[-1] = (found[-1][0] + text, ink)
            else:
                found.append((text, ink))
        return found
