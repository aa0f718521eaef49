"""The test of a run: its figure, how sure that is, where the errors are, and how often the test set was looked at."""

from __future__ import annotations

import textwrap
from itertools import zip_longest

from textual.content import Content

from engine.analysis.intervals import only_prediction, worst_pairs
from engine.events import CheckpointKind, TestResult, WrongImage
from engine.state.run_state import RunState
from engine.text import numbers
from tui.views.big_number import big
from tui.views.data_set import elsewhere, shown_overlap
from tui.views.snapshot import Snapshot
from tui.views.tables import digit_bars
from tui.views.test_evaluations import NO_HONEST_ONE, looked_at

Lines = list[Content]
_LEFT, _GAP, _RIGHT = 34, 3, 36
"""Cells of the figures at the left, between the parts, and the least for the bars."""
_READABLE = 72
"""Cells of the longest line of prose."""
_PAIRS = 6
_LEAST_BARS = 6
"""Rows of bars in two columns, with their heading."""
_NAMES: dict[CheckpointKind, str] = {"best": "best weights", "last": "last weights"}


def shown_test(state: RunState, weights: CheckpointKind | None = None) -> TestResult | None:
    """The latest look with these weights, where there is one; else with the best, which were chosen by validation."""
    test_evaluations = {test.weights: test for test in state.tests}
    return (test_evaluations.get(weights) if weights else None) or state.tested


def other_test(state: RunState, test: TestResult) -> TestResult | None:
    """The latest look with the other weights."""
    return next((each for each in state.tests if each.weights != test.weights), None)


def panel(
    snapshot: Snapshot,
    width: int,
    height: int,
    *,
    weights: CheckpointKind | None = None,
    evaluating: str = "",
    no_images: str = "",
    ascii_only: bool = False,
) -> Content:
    """The test in `width` × `height` cells. `weights`: whose look is wanted, `looking`: the run that is being looked at,
    `no_images`: why no pictures are shown beside it."""
    if width <= 0 or height <= 0:
        return Content("")
    state = snapshot.state
    test = None if snapshot.running else shown_test(state, weights)
    if test is not None and evaluating != state.run:
        lines = _tested(state, test, width, height, ascii_only, no_images)
    else:
        lines = _waiting(snapshot, evaluating, min(width, _READABLE))
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines[:height])


def _waiting(snapshot: Snapshot, evaluating: str, width: int) -> Lines:
    """Why there is no figure, and what brings one."""
    state = snapshot.state
    if not state.run:
        return _wrapped("No run yet: 1 goes to the training screen, r starts one there.", width, "$muted")
    if evaluating == state.run:
        return [*_headed("Evaluating on the test set …", width), *_wrapped("It takes a few seconds.", width, "$muted")]
    if snapshot.running:
        lines = _headed("The test set waits for the end of the run", width)
        lines += _wrapped(
            "It is evaluated once, with the weights that did best on validation. "
            "Choosing by earlier test results would bias the final figure.",
            width,
        )
        lines += [Content(""), *_wrapped("s stops the run and tests it.", width, "$muted")]
    else:
        lines = _headed("Not tested", width)
        lines += _wrapped(state.finished.reason if state.finished else "The run was left before its end.", width)
        lines += [Content(""), *_wrapped("e: evaluate the best weights on the test set.", width, "$muted")]
    if state.test_evaluations:
        lines += [
            Content(""),
            *_wrapped(f"The test set of this run was {looked_at(state.test_evaluations)}.", width, "$muted"),
        ]
    return lines


def _headed(words: str, width: int) -> Lines:
    return [*_wrapped(words, width, "bold"), Content("")]


def _tested(state: RunState, test: TestResult, width: int, height: int, ascii_only: bool, no_images: str = "") -> Lines:
    pairs = worst_pairs(test.confusion, _PAIRS)
    if width >= _LEFT + _GAP + _RIGHT:
        notes = _notes(state, test, _LEFT, no_images)
        left = [
            *_metrics(state, test, _LEFT, ascii_only),
            *_overlap(test, _LEFT),
            Content(""),
            *_test_evaluations(state, _LEFT),
            *notes,
        ]
        right = digit_bars(test, pairs, min(width - _LEFT - _GAP, 60), height, ascii_only=ascii_only)
        blank = Content("")
        return [
            a.pad_right(max(_LEFT + _GAP - a.cell_length, 0)) + b for a, b in zip_longest(left, right, fillvalue=blank)
        ]
    test_evaluations = [
        *_overlap(test, width),
        *_test_evaluations(state, width),
        *_notes(state, test, width, no_images),
    ]
    lines = [*_metrics(state, test, width, ascii_only), *test_evaluations]
    if len(lines) > height:  # a smaller figure, so that the looks are told
        lines = [*_metrics(state, test, width, True), *test_evaluations]
    room = height - len(lines)
    gap = [] if room == _LEAST_BARS else [Content("")]
    bars = digit_bars(test, pairs[:4], width, room - len(gap), ascii_only=ascii_only) if room > 1 else []
    return [*lines, *gap, *bars]


