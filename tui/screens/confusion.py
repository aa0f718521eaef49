"""Confusion."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.keys import Where, bindings
from tui.screens.inspecting import InspectingPage


class ConfusionScreen(InspectingPage):
    """Confusion."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("confusion")
    HERE = "confusion"
    KEYS: ClassVar[tuple[Where, ...]] = ("confusion", "inspect", "everywhere")
