"""Drawings on pages: the slope that is drawn is the function's slope, and every drawing keeps to its room."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import HYPERPARAMETERS
from engine.help.catalog import catalog
from tests.each import each
from tui.views.sketch import ACTIVATIONS, Curve, Row, Sketch, draw, sketch_of

DRAWN = [name for name in catalog() if sketch_of(name)]


def texts(rows: list[Row]) -> list[str]:
    return ["".join(text for text, _ in row) for row in rows]


def test_every_activation_is_drawn() -> None:
    assert set(ACTIVATIONS) == set(HYPERPARAMETERS["activation"].choices)
    assert set(ACTIVATIONS) <= set(DRAWN)


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(st.floats(-6, 6).filter(lambda x: abs(x) > 1e-3))
def test_the_slope_is_the_slope(name: str, x: float) -> None:
    of, slope = ACTIVATIONS[name]
    assert math.isclose((of(x + 1e-6) - of(x - 1e-6)) / 2e-6, slope(x), abs_tol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_curves_are_where_the_function_is(name: str) -> None:
    """In the middle column f(0) and in the last f at the right end, at their height, in the ink of the first curve."""
    sketch = sketch_of(name)
    assert sketch is not None
    rows = draw(sketch, 60, 20)[1:-1]
    (low, high), (_, end) = sketch.y, sketch.x
    lit = [r for r, row in enumerate(rows) if row[-1][1] == "first"]
    height = (high - ACTIVATIONS[name][0](end)) / (high - low) * (len(rows) - 1)
    assert lit
    assert min(abs(r - height) for r in lit) <= 1


def test_a_jump_of_the_second_curve_is_left_open_and_that_of_a_staircase_is_closed() -> None:
    step = Curve("step", lambda x: float(x > 0))
    still = Curve("still", lambda _: 9.0)
    for curves, joined in (((step,), True), ((still, step), False)):
        rows = draw(Sketch(curves, (-1.0, 1.0), (0.0, 1.0), y_ticks=(0.0, 1.0), x_ticks=(-1.0, 1.0)), 40, 12)
        middle = [row for row in rows[3:-3] if any(ink in ("first", "second") for _, ink in row)]
        assert bool(middle) == joined


@each("name", DRAWN)
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("size", [(24, 6), (30, 9), (46, 13), (88, 30)])
def test_a_drawing_keeps_to_its_room(name: str, ascii_only: bool, size: tuple[int, int]) -> None:
    width, height = size
    sketch = sketch_of(name)
    assert sketch is not None
    lines = texts(draw(sketch, width, height, ascii_only=ascii_only))
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    if ascii_only:
        assert "".join(lines[1:]).isascii()


@pytest.mark.parametrize("size", [(0, 0), (23, 13), (40, 5), (-1, -1)])
def test_where_there_is_no_room_nothing_is_drawn(size: tuple[int, int]) -> None:
    sketch = sketch_of("relu")
    assert sketch is not None
    assert draw(sketch, *size) == []
