"""What the Inside screen shows, as pure functions: the walk through digits, words, histograms, pictures around zero."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runs.folder import create_run
from engine.runs.validation_predictions import append_predictions
from engine.state.run_state import RunState, fold
from tests import events_kit as kit
from tests.kit import write_tiny_set
from tui.data import predictions
from tui.data.digit_walk import Digits, Walk, find_digits
from tui.plotting.diverging import LEVELS, Colors, codes, painter, signs
from tui.plotting.pixels import blocks
from tui.views.activations import histogram
from tui.views.inside import Place, Robustness, newer, newest
from tui.views.robustness import endures, plot_of
from tui.widgets.weights_gallery import grid


def digits(count: int = 20, wrong: tuple[int, ...] = (7, 3, 12)) -> Digits:
    return Digits(np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8), wrong)


def test_a_walk_goes_through_the_mistakes_and_no_further_than_either_end() -> None:
    walk = Walk.through(digits())
    seen = [walk.index]
    for by in (1, 1, 1, -1, -10):
        walk = walk.step(by)
        seen.append(walk.index)
    assert seen == [7, 3, 12, 12, 3, 7]
    assert walk.words == "error 1 of 3"


def test_a_walk_through_every_image_begins_where_one_was() -> None:
    walk = Walk.through(digits()).toggle()
    assert (walk.index, walk.every) == (7, True)
    assert walk.step(1).index == 8 and walk.step(-99).index == 0 and walk.step(99).index == 19
    assert walk.step(1).toggle() == Walk(walk.digits, 7)
    assert walk.step(5).toggle() == Walk(walk.digits, 12)


def test_without_mistakes_every_image_is_walked_through() -> None:
    walk = Walk.through(digits(wrong=()))
    assert (walk.index, walk.every, walk.toggle()) == (0, True, walk)
    assert walk.step(1).words == "all 20 images"


def test_new_readings_leave_one_where_one_was() -> None:
    before = Walk.through(digits()).step(1)
    assert Walk.through(digits(wrong=(1,)), before).index == 3
    assert Walk.through(digits(count=9, wrong=(1,)), before).index == 1


def test_the_surest_mistakes_come_first(tmp_path: Path) -> None:
    data = write_tiny_set(tmp_path / "tiny", train=300, test=64)
    config = msgspec.structs.replace(kit.BLOG, data_dir=str(data))
    run = create_run(config, preset="", version="0.1.0", name="walker")
    labels = predictions.images_of(str(data)).validation_labels
    state = RunState(run="walker", config=config, epochs=tuple(kit.epoch_ended(config, e) for e in (1, 2)))

    none_kept = find_digits(run, state, 1)
    assert isinstance(none_kept, Digits) and none_kept.misclassified == ()

    for epoch, mistakes in ((1, {4: 0.5, 9: 0.9, 2: 0.7}), (2, {11: 0.8})):
        read, sure = labels.copy(), np.full(len(labels), 0.99)
        for place, confidence in mistakes.items():
            read[place], sure[place] = (labels[place] + 1) % 10, confidence
        append_predictions(run.predictions, epoch, epoch * 10, read, sure)
    first, second = find_digits(run, state, 1), find_digits(run, state, 2)
    assert isinstance(first, Digits) and first.misclassified == (9, 2, 4)
    assert isinstance(second, Digits) and second.misclassified == (11,)
    assert find_digits(run, msgspec.structs.replace(state, config=kit.BLOG), 1) != first
    missing = msgspec.structs.replace(config, data_dir=str(tmp_path / "nowhere"))
    assert "nowhere" in str(find_digits(run, msgspec.structs.replace(state, config=missing), 1))


def test_the_newest_weights_are_those_of_the_last_checkpoint() -> None:
    assert newest(RunState(), "last") is None and newest(RunState(), "best") is None
    events = [*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kit.epoch_events(kit.BLOG, 2, best=False)]
    state = fold(kit.numbered(events))
    step = kit.steps_per_epoch(kit.BLOG)
    assert newest(state, "last") == Place("last", 2, 2 * step)
    assert newest(state, "best") == Place("best", 1, step)
    assert newer(state, Place("best", 1, step)) == ""
    assert newer(state, Place("last", 1, step)) == "epoch 2 is there: enter asks again"
    assert "step" in newer(state, Place("last", 2, 2 * step - 5))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40), st.integers(6, 100), st.integers(1, 4))
def test_a_histogram_fits_and_shows_all_that_is_there(bins: list[int], width: int, tall: int) -> None:
    rows = histogram(tuple(bins), width, tall)
    assert len(rows) == tall
    assert len({len(row) for row in rows}) == 1 and len(rows[0]) <= width
    assert (rows[-1].strip() != "") == any(bins)
    assert ("█" in rows[0]) == any(bins)
    if width >= len(bins):
        wide = len(rows[0]) // len(bins)
        assert [c != " " for c in rows[-1][::wide]] == [n > 0 for n in bins]
    assert all(row.isascii() for row in histogram(tuple(bins), width, tall, ascii_only=True))


@pytest.mark.parametrize(
    ("corruption", "amounts", "accuracies", "words"),
    [
        ("noise", (0.0, 0.1, 0.2), (0.98, 0.93, 0.6), "noise σ 0.1"),
        ("shift", (0.0, 1.0, 2.0), (0.98, 0.89, 0.95), "shift 0 px"),
        ("rotation", (0.0, 10.0), (0.98, 0.97), "rotation 10°"),
        ("rotation", (0.0, 10.0), (0.5, 0.4), "rotation none"),
        ("thickness", (-1.0, -0.5, 0.0, 1.0), (0.5, 0.9, 0.98, 0.95), "strokes -0.5 to +1 px"),
    ],
)
def test_how_much_is_endured_is_told_with_its_unit(
    corruption: str, amounts: tuple[float, ...], accuracies: tuple[float, ...], words: str
) -> None:
    found = Robustness(Place("last", 1, 1), corruption, 2000, amounts, accuracies)  # type: ignore[arg-type]
    said = endures({found.corruption: found})
    assert said.endswith(words)
    assert endures({found.corruption: found}, ascii_only=True).isascii()
    [curve] = plot_of(found.corruption, found).curves
    assert curve.x.tolist() == list(amounts) and curve.y.tolist() == list(accuracies)
    assert plot_of(found.corruption, None).curves == ()


COLORS = Colors(paper=(0, 0, 0), plus=(0, 0, 255), minus=(255, 128, 0), ink=(255, 255, 255))


def test_what_speaks_for_and_against_have_colors_of_their_own_and_nothing_has_none() -> None:
    values = np.array([[1.0, -1.0], [0.0, 0.5]], np.float32)
    found = [[painter(COLORS)(code) for code in row] for row in codes(values, 2, 1).tolist()]
    assert found[0] == [COLORS.plus, COLORS.minus]
    assert found[1][0] is None
    assert found[1][1] is not None and 0 < found[1][1][2] < 255


def test_ink_is_seen_under_values_of_nothing_and_less_than_by_itself() -> None:
    ink = np.ones((2, 2), np.float32)
    code = int(codes(np.zeros((2, 2), np.float32), 2, 1, ink)[0, 0])
    gray = painter(COLORS)(code)
    assert gray is not None and 0 < gray[0] == gray[1] == gray[2] < 255
    assert painter(COLORS)(code + LEVELS) == COLORS.plus


def test_two_pixels_share_a_cell_and_equal_cells_a_segment() -> None:
    values = np.zeros((4, 6), np.float32)
    values[0, :2] = 1
    values[3, 3:] = -1
    rows = blocks(codes(values, 6, 2), painter(COLORS))
    assert [[segment.text for segment in row] for row in rows] == [["▀▀", "    "], ["   ", "▄▄▄"]]


def test_without_colors_signs_tell_for_from_against() -> None:
    values = np.array([[1.0, 0.3, 0.0, -0.3, -1.0]], np.float32).repeat(2, axis=0)
    assert signs(values, 5, 1) == ["#+ -="]
    assert signs(values, 5, 1, np.ones((2, 5), np.float32)) == ["#+.-="]


@given(st.sampled_from([5, 28]), st.integers(1, 40), st.integers(1, 220), st.integers(2, 60))
def test_a_grid_stays_within_its_room(side: int, wanted: int, width: int, height: int) -> None:
    found = grid(side, wanted, width, height)
    assert found.size >= 1
    assert found.across * (found.columns + 1) - 1 <= width
    assert found.down * (found.rows + 1) <= height + (height < 2)
    assert side == 28 or found.columns % side == 0 or found.size == 1


def test_as_many_as_are_wanted_are_shown_as_large_as_can_be() -> None:
    assert grid(28, 10, 78, 18).size == 10
    assert grid(28, 10, 118, 34).columns > grid(28, 10, 78, 18).columns
    assert grid(5, 16, 78, 18).columns == 10 and grid(5, 16, 78, 18).size >= 16
