"""A bare Textual app with eight inputs: what a form costs before it does anything."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input


class BareForm(App[None]):
    """Eight inputs, one under the other."""

    def compose(self) -> ComposeResult:
        """The inputs; the last one is looked for."""
        for number in range(8):
            yield Input(value=f"field {number}")


if __name__ == "__main__":
    BareForm().run()
