"""Where digits stand: inside and apart, as large as they fit, and saying how many are missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plotting.digit_layout import LARGEST, SMALLEST, Layout, layout


@given(st.integers(0, 40), st.integers(0, 250), st.integers(0, 80))
def test_tiles_stay_inside_and_apart(count: int, width: int, height: int) -> None:
    grid = layout(count, width, height)
    assert grid.shown + grid.more == count
    taken = np.zeros((height, width), int)
    for slot in range(grid.shown):
        x, y = grid.place(slot)
        assert 0 <= x <= width - grid.columns
        assert 0 <= y <= height - grid.lines
        taken[y : y + grid.lines, x : x + grid.columns + 1] += 1
    assert taken.max(initial=0) <= 1
    if grid.lines > 1:
        assert SMALLEST <= grid.columns <= LARGEST
        assert grid.lines == (grid.columns + 1) // 2 + 1
    if grid.more and grid.shown:
        x, y = grid.note
        assert not taken[y, x:].any()


@given(st.integers(1, 40), st.integers(0, 250), st.integers(0, 80))
def test_more_room_never_shows_fewer(count: int, width: int, height: int) -> None:
    pictures = [
        grid.shown for grid in (layout(count, width, height), layout(count, width + 1, height + 1)) if grid.lines > 1
    ]
    assert pictures == sorted(pictures)


@pytest.mark.parametrize(
    ("width", "height", "per_row", "rows", "columns"),
    [
        (120, 8, 10, 1, 11),
        (118, 8, 10, 1, 10),
        (78, 18, 5, 2, 14),
        (58, 16, 5, 2, 10),
        (200, 12, 10, 1, 19),
        (40, 20, 4, 3, 9),
        (120, 35, 5, 2, 23),
        (400, 60, 10, 1, 28),
    ],
)
def test_ten_digits_are_as_large_as_they_can_be(width: int, height: int, per_row: int, rows: int, columns: int) -> None:
    grid = layout(10, width, height)
    assert (grid.shown, grid.per_row, grid.rows, grid.columns) == (10, per_row, rows, columns)


def test_spare_room_is_the_same_on_both_sides() -> None:
    grid = layout(10, 120, 30)
    right = 120 - grid.place(grid.per_row - 1)[0] - grid.columns
    bottom = 30 - grid.place(grid.shown - 1)[1] - grid.lines
    assert abs(right - grid.left) <= 1
    assert abs(bottom - grid.top) <= 1


def test_too_many_leave_a_line_for_saying_so() -> None:
    grid = layout(10, 45, 9)
    assert (grid.shown, grid.more, grid.columns) == (4, 6, 10)
    assert grid.note == (grid.left, grid.top + grid.lines)


@pytest.mark.parametrize(("width", "height", "shown"), [(45, 3, 10), (45, 2, 7), (9, 1, 0), (8, 5, 0), (0, 0, 0)])
def test_too_low_for_pictures_shows_captions(width: int, height: int, shown: int) -> None:
    grid = layout(10, width, height)
    assert (grid.shown, grid.more, grid.lines) == (shown, 10 - shown, 1)


def test_of_nothing_is_empty() -> None:
    assert layout(0, 120, 8) == Layout()
