"""The bottom line: the keys that mean something now. A click on one presses it."""

from __future__ import annotations

from dataclasses import replace

from textual.content import Content
from textual.reactive import reactive

from tui.keymap.bindings import Key, Where, bar, fitting, short
from tui.views.available import available, label
from tui.views.markup import button
from tui.views.status import Part, fit, text
from tui.widgets.line import SnapshotText

InField = tuple[tuple[str, str, int], ...]
"""Keys that work in a text field: what they are called, what they do, and their rank."""
_IN_THE_FORM: InField = (("enter", "leave it", 0), ("ctrl+r", "start", 1), ("ctrl+q", "quit", 2))


class KeyBar(SnapshotText):
    """Keys of the table for one screen, as many as fit."""

    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        width: 1fr;
        background: $panel;
    }
    """

    editing: reactive[bool] = reactive(False)
    """Whether a text field has the focus, so that letters are text."""

    in_field: InField = _IN_THE_FORM

    def __init__(self, *where: Where) -> None:
        super().__init__()
        self._where = where

    def build(self, width: int, height: int) -> Content:
        """The keys in the order of the table; in a field, the few that work there."""
        if self.editing:
            parts = [text(" letters go into the field", "$muted", 3)]
            parts += [Part(_named(shown, words), rank) for shown, words, rank in self.in_field]
            return fit(parts, width)
        return Content("").join(_button(key) for key in fitting(self._keys(), width))

    def _keys(self) -> list[Key]:
        here = getattr(self.screen, "has_effect", None)
        keys = [key for key in bar(self._where) if available(key.action, self.snapshot) and (not here or here(key))]
        return [replace(key, label=label(key, self.snapshot)) for key in keys]


def _named(shown: str, words: str) -> Content:
    return Content.assemble((shown, "bold $train"), f" {words}")


def _button(key: Key) -> Content:
    words = Content.assemble(" ", _named(short(key), key.label), " ")
    return button(words, f"app.press('{key.keys.split(',')[0]}')")
