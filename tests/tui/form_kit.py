"""The form alone in an app, and texts that no field takes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.pilot import Pilot

from engine.config import HYPERPARAMETERS, TrainConfig
from tui.terminal.input_queue import QueuedInputApp
from tui.widgets.choice import SIGNS, Signs
from tui.widgets.field_row import FieldRow
from tui.widgets.form import HyperparameterForm

WRONG = [
    *(("learning_rate", text) for text in ("nan", "inf", "-inf", "-0.1", "", "  ", "1e", "abc", "1e999", "1,5")),
    *(("weight_decay", text) for text in ("-1", "11")),
    *(("dropout", text) for text in ("1", "1.0", "1.5", "-1")),
    *(("epochs", text) for text in ("0", "-3", "2.5", "999999999", "1e400", "")),
    *(("batch_size", text) for text in ("0", "-8", "60001")),
    *(("seed", text) for text in ("-1", "99999999999999999999", "9" * 190)),
    *(("hidden", text) for text in ("", ",", "128,x", "0", "8193", "1," * 17, "nan")),
]
"""Field, and a text that is no value of it."""


class FormApp(QueuedInputApp):
    """The form alone, with single-letter keys as the program has them."""

    AUTO_FOCUS = None
    BINDINGS: ClassVar = [("r", "note('r')"), ("p", "note('p')")]

    def __init__(self, config: TrainConfig | None = None, preset: str = "", signs: Signs = SIGNS) -> None:
        super().__init__()
        self.form = HyperparameterForm(config, preset, signs=signs)
        self.edits: list[HyperparameterForm.Edited] = []
        self.focused_fields: list[str] = []
        self.letters: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.form

    def action_note(self, letter: str) -> None:
        self.letters.append(letter)

    def on_hyperparameter_form_edited(self, event: HyperparameterForm.Edited) -> None:
        self.edits.append(event)

    def on_hyperparameter_form_field_focused(self, event: HyperparameterForm.FieldFocused) -> None:
        self.focused_fields.append(event.name)

    def row(self, name: str) -> FieldRow:
        return self.form.query_one(f"#field-{name}", FieldRow)

    def screen_lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]

    def line(self, name: str) -> str:
        """The first line of a row as it is on the screen."""
        return self.screen_lines()[self.row(name).region.y]

    def fault(self, name: str) -> str:
        """The message under a row as it is on the screen, on one line."""
        region = self.row(name).region
        lines = self.screen_lines()[region.y + 1 : region.bottom]
        return " ".join(line[:-1].strip() for line in lines)


async def ready(pilot: Pilot[None], name: str = "") -> None:
    """Wait until every row is there and the field has the focus."""
    app = pilot.app
    assert isinstance(app, FormApp)
    if name:
        app.form.focus_field(name)
    while len(app.query(FieldRow)) < len(HYPERPARAMETERS) or (name and name not in app.focused_fields):
        await pilot.pause()
    await pilot.pause()
