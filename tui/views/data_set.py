"""A run's data set in words: which it is, and which images are in two of its splits."""

from __future__ import annotations

from engine.events import Overlap, Tested, TestResult
from engine.fields import short
from engine.state.run_state import RunState
from engine.text.numbers import count, percent
from tui.data.run_summary import placed


def named(state: RunState) -> str:
    """The set of a run, by its name and its path; empty before it began."""
    if state.started is None:
        return ""
    name = short(state.started.data)
    return f"{name}, {placed(state.data)}" if state.data else name


def test_overlap(overlap: Overlap | None, images: int) -> list[str]:
    """What test images were seen in training, in sentences; nothing where none was, or nobody counted."""
    if overlap is None:
        return []
    found = ((overlap.test_in_training, "training"), (overlap.test_in_validation, "validation"))
    parts = [f"{count(number)} of {count(images)} are also {split} images" for number, split in found if number]
    if not parts:
        return []
    return [f"Of the test images {' and '.join(parts)}: the test accuracy is not that of new images."]


def overlaps(overlap: Overlap | None, validation_images: int, test_images: int) -> list[str]:
    """The same with the validation images that were trained on."""
    lines = test_overlap(overlap, test_images)
    if overlap is not None and overlap.validation_in_training:
        lines.append(
            f"Of the validation images {count(overlap.validation_in_training)} of {count(validation_images)} are also "
            "training images: the validation is not that of new images."
        )
    return lines


def of_run(state: RunState) -> list[str]:
    """The same of a run, as it was counted when it began."""
    begun = state.started
    return overlaps(begun.overlap, begun.validation_images, begun.test_images) if begun else []


def elsewhere(test_evaluations: tuple[Tested, ...]) -> list[str]:
    """Looks at other data than the run's, a sentence each."""
    return [
        f"On other data, {placed(each.identity)}, {percent(each.test.accuracy)} of {count(each.test.images)} test images "
        f"({each.test.weights} weights)."
        for each in test_evaluations
        if each.identity is not None
    ]


def shown_overlap(test: TestResult) -> list[str]:
    """Of a look at the test set."""
    return test_overlap(test.overlap, test.images)
