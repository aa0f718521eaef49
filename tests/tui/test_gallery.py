"""The gallery's own arithmetic: which digits, in what order, in what words, and the story of one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.inspected import Inspected
from tui.views import gallery
from tui.views.gallery import Selection, losses, matching, page, pair
from tui.views.reading_history import Reading, cells, story
from tui.widgets.gallery import Grid


def seen(labels: list[int], read: list[int], sure: list[float], probabilities: np.ndarray | None = None) -> Inspected:
    return Inspected(
        "demo",
        "test" if probabilities is not None else "validation",
        3,
        np.zeros((len(labels), 28, 28), np.uint8),
        np.array(labels, np.uint8),
        np.array(read, np.uint8),
        np.array(sure, np.float32),
        probabilities,
        (1, 2, 3),
    )


FIVE = seen([4, 4, 9, 9, 1], [4, 9, 9, 4, 1], [0.9, 0.8, 0.7, 0.95, 0.4])


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), [0, 1, 2, 3, 4]),
        (Selection(label=4), [0, 1]),
        (Selection(reading=4), [0, 3]),
        (Selection(label=4, reading=9), [1]),
        (Selection(verdict="wrong"), [1, 3]),
        (Selection(verdict="right"), [0, 2, 4]),
        (Selection(order="surest"), [3, 0, 1, 2, 4]),
        (Selection(order="unsure"), [4, 2, 1, 0, 3]),
        (Selection(verdict="wrong", order="surest"), [3, 1]),
        (Selection(label=7), []),
    ],
    ids=str,
)
def test_what_is_selected_and_in_what_order(selection: Selection, expected: list[int]) -> None:
    assert matching(FIVE, selection).tolist() == expected


def test_equals_stay_in_the_order_of_their_numbers() -> None:
    alike = seen([1] * 6, [1] * 6, [0.5] * 6)
    assert matching(alike, Selection(order="surest")).tolist() == list(range(6))


def test_the_loss_is_exact_with_all_probabilities() -> None:
    likely = np.full((2, 10), 0.05, np.float32)
    likely[0, 3], likely[1, 2] = 0.55, 0.55
    found = losses(seen([3, 3], [3, 2], [0.55, 0.55], likely))
    assert found.values == pytest.approx([-math.log(0.55), -math.log(0.05)], rel=1e-5)
    assert found.exact.all()


def test_without_them_the_loss_of_a_wrong_reading_is_a_lower_bound() -> None:
    found = losses(seen([3, 3], [3, 2], [0.8, 0.8]))
    assert found.exact.tolist() == [True, False]
    assert found.values[0] == pytest.approx(-math.log(0.8), rel=1e-5)
    assert found.values[1] <= -math.log(0.2) and found.values[1] == pytest.approx(-math.log(0.2), rel=0.02)
    assert matching(seen([3, 3], [3, 2], [0.8, 0.8]), Selection(order="loss")).tolist() == [1, 0]


def test_what_is_selected_in_words() -> None:
    assert Selection().words() == "all digits, by number"
    assert Selection(verdict="wrong", order="surest").words() == "read wrongly, surest first"
    assert Selection(4, 9, "wrong", "unsure").words() == "4s read as 9, least sure first"
    assert Selection(4, None, "right").words() == "4s read rightly, by number"
    assert Selection(4, 9, "right").nobody() == "There are no 4s rightly read as 9."


def test_filters_go_round_and_a_cell_is_a_filter() -> None:
    selection = Selection()
    for expected in (*range(10), None):
        selection = selection.next_label(1)
        assert selection.label == expected
    assert selection.next_reading(-1).reading == 9
    assert pair(4, 9) == Selection(4, 9, "wrong", "surest")
    assert pair(4, 4) == Selection(4, 4, "right", "unsure")


def test_the_first_thing_to_see_are_the_surest_mistakes() -> None:
    assert gallery.first_selection(FIVE) == Selection(verdict="wrong", order="surest")
    assert gallery.first_selection(seen([1], [1], [0.5])) == Selection(order="unsure")


@given(st.integers(0, 500), st.integers(0, 40), st.integers(0, 500))
def test_a_page_holds_the_place_and_pages_cover_all(place: int, size: int, total: int) -> None:
    places = page(place, size, total)
    assert len(places) <= max(size, 1)
    if total:
        assert min(place, total - 1) in places
        assert places.start >= 0 and places.stop <= total


@given(st.integers(0, 300), st.integers(0, 100))
def test_a_grid_stays_within_its_space(width: int, height: int) -> None:
    grid = Grid.of(width, height)
    assert grid.rows * grid.lines <= height
    assert grid.per_row * (grid.columns + 1) - 1 <= width or grid.per_row == 0


def readings(digits: str) -> list[Reading]:
    return [Reading(epoch, int(digit), 0.9) for epoch, digit in enumerate(digits, 1)]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("", ""),
        ("4", "Read rightly at epoch 1, the only one so far."),
        ("9", "Read wrongly at epoch 1, the only one so far."),
        ("444", "Right from the first epoch on."),
        ("999", "Never read rightly in 3 epochs, always as 9."),
        ("979", "Never read rightly in 3 epochs."),
        ("99444", "Learned at epoch 3."),
        ("9944944", "Learned at epoch 3, lost at 5, back at 6."),
        ("4494", "Right from epoch 1 on, lost at 3, back at 4."),
        ("4499", "Right from epoch 1 on, lost at 3."),
        ("949494", "Changed 5 times, right since epoch 6."),
        ("4949499", "Changed 5 times, last right at epoch 5."),
    ],
)
def test_the_story_of_a_digit(digits: str, expected: str) -> None:
    assert story(readings(digits), 4) == expected


def test_more_epochs_than_cells_share_them_and_say_where_it_changed() -> None:
    drawn = cells(readings("4444999944449999"), 4, 5)
    assert [(c.first, c.last, c.verdict) for c in drawn] == [
        (1, 4, "right"),
        (5, 8, "wrong"),
        (9, 12, "right"),
        (13, 16, "wrong"),
    ]
    assert [c.verdict for c in cells(readings("449944"), 4, 2)] == ["mixed", "mixed"]
