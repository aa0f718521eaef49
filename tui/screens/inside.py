"""Inside."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.keys import Where, bindings
from tui.screens.page import Page


class InsideScreen(Page):
    """Inside."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("inside")
    HERE = "inside"
    KEYS: ClassVar[tuple[Where, ...]] = ("inside", "everywhere")
