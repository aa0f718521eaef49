"""Draw."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.keys import Where, bindings
from tui.screens.page import Page


class DrawScreen(Page):
    """Draw."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("draw")
    HERE = "draw"
    KEYS: ClassVar[tuple[Where, ...]] = ("draw", "everywhere")
