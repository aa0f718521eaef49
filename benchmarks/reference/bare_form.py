"""A bare Textual app with eight inputs: the minimum cost of a form."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input


class BareForm(App[None]):
    """Eight inputs in a column."""

    def compose(self) -> ComposeResult:
        """The inputs; the benchmark waits for the last one."""
        for number in range(8):
            yield Input(value=f"field {number}")


if __name__ == "__main__":
    BareForm().run()
