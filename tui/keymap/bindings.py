"""The one table of keys: bindings, the line of keys at the bottom and the help screen are all made from it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from tui.keymap.everywhere import PROGRAM
from tui.keymap.inspection import LOOKING
from tui.keymap.key import Group, Key, Where
from tui.keymap.training import TRAINING

__all__ = ["KEYS", "Group", "Key", "Where", "bar", "bindings", "cells", "fitting", "groups", "short"]

KEYS: tuple[Key, ...] = (*TRAINING, *LOOKING, *PROGRAM)


def bindings(where: Where) -> list[BindingType]:
    """Textual's bindings of one part of the program."""
    return [
        Binding(name, key.action.replace("{key}", name), key.label or key.meaning, show=False, priority=key.inside)
        for key in KEYS
        if key.where == where
        for name in filter(None, key.keys.split(","))
    ]


def bar(where: Iterable[Where]) -> list[Key]:
    """The keys that may stand in the line at the bottom, in the order of the table; those of a screen of its own first."""
    places = set(where)
    return sorted(
        (key for key in KEYS if key.rank and key.where in places),
        key=lambda key: key.where in ("everywhere", "train", "charts"),
    )


def groups() -> dict[Group, list[Key]]:
    """All keys by group, in the order of the table."""
    found: dict[Group, list[Key]] = {}
    for key in KEYS:
        found.setdefault(key.group, []).append(key)
    return found


def fitting(keys: Iterable[Key], width: int) -> list[Key]:
    """The keys that have room in `width` cells, each as " k Label ", the dispensable ones left out first."""
    shown = list(keys)
    while shown and sum(map(cells, shown)) > width:
        shown.remove(max(shown, key=lambda key: key.rank))
    return shown


def cells(key: Key) -> int:
    """Cells that a key takes in the line at the bottom."""
    return len(short(key)) + len(key.label) + 3


def short(key: Key) -> str:
    """The first of a key's names: "p" of "p, space"."""
    return key.shown.split(", ")[0]
