"""Which digits are shown, in what order, and how that is said in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from textual.content import Content

from engine.text import numbers
from tui.data.predictions import Inspected
from tui.views.status import Part, Signs, fit, text

Verdict = Literal["wrong", "right", "all"]
Order = Literal["surest", "unsure", "loss", "number"]
VERDICTS: tuple[Verdict, ...] = ("wrong", "right", "all")
ORDERS: tuple[Order, ...] = ("surest", "unsure", "loss", "number")

_ORDER_WORDS: dict[Order, str] = {
    "surest": "most confident first",
    "unsure": "least confident first",
    "loss": "highest loss first",
    "number": "by number",
}
_ROOMY = 56
"""Cells below which the line of the split and epoch is shortened."""
STEP = 1 / 255
"""The steps in which confidences on the validation set are kept (`engine.runs.validation_predictions`)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The digits to show: of one label, predicted as one digit (None: any), right or wrong, and their order."""

    label: int | None = None
    prediction: int | None = None
    verdict: Verdict = "all"
    order: Order = "number"

    def next_label(self, by: int) -> Selection:
        """The next label that there can be; after 9 comes any. A right digit is predicted as its label: no need to say both."""
        label = _next_digit(self.label, by, self.prediction if self.verdict == "wrong" else None)
        return replace(self, label=label, prediction=None if self.verdict == "right" else self.prediction)

    def next_prediction(self, by: int) -> Selection:
        """The next digit that can be read; after 9 comes any."""
        prediction = _next_digit(self.prediction, by, self.label if self.verdict == "wrong" else None)
        return replace(self, prediction=prediction, label=None if self.verdict == "right" else self.label)

    def next_verdict(self) -> Selection:
        """From the wrong ones to the right ones to all; of two digits that cannot be so, the label stays."""
        verdict = VERDICTS[(VERDICTS.index(self.verdict) + 1) % len(VERDICTS)]
        both = self.label is not None and self.prediction is not None
        impossible = both and verdict == ("wrong" if self.label == self.prediction else "right")
        return replace(self, verdict=verdict, prediction=None if impossible else self.prediction)

    def next_order(self) -> Selection:
        """The next order."""
        return replace(self, order=ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)])

    def words(self) -> str:
        """What is shown: "4s predicted as 9, least confident first"."""
        return f"{self._who()}, {_ORDER_WORDS[self.order]}"

    def nobody(self) -> str:
        """That there are none: "Nothing here: no 4s predicted as 9."."""
        if self.label is None and self != Selection(order=self.order):
            return f"Nothing here: no digits {self._who()}."
        return f"Nothing here: no {self._who().removeprefix('all ')}."

    def _who(self) -> str:
        of = "" if self.label is None else f"{self.label}s "
        if self.prediction is None:
            read = {"wrong": "misclassified", "right": "correct", "all": ""}[self.verdict]
            return f"{of}{read}".strip() or "all digits"
        how = {"wrong": "wrongly ", "right": "correctly ", "all": ""}[self.verdict]
        if self.label is not None and (self.verdict == "wrong") == (self.label != self.prediction):
            how = ""  # which is plain from the two digits
        return (
            f"{of}misclassified as {self.prediction}"
            if how == "wrongly "
            else f"{of}{how}predicted as {self.prediction}"
        )


def _next_digit(digit: int | None, by: int, left_out: int | None = None) -> int | None:
    """The digit `by` further of any, 0 to 9; one more where that is `left_out`."""
    place = (0 if digit is None else digit + 1) + by
    if left_out is not None and place % 11 == left_out + 1:
        place += by
    return place % 11 - 1 if place % 11 else None


def first_selection(inspected: Inspected) -> Selection:
    """What is worth a look before anything is chosen: the wrong ones, most confident first; without any, the least sure."""
    wrong = bool(inspected.misclassified.any())
    return Selection(verdict="wrong", order="surest") if wrong else Selection(order="unsure")


def pair(label: int | None, prediction: int | None) -> Selection:
    """A cell of the confusion matrix, or a row or column of it: then its wrong ones. Of the right ones least confident first."""
    if label is not None and label == prediction:
        return Selection(label, prediction, "right", "unsure")
    return Selection(label, prediction, "wrong", "surest")


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """−ln p of the true digit, of N images: `values` (N,) float64 in nats, and where they are `exact` (N,)."""

    values: npt.NDArray[np.float64]
    exact: npt.NDArray[np.bool_]


def losses(inspected: Inspected) -> Losses:
    """Every image's loss as far as it is known.

    Where all probabilities are kept it is exact. Else the probability c of the digit that was read is all there is, to
    half a step of 1/255: of a right reading the loss is −ln c; of a wrong one the true digit has what c leaves at most,
    and no more than c, so that the loss is at least −ln min(c, 1 − c).
    """
    right = inspected.label_probability()
    if right is not None:
        floor = np.finfo(np.float32).tiny
        return Losses(-np.log(np.maximum(right.astype(np.float64), floor)), np.ones(len(right), np.bool_))
    confidence = inspected.confidences.astype(np.float64)
    at_most = np.minimum(np.minimum(confidence, 1 - confidence) + STEP / 2, 1.0)
    likely = np.where(inspected.misclassified, at_most, np.maximum(confidence, STEP / 2))
    return Losses(-np.log(likely), ~inspected.misclassified)


def matching(inspected: Inspected, selection: Selection) -> npt.NDArray[np.intp]:
    """(M,): the places in the split of the images that are selected, in their order; equals by their place."""
    chosen = np.ones(len(inspected.labels), np.bool_)
    if selection.label is not None:
        chosen &= inspected.labels == selection.label
    if selection.prediction is not None:
        chosen &= inspected.predictions == selection.prediction
    if selection.verdict != "all":
        chosen &= inspected.misclassified if selection.verdict == "wrong" else ~inspected.misclassified
    found = np.flatnonzero(chosen)
    match selection.order:
        case "number":
            return found
        case "surest":
            key = -inspected.confidences[found].astype(np.float64)
        case "unsure":
            key = inspected.confidences[found].astype(np.float64)
        case "loss":
            key = -losses(inspected).values[found]
    return found[np.argsort(key, kind="stable")]


def same(one: Inspected, other: Inspected) -> bool:
    """Whether both show the same, so that nothing need be drawn again."""
    return (
        (one.run, one.split, one.epoch, one.epochs) == (other.run, other.split, other.epoch, other.epochs)
        and np.array_equal(one.predictions, other.predictions)
        and np.array_equal(one.confidences, other.confidences)
        and np.array_equal(one.labels, other.labels)
    )


def status(inspected: Inspected, selection: Selection, epochs: int, width: int, signs: Signs) -> Content:
    """Split, epoch, how many are wrong of how many; and of what the order by loss is made, where that is not plain."""
    wrong, total = int(inspected.misclassified.sum()), len(inspected.labels)
    validation, short = inspected.split == "validation", width < _ROOMY
    of = max(epochs, inspected.epoch)
    place = f"epoch {inspected.epoch}{'/' if short else ' of '}{of}" if validation else ""
    parts = [text(inspected.split, f"bold {'$validation' if validation else '$accent'}")]
    parts.append(text(place or f"{'' if short else 'weights of '}epoch {inspected.epoch}"))
    parts.append(Part(Content.assemble((numbers.count(wrong), "bold"), f" wrong of {numbers.count(total)}"), 0))
    if selection.order == "loss":
        parts.append(text(loss_legend(inspected), "$muted", 1))
    else:
        parts.append(text(f"{numbers.percent(1 - wrong / max(total, 1))} right", "$muted", 2))
    return fit(parts, width, closer(signs) if short else signs)


def closer(signs: Signs) -> Signs:
    """The signs of lines that have little room."""
    return replace(signs, between=f" {signs.between.strip()} ")


def loss_legend(inspected: Inspected) -> str:
    """What the loss of one digit is here."""
    if inspected.probabilities is not None:
        return "loss: −ln p of the true digit"
    return "loss: −ln p; of wrong ones at least that"


def page(place: int, size: int, total: int) -> range:
    """The places on the page that `place` is on, `size` to a page."""
    size = max(size, 1)
    first = min(max(place, 0), max(total - 1, 0)) // size * size
    return range(first, min(first + size, total))


def shown(places: range, total: int) -> str:
    """What part of all is seen: "1–12 of 163"."""
    if not places:
        return "none"
    return f"{numbers.count(places[0] + 1)}–{numbers.count(places[-1] + 1)} of {numbers.count(total)}"
