"""The keys that work on every screen."""

from __future__ import annotations

from tui.keymap.key import Key
from tui.keymap.screens import SCREENS

PROGRAM: tuple[Key, ...] = (
    *(Key(each.key, each.key or ":", f"mode('{each.name}')", each.label, each.meaning, "Program") for each in SCREENS),
    Key("t", "t", "theme", "Theme", "dark, light, high contrast, safe for the color-blind", "Program", rank=13),
    Key("question_mark", "?", "help", "Help", "the keys, and what every number means", "Program", rank=4),
    Key("h", "h", "explain", "Explain", "explain a setting, a metric or a term", "Program", rank=6),
    Key(
        "ctrl+g", "ctrl+g", "explain", "", "the same, from inside a field as well: explains it", "Program", inside=True
    ),
    Key("ctrl+p,colon", "ctrl+p, :", "command_palette", "", "find a command by its name", "Program"),
    Key(
        "ctrl+z",
        "ctrl+z",
        "suspend_process",
        "",
        "back to the shell for a while; fg comes back",
        "Program",
        inside=True,
    ),
    Key("ctrl+l", "ctrl+l", "paint_again", "", "paint all of the screen again", "Program", inside=True),
    Key("q", "q", "quit", "Quit", "leave; asks while a run is training", "Program", rank=4),
    Key("ctrl+q", "ctrl+q", "quit", "", "the same, from inside a field as well", "Program", inside=True),
    Key("ctrl+c", "ctrl+c", "quit", "", "the same, outside fields", "Program"),
)