def _metrics(state: RunState, test: TestResult, width: int, ascii_only: bool) -> Lines:
    lines = [Content.styled(row, "bold $success") for row in big(numbers.percent(test.accuracy), ascii_only=ascii_only)]
    lines.append(Content.assemble(("test accuracy", "bold"), f", {_NAMES[test.weights]}"[: max(width - 13, 0)]))
    if (digit := only_prediction(test.confusion)) is not None:
        lines += _wrapped(f"Every image is predicted as {digit}: it has learned nothing.", width, "bold $error")
    other = other_test(state, test)
    if other is not None:
        return [*lines, *_side_by_side(*sorted((test, other), key=lambda each: each.weights), shown=test)]
    return [
        *lines,
        Content(f"95% interval {numbers.interval(test.low, test.high)}"),
        Content(f"{numbers.count(test.wrong)} of {numbers.count(test.images)} misclassified"),
        Content(f"test loss {numbers.loss(test.loss)}, epoch {test.epoch}"),
    ]


def _overlap(test: TestResult, width: int) -> Lines:
    """That it was tested on images it had seen."""
    return [each for line in shown_overlap(test) for each in _wrapped(line, min(width, _READABLE), "bold $error")]


def _notes(state: RunState, test: TestResult, width: int, no_images: str) -> Lines:
    """Looks at other data, and why there are no pictures."""
    reported = [
        *elsewhere(state.elsewhere),
        *([f"No pictures: {no_images}"] if no_images and test.wrong_images else []),
    ]
    return [each for line in reported for each in _wrapped(line, min(width, _READABLE), "$accent")]


def _side_by_side(best: TestResult, last: TestResult, *, shown: TestResult) -> Lines:
    """The latest look with the best and with the last weights, the one that is shown in bold."""
    rows = [
        ("epoch", f"best {best.epoch}", f"last {last.epoch}"),
        ("accuracy", numbers.percent(best.accuracy), numbers.percent(last.accuracy)),
        ("95% from", numbers.percent(best.low), numbers.percent(last.low)),
        ("to", numbers.percent(best.high), numbers.percent(last.high)),
        ("wrong", numbers.count(best.wrong), numbers.count(last.wrong)),
        ("loss", numbers.loss(best.loss), numbers.loss(last.loss)),
    ]
    lines = []
    for name, *values in rows:
        cells = [
            (value.rjust(10), "bold" if test is shown else "") for value, test in zip(values, (best, last), strict=True)
        ]
        lines.append(Content.assemble((name.ljust(9), "$muted"), *cells))
    return lines


def _test_evaluations(state: RunState, width: int) -> Lines:
    """How often the test set was looked at: in the color of a warning where it was more than once."""
    again = len(state.test_evaluations) > 1
    words = looked_at(state.test_evaluations) + (f"; {NO_HONEST_ONE}" if again else "")
    return _wrapped(words, min(width, _READABLE), "$accent" if again else "$muted")


def _wrapped(words: str, width: int, style: str = "") -> Lines:
    return [
        Content.styled(line, style) if style else Content(line)
        for line in textwrap.wrap(words, max(width, 10), break_on_hyphens=False)
    ]


# the list of wrong images


def wrong_images(test: TestResult | None) -> tuple[WrongImage, ...]:
    """The images misclassified, the most confident first."""
    return tuple(sorted(test.wrong_images, key=lambda each: (-each.probability, each.index))) if test else ()


def wrong_row(image: WrongImage, width: int, *, ascii_only: bool = False) -> list[tuple[str, str]]:
    """One of them on a line: its index in the test set, label and reading, and the probability of the reading."""
    said = (
        f"{image.label} as {image.prediction}"
        if width >= 26
        else f"{image.label}{'>' if ascii_only else '→'}{image.prediction}"
    )
    return [
        (f"{image.index:>6}  ", "muted"),
        (said, "wrong"),
        (numbers.percent(image.probability).rjust(width - 9 - len(said)), ""),
    ]


def wrong_title(test: TestResult | None) -> str:
    """What the list holds."""
    return f"Wrong: {numbers.count(len(test.wrong_images))}" if test else "Wrong images"
