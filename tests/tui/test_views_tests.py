"""The words of the test screen: comparisons, looks, the figure's panel."""

from __future__ import annotations

import datetime

import msgspec
import pytest

from engine.analysis.mcnemar import Comparison
from engine.events import WrongImage
from engine.state.run_state import RunState, fold
from tests.events_kit import collapsed, confusion, test_result, whole_run
from tui.views import final_test
from tui.views.compared import headline, odds, p_text, sentences, table
from tui.views.snapshot import Snapshot
from tui.views.test_evaluations import dated, looked_at


def test_a_real_difference_in_words() -> None:
    found = Comparison(9_669, 112, 42, 177)
    assert headline(found, "brave-otter", "calm-fox") == "brave-otter is better"
    assert sentences(found, "brave-otter", "calm-fox") == (
        "brave-otter classifies 97.81% of the 10,000 test images correctly, calm-fox 97.11%.",
        "On 112 images only brave-otter is right, on 42 only calm-fox.",
        "If both were equally good, chance would split them this unevenly once in 37 million test sets like this: "
        "the difference is real.",
    )


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((9_700, 30, 25, 245), "not statistically significant."),
        ((9_700, 60, 38, 202), "the difference is probably real."),
        ((9_700, 38, 70, 192), "the difference is real."),
        ((9_700, 30, 30, 240), "no difference to be seen."),
        ((9_700, 0, 0, 300), "no difference to be seen."),
    ],
)
def test_what_follows(counts: tuple[int, int, int, int], verdict: str) -> None:
    assert sentences(Comparison(*counts), "a", "b")[2].endswith(verdict)


def test_the_better_one_is_named_whichever_it_is() -> None:
    assert headline(Comparison(9_000, 5, 50, 0), "a", "b") == "b is better"
    assert headline(Comparison(9_000, 5, 6, 0), "a", "b") == "No significant difference"


def test_one_image_is_one() -> None:
    assert sentences(Comparison(50, 1, 0, 13), "a", "b")[1] == "On 1 image only a is right, on 0 only b."


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (1.0, "in 100 of 100"),
        (0.31, "in 31 of 100"),
        (0.05, "in 5 of 100"),
        (0.049, "once in 20"),
        (0.00026, "once in 3,800"),
        (2.6949e-08, "once in 37 million"),
        (1e-12, "less than once in a billion"),
        (0.0, "less than once in a billion"),
    ],
)
def test_odds(p: float, words: str) -> None:
    assert odds(p) == f"{words} test sets like this"


def test_p_as_reports_have_it() -> None:
    assert [p_text(p) for p in (1.0, 0.031, 2.69e-8, 0.0)] == ["1.000", "0.031", "2.7e-08", "below 1e-300"]


def test_the_table_has_the_first_in_rows() -> None:
    assert table(Comparison(9_700, 112, 42, 146), "a", "b") == [
        ("", "b right", "wrong"),
        ("a right", "9,700", "112"),
        ("wrong", "42", "146"),
    ]


# looks


def at(day: int, hour: int, minute: int) -> float:
    return datetime.datetime(2025, 11, day, hour, minute).astimezone().timestamp()


def test_looks_are_dated_and_a_day_is_named_once() -> None:
    assert looked_at(()) == "not evaluated yet"
    assert looked_at((at(25, 14, 2),)) == "evaluated once: 25 Nov 2025 14:02"
    test_evaluations = (at(25, 14, 2), at(25, 14, 9), at(26, 8, 30))
    assert looked_at(test_evaluations) == "evaluated 3 times: 25 Nov 2025 14:02, 14:09, 26 Nov 2025 08:30"


def test_of_many_looks_the_last_are_dated() -> None:
    assert dated([at(25, 14, n) for n in range(9)]) == "… 25 Nov 2025 14:05, 14:06, 14:07, 14:08"


def test_a_moment_that_no_calendar_has_is_left_out() -> None:
    assert looked_at((1e300,)) == "evaluated once"


# the panel


def shown(**changes: object) -> Snapshot:
    state = fold(whole_run(epochs=2, events_per_epoch=2))
    return Snapshot(state=msgspec.structs.replace(state, **changes) if changes else state)


@pytest.mark.parametrize("width", [20, 32, 42, 80, 160])
@pytest.mark.parametrize("height", [1, 5, 13, 19, 37])
def test_the_panel_fits(width: int, height: int) -> None:
    text = final_test.panel(shown(), width, height)
    lines = text.split("\n", allow_blank=True)
    assert len(lines) <= height
    assert max(line.cell_length for line in lines) <= width


def test_the_looks_are_told_before_the_bars_where_room_is_short() -> None:
    text = final_test.panel(shown(test_evaluations=(1.0, 2.0)), 32, 13).plain
    assert "evaluated 2 times" in text
    assert "biases the result" in text.replace("\n", " ")


def test_a_network_that_has_learned_nothing_is_said_to_have() -> None:
    snapshot = shown(tests=(test_result(collapsed(3), 2),))
    assert "Every image is predicted as 3: it has learned nothing." in final_test.panel(snapshot, 60, 19).plain


def test_the_best_weights_are_shown_unless_the_last_are_wanted() -> None:
    best, last = test_result(confusion(), 2), msgspec.structs.replace(test_result(confusion(0.9), 3), weights="last")
    state = RunState(tests=(best, last))
    assert final_test.shown_test(state) is best
    assert final_test.shown_test(state, "last") is last
    assert final_test.shown_test(RunState(tests=(last,)), "best") is last
    assert final_test.shown_test(RunState()) is None


def test_wrong_images_are_in_order_of_how_sure_they_were() -> None:
    images = (WrongImage(3, 4, 9, 0.5), WrongImage(8, 7, 2, 0.75), WrongImage(5, 1, 7, 0.75))
    test = msgspec.structs.replace(test_result(confusion(), 2), wrong_images=images)
    assert [each.index for each in final_test.wrong_images(test)] == [5, 8, 3]
    assert final_test.wrong_images(None) == ()


@pytest.mark.parametrize("width", [20, 30, 40])
def test_a_wrong_image_fills_its_line(width: int) -> None:
    line = "".join(text for text, _ in final_test.wrong_row(WrongImage(9_999, 4, 9, 0.88714), width))
    assert len(line) < width
    assert line.split()[0] == "9999"
    assert line.endswith("88.71%")
