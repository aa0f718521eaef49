"""Digits."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.keys import Where, bindings
from tui.screens.inspecting import InspectingPage


class DigitsScreen(InspectingPage):
    """Digits."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("digits")
    HERE = "digits"
    KEYS: ClassVar[tuple[Where, ...]] = ("digits", "inspect", "everywhere")
