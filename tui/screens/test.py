"""Test."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.keys import Where, bindings
from tui.screens.page import Page


class TestScreen(Page):
    """Test."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("test")
    HERE = "test"
    KEYS: ClassVar[tuple[Where, ...]] = ("test", "everywhere")
