"""Small tables in text: the epochs so far, and the test's errors by digit."""

from __future__ import annotations

from textual.content import Content

from engine.events import EpochEnded, TestResult
from engine.state.run_state import RunState
from engine.text import numbers

Pair = tuple[int, int, int]


def epoch_table(state: RunState, width: int, height: int, *, ascii_only: bool = False) -> list[Content]:
    """The latest epochs that fit, the newest last, the best one starred; columns are dropped where it is narrow."""
    star = "*" if ascii_only else "★"
    with_time, with_train_accuracy = width >= 56, width >= 45
    rows = max(height - 2, 0)
    first = Content.assemble(
        " " * 6,
        ("training".rjust(8), "$train"),
        " " * (10 if with_train_accuracy else 0),
        ("validation".rjust(11), "$validation"),
    )
    names = ["epoch".rjust(6), "loss".rjust(8)]
    names += ["accuracy".rjust(10)] if with_train_accuracy else []
    names += ["loss".rjust(9), "accuracy".rjust(11)]
    names += ["seconds".rjust(9)] if with_time else []
    lines = [first, Content.styled("".join(names), "$muted")]
    best = state.best
    latest = state.epochs[-rows:] if rows else ()
    lines += [_epoch_row(epoch, epoch is best, star, with_train_accuracy, with_time) for epoch in latest]
    return lines[:height]


def _epoch_row(epoch: EpochEnded, best: bool, star: str, with_train_accuracy: bool, with_time: bool) -> Content:
    def short(loss: float | None) -> str:
        text = numbers.loss(loss)
        return "none" if text == "not finite" else text

    cells = [f"{star if best else ' '}{epoch.epoch:>5}", short(epoch.train_loss).rjust(8)]
    cells += [numbers.percent(epoch.train_accuracy).rjust(10)] if with_train_accuracy else []
    cells += [short(epoch.validation_loss).rjust(9), numbers.percent(epoch.validation_accuracy).rjust(11)]
    cells += [f"{epoch.seconds:.1f}".rjust(9)] if with_time else []
    return Content.styled("".join(cells), "bold $validation" if best else "")


def digit_bars(
    test: TestResult, pairs: list[Pair], width: int, height: int, *, ascii_only: bool = False
) -> list[Content]:
    """The share misclassified of each digit as bars, in one column or two, and the commonest confusions under them."""
    said = _flowed([pair_text(pair, ascii_only=ascii_only) for pair in pairs], width, " - " if ascii_only else " · ")
    columns = 1 if height >= 13 or width < 36 else 2
    rows = -(-10 // columns)
    if height <= rows:
        return [*map(Content, said)][:height]
    room = (width - 3 * (columns - 1)) // columns
    wrong = [None if share is None else 1 - share for share in test.per_digit]
    worst = max((w for w in wrong if w is not None), default=0.0)
    lines = [Content.styled("Error rate by digit", "$muted")]
    for row in range(rows):
        bars = [_bar(digit, wrong[digit], worst, room, ascii_only) for digit in range(row, len(wrong), rows)]
        lines.append(Content("   ").join(bars))
    gap = [Content("")] if len(lines) + 1 + len(said) <= height else []
    return [*lines, *gap, *map(Content, said)][:height]


def _flowed(texts: list[str], width: int, between: str) -> list[str]:
    """The texts in as few lines as they fit, whole where they can be."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + len(between) + len(text) <= width:
            lines[-1] += between + text
        else:
            lines.append(text[: max(width, 0)])
    return lines


def _bar(digit: int, wrong: float | None, worst: float, width: int, ascii_only: bool) -> Content:
    if wrong is None:
        return Content.styled(f"{digit} not in the set".ljust(width)[:width], "$muted")
    metric = numbers.percent(wrong, 1).rjust(8)
    room = max(width - 2 - len(metric), 0)
    share = wrong / worst if worst else 0.0
    bar = "#" * round(share * room) if ascii_only else rule(share, room)
    style = "$accent" if wrong == worst and worst else "$secondary"
    return Content.assemble((f"{digit} ", "bold"), (bar.ljust(room), style), metric)


def rule(share: float, width: int) -> str:
    """A bar as a heavy line, to half a cell."""
    halves = round(min(max(share, 0.0), 1.0) * width * 2)
    return "━" * (halves // 2) + "╸" * (halves % 2)


def pair_text(pair: Pair, *, ascii_only: bool = False) -> str:
    """A confusion: "4 → 9: 21" (true 4 predicted as 9)."""
    label, prediction, times = pair
    return f"{label} {'->' if ascii_only else '→'} {prediction}: {numbers.count(times)}"
