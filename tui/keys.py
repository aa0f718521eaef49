"""The one table of keys: bindings, the line of keys at the bottom and the help screen are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Where = Literal["everywhere", "train", "runs", "inspect", "digits", "confusion", "draw", "inside", "test"]
"""Which screen; "inspect" are all that show single digits at a chosen epoch."""
Group = Literal[
    "Training", "Charts", "Form and panes", "Runs", "Digits and confusion", "Draw", "Inside", "Test", "Program"
]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does.

    `keys` are Textual's names, `shown` is how people read them. `label` stands in the line of keys, where the smallest
    `rank` is the last to go for want of room (0: never there). `inside`: works while a text field has the focus too.
    """

    keys: str
    shown: str
    action: str
    label: str
    meaning: str
    group: Group
    where: Where = "everywhere"
    rank: int = 0
    inside: bool = False


KEYS: tuple[Key, ...] = (
    Key("r", "r", "start", "Start", "train with the settings of the form, as a new run", "Training", "train", 1),
    Key("ctrl+r", "ctrl+r", "start", "", "the same, from inside a field as well", "Training", "train", inside=True),
    Key(
        "c",
        "c",
        "resume('shown')",
        "Continue",
        "go on with the run that is shown, if it is unfinished; a small window shows its charts first",
        "Training",
        "train",
        1,
    ),
    Key("p,space", "p, space", "pause", "Pause", "wait after the step under way, or go on", "Training", rank=2),
    Key("b", "b", "batch", "Batch", "train one batch and pause", "Training", "train", 7),
    Key("e", "e", "one_more", "+1 epoch", "train one epoch more than planned", "Training", "train", 8),
    Key("s", "s", "stop", "Stop & test", "finish the batch, validate, test the best weights, end", "Training", rank=3),
    Key("x", "x", "abort", "Abort", "end without a test (asks first)", "Training", rank=9),
    Key("k", "k", "take_control", "Take control", "steer the run, where another screen does", "Training", rank=3),
    Key("l", "l", "log_axis", "Log axis", "loss in a logarithmic or a linear picture", "Charts", "train", 10),
    Key("m", "m", "smoothing", "Smooth", "smoothing of the training loss: off, 0.6, 0.9, 0.97", "Charts", "train", 11),
    Key("a", "a", "x_axis", "X axis", "x axis: steps, epochs or seconds", "Charts", "train", 12),
    Key("tab", "tab", "app.focus_next", "", "into the form, and from field to field", "Form and panes", "train"),
    Key(
        "escape",
        "enter, esc",
        "leave_field",
        "",
        "leave a field, so that letters are keys again",
        "Form and panes",
        "train",
    ),
    Key("f", "f", "pane('form')", "Form", "go to the form", "Form and panes", "train", 6),
    Key(
        "d",
        "d",
        "pane('digits')",
        "",
        "show the digits (small windows have one pane at a time; c shows the charts)",
        "Form and panes",
        "train",
    ),
    Key("v", "v", "pane('results')", "", "show the results", "Form and panes", "train"),
    Key("left", "←", "turn(-1)", "", "the pane before", "Form and panes", "train"),
    Key("right", "→", "turn(1)", "", "the next pane", "Form and panes", "train"),
    Key("o", "o", "presets", "Presets", "choose a preset: settings with a name", "Form and panes", "train", 5),
    Key("enter", "enter", "open", "Open", "show the run, or attach to it while it trains", "Runs", "runs", 1),
    Key(
        "c",
        "c",
        "resume('chosen')",
        "Continue",
        "go on with an unfinished run from its last checkpoint",
        "Runs",
        "runs",
        2,
    ),
    Key("d", "d", "delete", "Delete", "delete the run's folder (asks first)", "Runs", "runs", 3),
    Key("comma", ",", "earlier", "Earlier", "the readings of the epoch before", "Digits and confusion", "inspect", 5),
    Key("full_stop", ".", "later", "Later", "the readings of the next epoch", "Digits and confusion", "inspect", 5),
    Key("w", "w", "split", "Test set", "validation or test set", "Digits and confusion", "inspect", 6),
    Key("enter", "enter", "open_cell", "Show", "the digits of the cell", "Digits and confusion", "confusion", 8),
    Key("n", "n", "percent", "Percent", "counts, or percent of each row", "Digits and confusion", "confusion", 3),
    Key(
        "d",
        "d",
        "change",
        "Change",
        "what has changed since the epoch before",
        "Digits and confusion",
        "confusion",
        6,
    ),
    Key("e", "e", "next_error", "Next error", "the next most frequent error", "Digits and confusion", "confusion", 9),
    Key(
        "f",
        "f",
        "pane('figures')",
        "Figures",
        "precision, recall and F1 of each digit, and back",
        "Digits and confusion",
        "confusion",
        4,
    ),
    Key(
        "g",
        "g",
        "pane('calibration')",
        "Calibration",
        "is it as sure as it is right, and what if it may say that it does not know; and back",
        "Digits and confusion",
        "confusion",
        3,
    ),
    Key("escape", "esc", "pane('matrix')", "", "back to the matrix", "Digits and confusion", "confusion"),
    Key("up", "↑", "move(-1, 0)", "", "the row above, or the threshold before", "Digits and confusion", "confusion"),
    Key("down", "↓", "move(1, 0)", "", "the row below, or the next threshold", "Digits and confusion", "confusion"),
    Key("left", "←", "move(0, -1)", "", "the column before", "Digits and confusion", "confusion"),
    Key("right", "→", "move(0, 1)", "", "the next column", "Digits and confusion", "confusion"),
    Key("1", "1", "mode('train')", "Train", "form, charts, digits and results of a run", "Program"),
    Key("2", "2", "mode('runs')", "Runs", "all runs, to open, go on with or delete", "Program"),
    Key("3", "3", "mode('log')", "Log", "what the engine printed", "Program"),
    Key("4", "4", "mode('digits')", "Digits", "single digits, what is read in them, and since when", "Program"),
    Key("5", "5", "mode('confusion')", "Confusion", "which digits are taken for which", "Program"),
    Key("6", "6", "mode('draw')", "Draw", "draw a digit and have it read", "Program"),
    Key("7", "7", "mode('inside')", "Inside", "what the network has learned, and what disturbs it", "Program"),
    Key("8", "8", "mode('test')", "Test", "the honest figure, and two runs compared", "Program"),
    Key("t", "t", "theme", "Theme", "dark, light, high contrast, safe for the colour-blind", "Program", rank=13),
    Key("question_mark", "?", "help", "Help", "the keys, and what every figure means", "Program", rank=4),
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


def bindings(where: Where) -> list[BindingType]:
    """Textual's bindings of one part of the program."""
    return [
        Binding(key.keys, key.action, key.label or key.meaning, show=False, priority=key.inside)
        for key in KEYS
        if key.where == where
    ]


def bar(where: Iterable[Where]) -> list[Key]:
    """The keys that may stand in the line at the bottom, in the order of the table; those of a screen of its own first."""
    places = set(where)
    return sorted(
        (key for key in KEYS if key.rank and key.where in places), key=lambda key: key.where in ("everywhere", "train")
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
