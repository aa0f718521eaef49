"""The sheet that is drawn on: strokes, the eraser, moves, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pictures import to_mnist
from tui.data.picture_file import Given
from tui.views.pad import BRUSHES, CELLS, GRAIN, STEPS_KEPT, Ink, Pad, Pen, Tool

THIN, MEDIUM, THICK = BRUSHES
PLACES = st.tuples(st.floats(-5, 33), st.floats(-5, 33))


def stroke(pad: Pad, *places: tuple[float, float], tool: Tool = "pen") -> None:
    pad.begin()
    for start, end in zip(places, places[1:] or places, strict=False):
        pad.draw(start, end, MEDIUM, tool)
    pad.end()


def at(ink: Ink, x: float, y: float) -> int:
    """The ink at a place in pixels."""
    return int(ink[int(y * GRAIN), int(x * GRAIN)])


@given(PLACES, PLACES)
def test_a_stroke_is_whole_however_far_the_mouse_moved_at_once(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    pad = Pad()
    stroke(pad, start, end)
    for part in np.linspace(0, 1, 60):
        x, y = (a + (b - a) * part for a, b in zip(start, end, strict=True))
        if 0 <= x < 28 and 0 <= y < 28:
            assert at(pad.sheet.ink, x, y) == 255


def test_a_stroke_is_round_and_soft_and_as_wide_as_its_brush() -> None:
    for brush in BRUSHES:
        pad = Pad()
        pad.begin()
        pad.draw((14, 14), (14, 14), brush, "pen")
        ink = pad.sheet.ink
        assert np.array_equal(ink, ink.T)
        assert np.array_equal(ink, ink[::-1])
        assert ((ink > 0) & (ink < 255)).any()
        area = ink.sum() / 255 / GRAIN**2
        assert area == pytest.approx(np.pi * brush.radius**2, rel=0.08)


def test_the_way_of_a_stroke_does_not_depend_on_how_often_the_mouse_is_heard_of() -> None:
    once, often = Pad(), Pad()
    stroke(once, (4, 4), (24, 20))
    stroke(often, *((4 + 20 * part, 4 + 16 * part) for part in np.linspace(0, 1, 33)))
    assert np.abs(once.sheet.ink.astype(int) - often.sheet.ink).max() <= 1


def test_the_eraser_takes_ink_away_where_it_goes_and_nowhere_else() -> None:
    pad = Pad()
    stroke(pad, (4, 14), (24, 14))
    stroke(pad, (14, 4), (14, 24), tool="eraser")
    assert at(pad.sheet.ink, 14, 14) == 0
    assert at(pad.sheet.ink, 6, 14) == at(pad.sheet.ink, 22, 14) == 255


def test_every_stroke_is_one_step_back_and_forth() -> None:
    pad = Pad()
    seen = [pad.sheet.ink]
    for place in ((4, 4), (12, 12), (20, 20)):
        stroke(pad, place, (14.0, place[1] + 1.0), (15.0, 2.0))
        seen.append(pad.sheet.ink)
    for ink in reversed(seen[:-1]):
        assert pad.undo()
        assert np.array_equal(pad.sheet.ink, ink)
    assert not pad.undo()
    for ink in seen[1:]:
        assert pad.redo()
        assert np.array_equal(pad.sheet.ink, ink)
    assert not pad.redo()


def test_a_new_stroke_ends_what_could_be_taken_again() -> None:
    pad = Pad()
    stroke(pad, (4, 4))
    stroke(pad, (20, 20))
    pad.undo()
    stroke(pad, (4, 20))
    assert not pad.redo()
    assert pad.undo() and pad.undo() and pad.sheet.blank


def test_what_changes_nothing_is_no_step() -> None:
    pad = Pad()
    stroke(pad, (14, 14), tool="eraser")
    pad.clear()
    pad.shift(1, 0)
    assert not pad.undo()


def test_taking_back_in_the_middle_of_a_stroke_takes_back_that_stroke() -> None:
    pad = Pad()
    stroke(pad, (4, 4))
    before = pad.sheet.ink
    pad.begin()
    pad.draw((10, 10), (20, 20), THICK, "pen")
    assert pad.drawing and at(pad.sheet.ink, 15, 15) == 255
    assert pad.undo()
    assert not pad.drawing
    assert np.array_equal(pad.sheet.ink, before)


def test_clearing_can_be_taken_back() -> None:
    pad = Pad()
    stroke(pad, (4, 4), (20, 9))
    pad.clear()
    assert pad.sheet.blank
    pad.undo()
    assert not pad.sheet.blank


def test_the_steps_that_are_kept_have_an_end() -> None:
    pad = Pad()
    for step in range(STEPS_KEPT + 20):
        stroke(pad, (step % 28, step // 28))
    assert sum(pad.undo() for _ in range(2 * STEPS_KEPT)) == STEPS_KEPT


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), max_size=30))
def test_moving_the_drawing_loses_no_ink_and_changes_nothing_of_what_the_network_sees(
    moves: list[tuple[int, int]],
) -> None:
    pad = Pad()
    stroke(pad, (6, 6), (18, 7), (9, 20))
    ink, seen = pad.sheet.ink, pad.sheet.prepared()
    assert seen is not None
    for move in moves:
        pad.shift(*move)
    assert pad.sheet.ink.sum() == ink.sum()
    assert np.array_equal(pad.sheet.prepared(), seen)


def test_a_move_is_by_a_pixel_and_stops_at_the_edge() -> None:
    pad = Pad()
    stroke(pad, (10, 10))
    before = pad.sheet.ink
    pad.shift(1, -1)
    assert np.array_equal(pad.sheet.ink, np.roll(before, (-GRAIN, GRAIN), (0, 1)))
    pad.shift(100, 0)
    assert pad.sheet.ink[:, -1].any()


def test_a_blank_sheet_is_nothing_to_read() -> None:
    pad = Pad()
    assert pad.sheet.prepared() is None
    assert pad.sheet.prepared(fitted=False) is None


def test_what_the_network_sees_is_fitted_as_mnist_was_or_as_it_is_drawn() -> None:
    pad = Pad()
    stroke(pad, (2, 2), (8, 2), (4, 9))
    fitted, drawn = pad.sheet.prepared(), pad.sheet.prepared(fitted=False)
    assert fitted is not None and drawn is not None
    assert np.array_equal(fitted, to_mnist(pad.sheet.ink / 255))
    assert not np.array_equal(fitted, drawn)
    assert drawn[12:].sum() == 0
    assert drawn.sum() == pytest.approx(pad.sheet.ink.sum() / GRAIN**2, rel=0.01)


def test_a_picture_is_seen_as_it_was_prepared_until_it_is_drawn_on() -> None:
    pad, random = Pad(), np.random.default_rng(0)
    pixels = np.zeros((28, 28), np.uint8)
    pixels[5:23, 8:20] = random.integers(0, 256, (18, 12))
    pad.put(Given("seven.png", pixels, ("as it is",)))
    assert pad.sheet.given is not None
    assert np.array_equal(pad.sheet.prepared(), pixels)
    assert np.array_equal(pad.sheet.prepared(fitted=False), pixels)
    stroke(pad, (3, 3))
    assert pad.sheet.given is None
    pad.undo()
    assert np.array_equal(pad.sheet.prepared(), pixels)
    pad.undo()
    assert pad.sheet.blank


@given(st.lists(st.tuples(st.floats(-40, 40), st.floats(-40, 40)), max_size=10))
def test_the_pen_stays_on_the_paper(moves: list[tuple[float, float]]) -> None:
    pen = Pen()
    for move in moves:
        pen = pen.moved(*move)
        assert 0 < pen.x < 28 and 0 < pen.y < 28


def test_brushes_and_tools_take_turns() -> None:
    pen = Pen(brush=THIN)
    assert pen.next_brush().brush is MEDIUM
    assert pen.next_brush().next_brush().next_brush() == pen
    assert pen.other_tool().tool == "eraser"
    assert pen.other_tool().other_tool() == pen


def test_the_sheet_is_a_whole_number_of_pixels() -> None:
    assert Pad().sheet.ink.shape == (CELLS, CELLS) == (28 * GRAIN, 28 * GRAIN)
