"""The confusion matrix, the figures by digit and the calibration as text."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from textual.color import Color

from engine.analysis.calibration import answers, reliability
from engine.analysis.confusion import Matrix, difference
from tests.events_kit import collapsed, confusion
from tui.app.themes import THEMES
from tui.plotting.colors import contrast
from tui.views import by_digit, calibration
from tui.views.by_digit import ByDigit
from tui.views.calibration import THRESHOLDS, USUAL, Calibration
from tui.views.confusion import (
    RIGHT_SHADES,
    WRONG_SHADES,
    MatrixView,
    cell_sentence,
    cell_text,
    grid,
    heading,
    matrix,
)

TABLE = confusion()
VIEW = MatrixView(TABLE, "counts", (4, 9))
SIZES = [(48, 12), (58, 14), (78, 20), (78, 36), (138, 46)]
"""Inside the frame of windows from 50×16 to 200×50."""


def numbers(line: str) -> list[str]:
    return re.sub("([+−])", r" \1", line.replace("·", " 0 ")).split()


# the matrix


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("values", ["counts", "percent", "change"])
def test_the_matrix_fits_and_every_count_can_be_read(width: int, height: int, values: str) -> None:
    change = difference(TABLE, confusion(0.9))
    view = replace(VIEW, values=values, change=change, since=2)
    lines = matrix(view, width, height).plain.splitlines()
    layout = grid(width, height)
    assert len(lines) == layout.rows <= height - 1, "one line is left for the sentence"
    assert max(map(len, lines)) <= width
    rows = [line for line in lines[layout.header :] if line.strip()][:10]
    for label, line in enumerate(rows):
        shown = [
            str(label),
            *(cell_text(view, label, prediction, narrow=width < 50).replace("·", "0") for prediction in range(10)),
        ]
        assert numbers(line)[:11] == shown


def test_a_row_ends_with_its_images_and_the_share_read_rightly() -> None:
    lines = matrix(VIEW, 78, 20).plain.splitlines()
    assert lines[0].split() == ["true", "↓", "predicted", "→"]
    assert lines[1].split() == [*map(str, range(10)), "images", "right"]
    assert lines[6].split()[-3:] == ["22", "982", "95.1%"]
    assert matrix(VIEW, 58, 14).plain.splitlines()[6].split()[-1] == "95.1%"


def test_sums_stand_below_where_there_is_room() -> None:
    last = matrix(VIEW, 78, 36).plain.splitlines()[-1]
    assert last.split()[:2] == ["all", str(sum(row[0] for row in TABLE))]
    assert last.endswith("10,000  97.8%")


def test_five_digit_counts_widen_the_cells() -> None:
    huge: Matrix = tuple(tuple(60_000 if i == j else 12_345 for j in range(10)) for i in range(10))
    for width, height in SIZES[1:]:
        layout = grid(width, height, 5)
        row = matrix(replace(VIEW, table=huge), width, height).plain.splitlines()[layout.header + layout.tall // 2]
        assert row.count("12345") == 9 or layout.columns > width


def test_percent_is_of_the_row_and_exact_only_where_it_is() -> None:
    table = [[0] * 10 for _ in range(10)]
    table[0][0], table[0][1], table[1][1], table[2][3] = 99_999, 1, 7, 3
    view = replace(VIEW, table=tuple(map(tuple, table)), values="percent")
    texts = [cell_text(view, *cell) for cell in ((0, 0), (0, 1), (1, 1), (1, 2), (2, 3), (9, 9))]
    assert texts == ["99.9", "0.1", "100", "·", "100", "·"]


def test_change_has_signs() -> None:
    change = tuple(
        tuple(3 if (i, j) == (4, 4) else -2 if (i, j) == (4, 9) else 0 for j in range(10)) for i in range(10)
    )
    view = replace(VIEW, values="change", change=change, since=2)
    assert [cell_text(view, 4, prediction) for prediction in (4, 9, 0)] == ["+3", "−2", "·"]
    assert heading(view, 20) == "Confusion: what has changed since epoch 2"
    assert "no epoch before" in heading(replace(view, change=None), 20)
    assert cell_text(replace(view, change=None), 4, 9) == str(TABLE[4][9])


def test_a_cell_in_words() -> None:
    assert cell_sentence(VIEW, 40) == "4 predicted as 9: 22 of 982 (2.2%)"
    assert cell_sentence(VIEW, 76).endswith("; most confident first, enter shows all")
    right = replace(VIEW, cursor=(4, 4))
    assert cell_sentence(right, 76).startswith("4 correct: 934 of 982 (95.1%); least confident first")
    nothing = replace(VIEW, cursor=(0, 9), table=((980, *(0,) * 9), *TABLE[1:]))
    assert cell_sentence(nothing, 76) == "0 predicted as 9: never, in 980 images"
    absent = replace(VIEW, table=((0,) * 10, *TABLE[1:]), cursor=(0, 3))
    assert cell_sentence(absent, 76) == "There is no 0 among these images."


def test_a_cell_in_words_with_its_change() -> None:
    change = tuple(tuple(-5 if (i, j) == (4, 9) else 0 for j in range(10)) for i in range(10))
    view = replace(VIEW, values="change", change=change, since=2)
    assert cell_sentence(view, 60) == "4 predicted as 9: 22 of 982 (2.2%), 5 fewer than at epoch 2"
    assert cell_sentence(view, 48) == "4 predicted as 9: 22 of 982 (2.2%), 5 fewer"
    assert cell_sentence(replace(view, cursor=(9, 4)), 60).endswith("as many as at epoch 2")


def test_errors_are_shaded_on_a_scale_of_their_own_and_not_at_all_without_colors() -> None:
    styles = [str(span.style) for span in matrix(VIEW, 78, 20).spans]
    assert f"on $success {RIGHT_SHADES[-1]}%" in styles
    assert any(f"on $error {shade}%" in styles for shade in WRONG_SHADES[1:-1])
    plain = [str(span.style) for span in matrix(replace(VIEW, shaded=False), 78, 20).spans]
    assert not any("$error" in style or "$success" in style for style in plain)
    assert any("$block-cursor-background" in style for style in plain)


@pytest.mark.parametrize("name", THEMES)
def test_text_is_legible_on_every_shade(name: str) -> None:
    """WCAG 2.2, success criterion 1.4.3: a contrast of 4.5."""
    theme = THEMES[name]
    paper, ink = Color.parse(theme.background), Color.parse(theme.foreground)
    for color, shades in ((theme.success, RIGHT_SHADES), (theme.error, WRONG_SHADES)):
        backgrounds = [paper.blend(Color.parse(color), shade / 100) for shade in shades]
        assert all(contrast(ink, background) >= 4.5 for background in backgrounds)
        apart = [contrast(paper, background) for background in backgrounds]
        assert apart == sorted(apart), "a darker shade is a higher level"
        assert apart[-1] > 1.3


# the figures by digit


@pytest.mark.parametrize(("width", "height"), [(46, 12), (56, 14), (76, 20), (36, 36), (56, 46)])
def test_the_table_by_digit_is_whole_at_every_size(width: int, height: int) -> None:
    lines = by_digit.panel(ByDigit(TABLE, 2, (3, 4)), width, height).plain.splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("97.81% accuracy")
    found = [line.split() for line in lines]
    assert all(any(words[:1] == [str(digit)] for words in found) for digit in range(10))


def test_figures_interval_means_and_pairs() -> None:
    text = by_digit.panel(ByDigit(TABLE), 76, 20).plain
    assert "95% interval 97.50 to 98.08%" in text
    row = next(line for line in text.splitlines() if line.split()[:1] == ["4"])
    assert row.split()[1:5] == ["98.01%", "95.11%", "96.54%", "lowest"]
    assert "4 → 9: 22" in text
    assert any(line.split()[:1] == ["mean"] for line in text.splitlines())


def test_the_lowest_is_marked_without_color_where_the_word_has_no_room() -> None:
    lines = by_digit.panel(ByDigit(TABLE), 36, 36).plain.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("↓")] == ["4"]


def test_a_digit_never_read_is_said_in_words_instead_of_a_division_by_zero() -> None:
    table = [list(row) for row in TABLE]
    for row in table:
        row[6] += row[5]
        row[5] = 0
    text = by_digit.panel(ByDigit(tuple(map(tuple, table))), 44, 36).plain
    assert "No image was predicted as 5." in text
    five = next(line for line in text.splitlines() if line.split()[:1] == ["5"])
    assert five.split()[1:] == ["none", "read", "0.00%", "0.00%", "lowest"]
    assert " ".join(text.split()).endswith("(macro average); of precision over the 9 digits that are read")


def test_what_has_collapsed_is_called_so() -> None:
    text = by_digit.panel(ByDigit(collapsed(3)), 44, 36).plain
    assert "Reads everything as 3." in text
    assert "lowest" not in text


def test_no_errors_and_no_images() -> None:
    perfect: Matrix = tuple(tuple(5 if i == j else 0 for j in range(10)) for i in range(10))
    assert "Nothing is misclassified." in by_digit.panel(ByDigit(perfect), 44, 36).plain
    assert "No images." in by_digit.panel(ByDigit(((0,) * 10,) * 10), 44, 36).plain


def test_what_turned_since_the_epoch_before() -> None:
    assert "Since epoch 2: 80 fixed, 40 regressed." in by_digit.panel(ByDigit(TABLE, 2, (80, 40)), 76, 20).plain


# calibration


def calibrated(confidences: list[float], right: list[bool], cursor: int = USUAL) -> Calibration:
    sure, hits = np.array(confidences, np.float32), np.array(right, np.bool_)
    return Calibration(reliability(sure, hits), answers(sure, hits, THRESHOLDS), cursor)


SURER = calibrated([0.9] * 200 + [0.55] * 100, [n % 10 < 6 for n in range(200)] + [n % 2 == 0 for n in range(100)])
FAIR = calibrated([0.75] * 400, [n % 4 < 3 for n in range(400)])


def test_in_words_whether_it_is_surer_than_right() -> None:
    said = calibration.in_words(SURER.bins)
    assert said.startswith("Overconfident: mean confidence 78.3%, accuracy 56.7%")
    assert "at confidence 90% the accuracy is 60%" in said
    assert said.endswith("Expected calibration error 21.67%.")


def test_in_words_when_it_is_neither() -> None:
    assert calibration.in_words(FAIR.bins).startswith("Well calibrated")
    shy = calibrated([0.5] * 300, [True] * 300)
    assert calibration.in_words(shy.bins).startswith("Underconfident")
    assert calibration.in_words(calibrated([], []).bins) == "There are no images."


@pytest.mark.parametrize(("width", "height"), [(48, 12), (58, 14), (48, 20), (78, 36), (132, 46)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_diagram_fits_and_counts_its_images(width: int, height: int, ascii_only: bool) -> None:
    drawn = calibration.diagram(SURER, width, height, with_answer=True, ascii_only=ascii_only).plain
    lines = drawn.splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    counts = next(line for line in lines if line.startswith(" count"))
    assert counts.split()[1:] == ["0", "0", "0", "0", "0", "100", "0", "0", "200", "0"]
    assert "threshold of" in drawn
    assert not ascii_only or drawn.isascii()


def test_a_bar_is_as_high_as_its_accuracy_and_its_mark_as_its_confidence() -> None:
    value = calibrated([0.99] * 100, [n < 50 for n in range(100)])
    lines = calibration.diagram(value, 58, 30, with_answer=False, ascii_only=True).plain.splitlines()
    top, bottom = (next(n for n, line in enumerate(lines) if line.startswith(axis)) for axis in ("  100%", "    0%"))
    column = [line[-5:].strip()[:1] for line in lines[top : bottom + 1]]
    rows = len(column)
    assert column[0] == "=", "0.99 lies in the top row"
    assert column.count("#") == pytest.approx(rows / 2, abs=0.5)
    assert column.count(":") == rows - 1 - column.count("#"), "and all between says overconfident"


def test_large_counts_are_written_short() -> None:
    value = calibrated([0.75] * 9_548 + [0.95] * 9_548, [True] * (2 * 9_548))
    drawn = calibration.diagram(value, 48, 20, with_answer=False, ascii_only=False).plain
    assert next(line for line in drawn.splitlines() if "count" in line).split()[-4:] == ["0", "10k", "0", "9,548"]


def test_answers_in_words_and_in_a_table() -> None:
    value = calibrated([0.99] * 90 + [0.5] * 10, [True] * 89 + [False] * 11)
    assert calibration.answer_sentence(value.chosen) == (
        "At a threshold of 95%, coverage is 90.0% and accuracy 98.89%."
    )
    assert "Without a threshold" in calibration.answer_sentence(value.answers[0])
    assert calibration.answer_sentence(value.answers[-1]).endswith("At a threshold of 99.9%, nothing is accepted.")
    lines = calibration.answers_table(value, 60, 20, ascii_only=False).plain.splitlines()
    assert lines[0].split() == ["threshold", "coverage", "accuracy", "wrong"]
    marked = [line for line in lines if line.startswith("▸")]
    assert [line.split()[:5] for line in marked] == [["▸", "95%", "90.0%", "98.89%", "1"]]
    assert "none" in lines[len(THRESHOLDS)]


@pytest.mark.parametrize(("width", "height"), [(28, 20), (38, 36), (58, 46)])
def test_the_table_of_answers_fits(width: int, height: int) -> None:
    rounded = replace(SURER, exact=False)
    lines = calibration.answers_table(rounded, width, height, ascii_only=True).plain.splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert "threshold of" in "\n".join(lines)
    steps = "steps of" in calibration.answers_table(rounded, 58, 46, ascii_only=True).plain
    assert steps and "steps of" not in calibration.answers_table(SURER, 58, 46, ascii_only=True).plain
