"""Which digits are taken for which: the matrix with its figures, and whether the network is as sure as it is right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Static

from engine.analysis.calibration import answers, reliability
from engine.analysis.confusion import DIGITS, Matrix, cell_examples, confusion_matrix, difference, turned
from engine.analysis.intervals import worst_pairs
from tui.data.predictions import Bytes, Inspected
from tui.keymap.bindings import Key, Where, bindings
from tui.screens.inspecting import InspectingPage
from tui.terminal.line_filters import has_few_colors
from tui.views import by_digit, calibration, confusion
from tui.views.by_digit import ByDigit
from tui.views.calibration import THRESHOLDS, USUAL, Calibration
from tui.views.confusion import Cell, MatrixView, Values
from tui.views.digit_view import DigitView
from tui.widgets import matrix
from tui.widgets.line import frame
from tui.widgets.matrix import Examples
from tui.widgets.value_text import ValueText

Pane = Literal["matrix", "figures", "calibration"]
_NONE: Matrix = ((0,) * DIGITS,) * DIGITS


class ConfusionScreen(InspectingPage):
    """Matrix and figures beside each other where the window is wide, else one of them; calibration in their place."""

    CSS_PATH = "confusion.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("confusion")
    HERE = "confusion"
    KEYS: ClassVar[tuple[Where, ...]] = ("confusion", "inspect", "everywhere")

    pane: var[Pane] = var[Pane]("matrix", init=False)

    def __init__(self) -> None:
        super().__init__(classes="pane-matrix")
        self._inspected: Inspected | None = None
        self._of = ("", "")
        self._table = _NONE
        self._earlier: tuple[int, Bytes] | None = None
        self._values: Values = "counts"
        self._cell: Cell = (0, 0)
        self._threshold = USUAL

    def content(self) -> Iterable[Widget]:
        """All panes; the stylesheet shows those that are wanted and have room."""
        self.matrix, self.examples = matrix.Matrix(id="matrix"), Examples(id="examples")
        self.sentence = matrix.Sentence(id="sentence")
        self.figures = ValueText[ByDigit](self._by_digit, id="figures")
        self.diagram = ValueText[Calibration](self._diagram, id="diagram")
        self.answers = ValueText[Calibration](self._answers, id="answers")
        self.nothing = Static("", id="nothing", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="cells") as self.cells:
                yield self.matrix
                yield self.sentence
                yield self.examples
            yield self.figures
            yield self.diagram
            yield self.answers
        yield self.nothing

    def on_mount(self) -> None:
        ascii_only = self.program.ascii_only
        self.examples.mode = "ascii" if ascii_only else "shade" if has_few_colors(self.app) else "color"
        frame(self.figures, "By digit")
        frame(self.diagram, "Calibration")
        frame(self.answers, "Answer only when sure")
        super().on_mount()

    # what there is to show

    def show_inspected(self, inspected: Inspected) -> None:
        """Follow another epoch or split; the cursor stays where it is, and begins at the commonest error of a run."""
        self.set_class(False, "-nothing")
        self._inspected = inspected
        self._table = confusion_matrix(inspected.labels, inspected.predictions)
        self._earlier = _earlier(inspected)
        if self._of != (inspected.run, inspected.split):
            self._of = (inspected.run, inspected.split)
            self._cell = next((pair[:2] for pair in worst_pairs(self._table, 1)), (0, 0))
        self._tell_all(inspected)

    def show_nothing(self, why: str) -> None:
        """Say why in the middle of the window."""
        self._inspected = None
        self.set_class(True, "-nothing")
        if str(self.nothing.content) != why:
            self.nothing.update(why)

    def _tell_all(self, inspected: Inspected) -> None:
        place = _place(inspected)
        for part in (self.cells, self.figures, self.diagram):
            frame(part, subtitle=place)
        changed = (0, 0)
        if self._earlier:
            changed = turned(inspected.labels, self._earlier[1], inspected.predictions)
        self.figures.tell(ByDigit(self._table, self._earlier[0] if self._earlier else None, changed))
        self._tell_matrix(inspected)
        self._tell_calibration(inspected)

    def _tell_matrix(self, inspected: Inspected) -> None:
        since, change = None, None
        if self._values == "change" and self._earlier:
            since, predictions = self._earlier
            change = difference(self._table, confusion_matrix(inspected.labels, predictions))
        shaded = not has_few_colors(self.app)
        view = MatrixView(self._table, self._values, self._cell, change, since, shaded)
        self._name_axes(view)
        self.matrix.tell(view)
        self.sentence.tell(view)
        self.examples.tell(_examples(inspected, self._cell))

    def _name_axes(self, view: MatrixView) -> None:
        frame(self.cells, confusion.heading(view, self.size.height - 4))  # title, keys and frame

    def on_resize(self) -> None:
        """A small window names the axes in the frame."""
        if self.matrix.value is not None:
            self._name_axes(self.matrix.value)

    def _tell_calibration(self, inspected: Inspected) -> None:
        if self.pane != "calibration":
            return
        right = ~inspected.misclassified
        bins = reliability(inspected.confidences, right)
        value = Calibration(
            bins,
            answers(inspected.confidences, right, THRESHOLDS),
            self._threshold,
            exact=inspected.probabilities is not None,
            shaded=not has_few_colors(self.app),
        )
        self.diagram.tell(value)
        self.answers.tell(value)

    def _diagram(self, value: Calibration, width: int, height: int) -> Content:
        alone = not self.answers.display
        return calibration.diagram(value, width, height, with_answer=alone, ascii_only=self.program.ascii_only)

    def _by_digit(self, value: ByDigit, width: int, height: int) -> Content:
        return by_digit.panel(value, width, height, ascii_only=self.program.ascii_only)

    def _answers(self, value: Calibration, width: int, height: int) -> Content:
        return calibration.answers_table(value, width, height, ascii_only=self.program.ascii_only)

    # panes

    def watch_pane(self, before: Pane, pane: Pane) -> None:
        """Show another pane."""
        self.remove_class(f"pane-{before}")
        self.add_class(f"pane-{pane}")
        if self._inspected is not None:
            self._tell_calibration(self._inspected)

    def action_pane(self, pane: Pane) -> None:
        """To a pane, or from it back to the matrix."""
        self.pane = "matrix" if pane == self.pane else pane

    def has_effect(self, key: Key) -> bool:
        """Not what is seen anyway, or is not there."""
        if key.where != "confusion" or not super().has_effect(key):
            return super().has_effect(key)
        label, prediction = self._cell
        match key.action:
            case "pane('figures')":
                return self.pane == "calibration" or not self.has_class("-wide")
            case "change":
                return self._earlier is not None or self._values == "change"
            case "next_error":
                return any(pair[:2] != self._cell for pair in worst_pairs(self._table, 2)) or self.pane == "calibration"
            case "open_cell":
                return self.pane != "calibration" and self._table[label][prediction] > 0
        return True

    # the cursor

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cell, or the threshold where that is seen."""
        if self.pane == "calibration":
            self.action_threshold(self._threshold + rows + columns)
            return
        label, prediction = self._cell
        self._go_to((min(max(label + rows, 0), DIGITS - 1), min(max(prediction + columns, 0), DIGITS - 1)))

    def action_cell(self, label: int, prediction: int) -> None:
        """A click on a cell, or on a pair: the first goes there, the second shows its digits."""
        if (label, prediction) == self._cell and self.pane == "matrix":
            self.action_open_cell()
            return
        self.pane = "matrix"
        self._go_to((label, prediction))

    def action_next_error(self) -> None:
        """The next most frequent error, and after the last the first again."""
        pairs = [pair[:2] for pair in worst_pairs(self._table, DIGITS * DIGITS)]
        if pairs:
            place = pairs.index(self._cell) + 1 if self._cell in pairs else 0
            self.pane = "figures" if self.pane == "figures" else "matrix"
            self._go_to(pairs[place % len(pairs)])

    def action_threshold(self, place: int) -> None:
        """Another threshold."""
        self._threshold = min(max(place, 0), len(THRESHOLDS) - 1)
        if self._inspected is not None:
            self._tell_calibration(self._inspected)

    def action_percent(self) -> None:
        """Percent of each row, or counts."""
        self._show_values("counts" if self._values == "percent" else "percent")

    def action_change(self) -> None:
        """What has changed since the epoch before, or counts."""
        self._show_values("counts" if self._values == "change" else "change")

    def action_open_cell(self) -> None:
        """The digits of the cell, on their screen."""
        label, prediction = self._cell
        if self._inspected is None or self.pane == "calibration":
            return
        if not self._table[label][prediction]:
            self.notify(f"No {label} was predicted as {prediction}: there is nothing to show.", markup=False)
            return
        self.program.show_digits(label=label, prediction=prediction)

    def _go_to(self, cell: Cell) -> None:
        self._cell = cell
        if self._inspected is not None:
            self._tell_matrix(self._inspected)

    def _show_values(self, values: Values) -> None:
        self.pane = "matrix"
        self._values = values
        if self._inspected is not None:
            self._tell_matrix(self._inspected)


def _earlier(inspected: Inspected) -> tuple[int, Bytes] | None:
    """The epoch before the one that is shown and its readings (N,), where they were kept."""
    if inspected.epoch not in inspected.epochs:
        return None
    place = inspected.epochs.index(inspected.epoch)
    if place == 0:
        return None
    epoch = inspected.epochs[place - 1]
    return epoch, np.array(inspected.history.digits[inspected.history.at(epoch)])


def _place(inspected: Inspected) -> str:
    """Which images, read by the weights of which epoch."""
    if inspected.split == "test":
        return f"test set, weights of epoch {inspected.epoch}"
    return f"validation, epoch {inspected.epoch} of {inspected.epochs[-1]}"


def _examples(inspected: Inspected, cell: Cell) -> list[DigitView]:
    places = cell_examples(inspected.labels, inspected.predictions, inspected.confidences, cell, matrix.MOST)
    return [
        DigitView(
            inspected.images[place],
            int(inspected.labels[place]),
            int(inspected.predictions[place]),
            float(inspected.confidences[place]),
            place,
        )
        for place in places
    ]
