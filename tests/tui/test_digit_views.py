"""Which digits are selected and in what order, where one is among them, and what is told of one of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.data.digit_selection import SplitName
from tui.data.predictions import Inspected
from tui.views import gallery
from tui.views.cursor import Cursor
from tui.views.digit_detail import (
    Detail,
    Probabilities,
    bars,
    below,
    exact_percent,
    heading,
    remark,
    whole_percent,
)
from tui.views.gallery import Selection, first_selection, losses, matching, page, pair, shown
from tui.views.prediction_history import EpochPrediction, cells, story, strip
from tui.views.status import SIGNS

LABELS = [4, 4, 9, 9, 4, 7]
READ = [4, 9, 9, 4, 9, 7]
SURE = [0.9, 0.6, 0.4, 0.7, 0.8, 1.0]


def digits(
    labels: list[int] = LABELS, read: list[int] = READ, sure: list[float] = SURE, split: SplitName = "validation"
) -> Inspected:
    """Six digits; of the test set with all their probabilities."""
    likely = None
    if split == "test":
        likely = np.zeros((len(labels), 10), np.float32)
        for row, label, prediction, p in zip(likely, labels, read, sure, strict=True):
            row[:] = (1 - p) / 9
            row[prediction] = p
            if label != prediction:
                row[label] = (1 - p) / 2
    return Inspected(
        run="demo",
        split=split,
        epoch=3,
        images=np.zeros((len(labels), 28, 28), np.uint8),
        labels=np.array(labels, np.uint8),
        predictions=np.array(read, np.uint8),
        confidences=np.array(sure, np.float32),
        probabilities=likely,
        epochs=(1, 2, 3) if split == "validation" else (),
    )


class TestSelection:
    @pytest.mark.parametrize(
        ("selection", "found"),
        [
            (Selection(), [0, 1, 2, 3, 4, 5]),
            (Selection(label=4), [0, 1, 4]),
            (Selection(prediction=9), [1, 2, 4]),
            (Selection(verdict="wrong"), [1, 3, 4]),
            (Selection(verdict="right"), [0, 2, 5]),
            (Selection(label=4, prediction=9, verdict="wrong"), [1, 4]),
            (Selection(label=0), []),
            (Selection(order="surest"), [5, 0, 4, 3, 1, 2]),
            (Selection(order="unsure"), [2, 1, 3, 4, 0, 5]),
            (Selection(verdict="wrong", order="surest"), [4, 3, 1]),
        ],
    )
    def test_those_that_are_meant_in_their_order(self, selection: Selection, found: list[int]) -> None:
        assert matching(digits(), selection).tolist() == found

    def test_equals_stand_by_number(self) -> None:
        equal = digits(sure=[0.5] * 6)
        for order in gallery.ORDERS[:2]:
            assert matching(equal, Selection(order=order)).tolist() == [0, 1, 2, 3, 4, 5]

    def test_the_first_are_the_wrong_ones_unless_there_are_none(self) -> None:
        assert first_selection(digits()) == Selection(verdict="wrong", order="surest")
        assert first_selection(digits(read=LABELS)) == Selection(order="unsure")

    def test_a_cell_of_the_matrix(self) -> None:
        assert pair(4, 9) == Selection(4, 9, "wrong", "surest")
        assert pair(4, 4) == Selection(4, 4, "right", "unsure")
        assert pair(4, None) == Selection(4, None, "wrong", "surest")

    def test_a_key_goes_through_all_digits_and_back_to_any(self) -> None:
        selection, seen = Selection(), []
        for _ in range(11):
            selection = selection.next_label(1)
            seen.append(selection.label)
        assert seen == [*range(10), None]
        assert Selection().next_prediction(-1).prediction == 9
        assert Selection(prediction=0).next_prediction(-1).prediction is None

    def test_what_cannot_be_is_left_out(self) -> None:
        assert Selection(label=4, prediction=3, verdict="wrong").next_prediction(1).prediction == 5
        assert Selection(label=5, prediction=4, verdict="wrong").next_label(-1).label == 3
        assert Selection(label=9, prediction=8, verdict="wrong").next_prediction(1).prediction is None
        assert Selection(label=4, verdict="right").next_prediction(1) == Selection(None, 0, "right")
        assert Selection(4, 9, "wrong").next_verdict() == Selection(4, None, "right")
        assert Selection(4, 4, "all").next_verdict() == Selection(4, None, "wrong")
        assert Selection(4, 9, "right").next_verdict() == Selection(4, 9, "all")

    @pytest.mark.parametrize(
        ("selection", "words"),
        [
            (Selection(), "all digits, by number"),
            (Selection(verdict="wrong", order="surest"), "misclassified, most confident first"),
            (Selection(label=4, verdict="right", order="unsure"), "4s correct, least confident first"),
            (Selection(label=4, prediction=9, verdict="wrong", order="loss"), "4s predicted as 9, highest loss first"),
            (Selection(prediction=9, verdict="wrong"), "misclassified as 9, by number"),
            (Selection(label=4, prediction=4, verdict="right"), "4s predicted as 4, by number"),
            (Selection(label=4), "4s, by number"),
        ],
    )
    def test_it_is_said_in_words(self, selection: Selection, words: str) -> None:
        assert selection.words() == words

    def test_that_there_are_none_is_said(self) -> None:
        assert Selection(4, 9, "wrong").nobody() == "Nothing here: no 4s predicted as 9."
        assert Selection(verdict="wrong").nobody() == "Nothing here: no digits misclassified."


class TestLoss:
    def test_with_all_probabilities_it_is_exact(self) -> None:
        found = losses(digits(split="test"))
        assert found.exact.all()
        assert found.values[0] == pytest.approx(-np.log(0.9), rel=1e-5)
        assert found.values[1] == pytest.approx(-np.log(0.2), rel=1e-5)

    @given(st.lists(st.floats(0.001, 1), min_size=10, max_size=10), st.integers(0, 9))
    def test_of_a_reading_alone_it_is_what_it_must_at_least_be(self, weights: list[float], label: int) -> None:
        likely = np.array(weights) / sum(weights)
        prediction = int(likely.argmax())
        kept = np.rint(likely[prediction] * 255) / 255  # as readings are kept
        found = losses(digits([label], [prediction], [float(kept)]))
        truth = -np.log(likely[label])
        if label == prediction:
            assert found.exact[0]
            assert abs(np.exp(-found.values[0]) - likely[label]) <= gallery.STEP / 2 + 1e-6
        else:
            assert not found.exact[0]
            assert found.values[0] <= truth + 1e-5

    def test_it_stays_finite(self) -> None:
        sure = digits([1, 1], [1, 2], [0.0, 1.0])
        assert np.isfinite(losses(sure).values).all()
        assert np.isfinite(losses(digits(sure=[1.0] * 6, split="test")).values).all()


class TestPages:
    def test_the_page_that_a_place_is_on(self) -> None:
        assert page(0, 4, 10) == range(4)
        assert page(9, 4, 10) == range(8, 10)
        assert page(30, 4, 10) == range(8, 10)
        assert not page(0, 4, 0)
        assert shown(range(8, 10), 1200) == "9–10 of 1,200"
        assert shown(page(0, 4, 0), 0) == "none"

    def test_an_image_is_followed_when_the_list_changes(self) -> None:
        cursor = Cursor()
        cursor.take(np.array([5, 3, 8]), keep=False)
        cursor.move("right", 2, 2)
        assert (cursor.image, cursor.elsewhere) == (3, False)
        cursor.take(np.array([1, 2, 3]), keep=True)
        assert (cursor.image, cursor.place) == (3, 2)

    def test_one_that_has_left_the_list_is_still_looked_at_until_one_moves(self) -> None:
        cursor = Cursor()
        cursor.take(np.array([5, 3, 8]), keep=False)
        cursor.move("right", 2, 2)
        cursor.take(np.array([5, 8]), keep=True)
        assert (cursor.image, cursor.elsewhere) == (3, True)
        cursor.take(np.array([5, 3, 8]), keep=True)
        assert (cursor.image, cursor.elsewhere) == (3, False)
        cursor.take(np.array([5, 8]), keep=True)
        cursor.move("right", 2, 2)
        assert (cursor.image, cursor.elsewhere) == (8, False)
        cursor.take(np.empty(0, np.intp), keep=False)
        assert cursor.image is None
        cursor.move("down", 2, 2)

    def test_keys_in_a_grid(self) -> None:
        cursor = Cursor()
        cursor.take(np.arange(10, 21), keep=False)  # four to a row, two rows to a page
        told = []
        for how in ("down", "down", "down", "up", "page_down", "page_down", "home", "left", "up", "end", "right"):
            cursor.move(how, 4, 8)  # type: ignore[arg-type]
            told.append(cursor.place)
        assert told == [4, 8, 8, 4, 10, 10, 0, 0, 0, 10, 10]


def read(*digits: int, sure: float = 0.8) -> list[EpochPrediction]:
    """Readings of epochs 1, 2, …"""
    return [EpochPrediction(epoch, digit, sure) for epoch, digit in enumerate(digits, 1)]


class TestHistory:
    @pytest.mark.parametrize(
        ("predictions", "sentence"),
        [
            ([4], "Correct at epoch 1, the only one so far."),
            ([9], "Misclassified at epoch 1, the only one so far."),
            ([4, 4, 4], "Correct from the first epoch on."),
            ([9, 9, 9], "Misclassified in all 3 epochs, always as 9."),
            ([9, 7, 9], "Misclassified in all 3 epochs."),
            ([9, 9, 4, 4], "First correct at epoch 3."),
            ([9, 9, 4, 4, 9, 4], "First correct at epoch 3, wrong at 5, correct again at 6."),
            ([4, 9], "Correct from epoch 1 on, wrong at 2."),
            ([4, 9, 9, 4], "Correct from epoch 1 on, wrong at 2, correct again at 4."),
            ([9, 4, 9, 4, 9, 4], "Changed 5 times, correct since epoch 6."),
            ([4, 9, 4, 9, 4, 9, 7], "Changed 5 times, last correct at epoch 5."),
        ],
    )
    def test_when_it_was_learned_and_lost(self, predictions: list[int], sentence: str) -> None:
        assert story(read(*predictions), 4) == sentence

    @given(st.lists(st.sampled_from([4, 9]), min_size=1, max_size=60))
    def test_every_history_has_a_sentence(self, predictions: list[int]) -> None:
        changes = sum((a == 4) != (b == 4) for a, b in pairwise(predictions))
        sentence = story(read(*predictions), 4)
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert (f"Changed {changes} times" in sentence) == (changes > 4)

    @given(st.integers(1, 200), st.integers(1, 80))
    def test_cells_hold_every_epoch_once(self, epochs: int, width: int) -> None:
        found = cells(read(*([4] * epochs)), 4, width)
        assert len(found) <= width
        assert sum(cell.epochs for cell in found) == epochs
        assert found[0].first == 1
        assert found[-1].last == epochs

    def test_the_strip_marks_right_wrong_and_the_chosen_epoch(self) -> None:
        drawn = strip(read(9, 4, 4), 4, 2, 40)
        assert drawn.read.plain.split() == ["read", "9", "4", "4"]
        assert drawn.right.plain.split() == ["right", "✗", "✓", "✓"]
        assert drawn.where.plain.index("▲") == drawn.read.plain.index("4")
        assert "epoch 2" in drawn.where.plain
        assert drawn.note == ""

    def test_more_epochs_than_cells_share_them_and_it_is_said_how(self) -> None:
        drawn = strip(read(*([9] * 19 + [4] * 41)), 4, 60, 36)
        assert len(drawn.read.plain) <= 36
        assert drawn.note == "A column is 2 epochs; ~ where it changed."
        assert drawn.right.plain.removeprefix("right ") == "✗" * 9 + "~" + "✓" * 20
        assert drawn.where.plain.endswith("epoch 60 ▲")

    def test_bars_of_several_rows_are_as_high_as_the_probability(self) -> None:
        half = strip(read(4, sure=0.5), 4, 1, 40, tall=4).confidence
        assert ["█" in row.plain for row in half] == [False, False, True, True]
        plain = strip(read(4, sure=0.625), 4, 1, 40, tall=4, ascii_only=True).confidence
        assert [row.plain[6:].strip() for row in plain] == ["", "...", "###", "###"]


def detail(**changes: object) -> Detail:
    """A 4 that is predicted as 9."""
    plain: dict[str, object] = {
        "split": "validation",
        "index": 1234,
        "epoch": 3,
        "label": 4,
        "prediction": 9,
        "confidence": 0.8,
        "loss": 1.6,
        "loss_exact": False,
        "history": tuple(read(4, 9, 9)),
    }
    return Detail(**{**plain, **changes})  # type: ignore[arg-type]


TEN = Probabilities((0.0, 0.0, 0.0, 0.0, 0.15, 0.02, 0.02, 0.005, 0.005, 0.8), 3, 48)


class TestDetail:
    def test_what_it_is_and_what_is_read(self) -> None:
        assert heading(detail()) == "✗ 4, predicted as 9"
        assert heading(detail(prediction=4)) == "✓ 4, correct"

    @pytest.mark.parametrize(
        ("probability", "whole", "exact"),
        [
            (0.0, "0%", "0.0%"),
            (1e-9, "<1%", "<0.1%"),
            (0.0341, "3%", "3.4%"),
            (0.9999, ">99%", ">99.9%"),
            (1.0, "100%", "100%"),
        ],
    )
    def test_a_figure_is_never_rounded_to_certainty(self, probability: float, whole: str, exact: str) -> None:
        assert (whole_percent(probability), exact_percent(probability)) == (whole, exact)

    @pytest.mark.parametrize("width", [14, 20, 40])
    @pytest.mark.parametrize("ascii_only", [False, True])
    def test_the_bars_mark_the_label_and_the_wrong_reading(self, width: int, ascii_only: bool) -> None:
        rows = [row.plain for row in bars(detail(probabilities=TEN), width, ascii_only=ascii_only)]
        assert len(rows) == 10
        assert all(len(row) == width for row in rows)
        right, wrong = ("+", "x") if ascii_only else ("✓", "✗")
        assert [row[0] for row in rows] == [right if n == 4 else wrong if n == 9 else " " for n in range(10)]
        bar = "#" if ascii_only else "━"
        assert rows[9].count(bar) > rows[4].count(bar) > rows[0].count(bar) == 0
        if ascii_only:
            assert all(row.isascii() for row in rows)

    def test_without_the_ten_there_is_the_one_that_was_kept(self) -> None:
        rows = [row.plain for row in bars(detail(), 20)]
        assert "80.0%" in rows[9]
        assert all(row.endswith("·") for row in rows[:9])

    def test_the_sentence_is_the_last_to_go(self) -> None:
        for height in range(1, 30):
            lines = [line.plain for line in below(detail(probabilities=TEN), 36, height)]
            assert len(lines) <= height
            assert "Correct from epoch 1 on, wrong at 2." in lines
        assert any("loss at least 1.6000" in line for line in lines)

    def test_of_the_test_set_there_is_no_history(self) -> None:
        lines = [line.plain for line in below(detail(split="test", history=()), 60, 12)]
        assert "no history" in " ".join(lines)

    def test_whose_probabilities_they_are_is_said_where_it_is_not_plain(self) -> None:
        assert remark(TEN, 3, 48, 2) == ""
        assert (
            remark(TEN, 2, 32, 2) == "The bars are of epoch 3: weights are kept of epochs 3 (last) and 2 (best) alone."
        )
        assert remark(TEN, 2, 32, 3) == "The bars are of epoch 3: weights are kept of epoch 3 (last) alone."
        assert "step 48" in remark(TEN, 3, 40, None)

    @pytest.mark.parametrize("width", [40, 48, 60, 118])
    def test_the_line_on_top_always_names_split_epoch_and_errors(self, width: int) -> None:
        for order in gallery.ORDERS:
            line = gallery.status(digits(), Selection(order=order), 12, width, SIGNS).plain
            assert len(line) <= width
            for words in ("validation", "epoch 3", "12", "3 wrong of 6"):
                assert words in line
        line = gallery.status(digits(split="test"), Selection(order="loss"), 12, 118, SIGNS).plain
        assert "test" in line
        assert "−ln p of the true digit" in line
