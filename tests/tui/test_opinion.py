"""What a network reads in a drawing: in words, as bars, over the epochs; and what is still to be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.state.run_state import RunState, fold
from tests import events_kit as kit
from tui.views.draw_layout import BARS, draw_layout
from tui.views.opinion import Opinion, Silent, answer_page, bars, opinion_of, over_epochs, share, source, verdict
from tui.views.rereading import Rereading

SEVEN = bytes(range(256)) * 3 + bytes(16)
OTHER = bytes(784)


def opinion(prediction: int = 7, sure: float = 0.91, epoch: int = 3, weights: ev.CheckpointKind = "last") -> Opinion:
    rest = (1 - sure) / 9
    return Opinion(tuple(sure if digit == prediction else rest for digit in range(10)), epoch, weights)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (opinion(), "Predicted: 7, 91.0%"),
        (opinion(sure=0.5), "Predicted: 7, 50.0%"),
        (opinion(sure=0.499), "Uncertain: 7? 49.9%"),
        (opinion(sure=0.99999), "Predicted: 7, >99.9%"),
        (Silent("nothing"), ""),
    ],
)
def test_a_reading_below_one_half_is_none_to_rely_on(answer: Opinion | Silent, words: str) -> None:
    assert verdict(answer) == words


@given(st.floats(0, 1))
def test_none_and_all_are_said_of_exact_figures_alone(probability: float) -> None:
    words = share(probability)
    assert ("<" in words or ">" in words or words in ("0.0%", "100.0%")) == (round(1000 * probability) in (0, 1000))
    assert (words == "0.0%") == (probability == 0)
    assert (words == "100.0%") == (probability == 1)
    assert len(words) <= 7


@given(st.integers(0, 9), st.floats(0.11, 1), st.integers(14, 120), st.booleans())
def test_bars_are_as_wide_as_there_is_room_and_mark_the_reading(
    prediction: int, sure: float, width: int, ascii_only: bool
) -> None:
    lines = [line.plain for line in bars(opinion(prediction, sure), width, ascii_only=ascii_only)]
    assert [line[2] for line in lines] == list("0123456789")
    assert {len(line) for line in lines} == {width}
    marked = [digit for digit, line in enumerate(lines) if line[0] != " "]
    assert marked == [prediction]
    assert lines[prediction][0] == ("?" if sure < 0.5 else ">" if ascii_only else "▸")
    assert not ascii_only or "".join(lines).isascii()


def test_a_longer_bar_is_a_greater_probability() -> None:
    lines = [line.plain for line in bars(Opinion((0.5, 0.3, 0.2, *[0.0] * 7), 1, "last"), 60)]
    lengths = [line.count("━") for line in lines]
    assert lengths[0] > lengths[1] > lengths[2] > lengths[3] == 0


def test_the_reading_stands_in_large_where_there_is_room() -> None:
    assert answer_page(opinion(), 40, 10).plain.count("\n") == 9
    large = answer_page(opinion(), 40, 18).plain
    assert large.count("\n") == 13
    assert "█" in large
    assert "uncertain" in answer_page(opinion(sure=0.4), 40, 18).plain


@given(st.integers(0, 100), st.integers(0, 30))
def test_the_page_fits(width: int, height: int) -> None:
    for answer in (opinion(), Silent("There is nothing to read here, for one reason or another.")):
        page = answer_page(answer, width, height).plain
        assert not page or page.count("\n") < height


def test_numbers_that_are_none_are_told_as_a_fault() -> None:
    answer = opinion_of({"probabilities": [[None] * 10], "epoch": 1, "step": 2, "weights": "last"})
    assert isinstance(answer, Silent)
    assert answer.fault
    assert "diverged" in answer.words


def test_every_opinion_says_whose_it_is() -> None:
    assert source(opinion(weights="best"), "best", True) == "best weights, epoch 3"
    assert "last weights" in source(Silent("x"), "last", True)


def test_the_latest_epochs_are_shown_and_a_change_stands_out() -> None:
    row = [opinion(1, 0.4, 1), opinion(7, 0.6, 2), opinion(7, 0.9, 3), opinion(7, 0.95, 4)]
    lines = over_epochs(row, 4)
    assert [line.plain.split() for line in lines] == [
        ["epoch", "reads"],
        ["2", "7", "60.0%"],
        ["3", "7", "90.0%"],
        ["4", "7", "95.0%"],
    ]
    assert over_epochs(row, 9)[1].plain.split() == ["1", "1?", "40.0%"]
    assert max(line.cell_length for line in lines) <= 18
    assert over_epochs(row, 1) == over_epochs([], 9) == []


def test_the_layout_fits_every_window_and_is_the_larger_the_more_room_there_is() -> None:
    for width in range(50, 220, 3):
        for height in range(14, 70):
            plan = draw_layout(width, height)
            assert plan.pad + 2 + plan.notes <= height
            assert width - 2 * plan.pad - 2 >= 26
            assert not plan.picture or plan.picture + 2 + BARS + plan.notes <= height
    assert draw_layout(80, 22).picture == 7
    assert draw_layout(120, 38).picture == 14
    assert draw_layout(200, 48).picture == 28
    assert draw_layout(60, 16).picture == 0
    assert draw_layout(80, 22).pad < draw_layout(120, 38).pad < draw_layout(200, 48).pad


# what there is to ask


def after(epochs: int, *more: ev.Event) -> RunState:
    """A run in training after so many epochs."""
    events = [*kit.opening(), *(e for n in range(epochs) for e in kit.epoch_events(kit.BLOG, n + 1, 2)), *more]
    return fold(kit.numbered(events))


def test_an_answer_is_known_until_the_drawing_or_the_weights_are_others() -> None:
    prediction = Rereading()
    assert prediction.wanted("last") is None
    prediction.follow(after(1))
    assert prediction.wanted("last") is None
    prediction.take(SEVEN)
    wanted = prediction.wanted("last")
    assert wanted is not None
    assert (wanted.question.run, wanted.question.pixels, wanted.question.weights) == (kit.RUN, SEVEN, "last")
    assert prediction.answer("last") is None
    prediction.keep(wanted, opinion(epoch=1))
    assert prediction.answer("last") == opinion(epoch=1)
    assert prediction.answer("best") is None
    prediction.follow(after(2))
    assert prediction.answer("last") is None
    prediction.take(OTHER)
    assert prediction.opinions("last") == ()


def test_what_the_epochs_read_is_kept_for_each_of_the_weights() -> None:
    prediction = Rereading(SEVEN)
    for epoch in (1, 2, 3):
        prediction.follow(after(epoch))
        wanted = prediction.wanted("last")
        assert wanted is not None
        prediction.keep(wanted, opinion(epoch=epoch))
    best = prediction.wanted("best")
    assert best is not None
    prediction.keep(best, opinion(epoch=3, weights="best"))
    assert [each.epoch for each in prediction.opinions("last")] == [1, 2, 3]
    assert [each.epoch for each in prediction.opinions("best")] == [3]


def test_a_checkpoint_that_is_only_the_best_is_no_newer_last() -> None:
    prediction = Rereading(SEVEN)
    prediction.follow(after(1))
    before = prediction.wanted("last")
    best = ev.CheckpointSaved(kind="best", epoch=2, step=2 * kit.steps_per_epoch(kit.BLOG))
    prediction.follow(after(1, best))
    assert prediction.wanted("last") == before


def test_answers_to_what_is_not_asked_any_more_are_dropped() -> None:
    prediction = Rereading(SEVEN)
    prediction.follow(after(1))
    wanted = prediction.wanted("last")
    assert wanted is not None
    prediction.take(OTHER)
    prediction.keep(wanted, opinion())
    assert prediction.answer("last") is None
    prediction.take(SEVEN)
    prediction.follow(fold(kit.numbered(kit.opening(run="another"))))
    prediction.keep(wanted, opinion())
    assert prediction.opinions("last") == ()


def test_a_run_that_went_back_forgets_what_its_later_epochs_read() -> None:
    prediction = Rereading(SEVEN)
    prediction.follow(after(3))
    wanted = prediction.wanted("last")
    assert wanted is not None
    for epoch in (1, 2, 3, 2):
        prediction.keep(wanted, opinion(epoch=epoch))
    assert [each.epoch for each in prediction.opinions("last")] == [1, 2]
