"""The keys that work on every screen."""

from __future__ import annotations

from tui.keymap.key import Key

PROGRAM: tuple[Key, ...] = (
    Key("1", "1", "mode('train')", "Train", "form, charts, digits and results of a run", "Program"),
    Key("2", "2", "mode('runs')", "Runs", "all runs, to open, go on with or delete", "Program"),
    Key("3", "3", "mode('log')", "Log", "what the engine printed", "Program"),
    Key("4", "4", "mode('digits')", "Digits", "single digits, what is read in them, and since when", "Program"),
    Key("5", "5", "mode('confusion')", "Confusion", "which digits are taken for which", "Program"),
    Key("6", "6", "mode('draw')", "Draw", "draw a digit and have it read", "Program"),
    Key("7", "7", "mode('inside')", "Inside", "what the network has learned, and what disturbs it", "Program"),
    Key("8", "8", "mode('test')", "Test", "the honest figure, and two runs compared", "Program"),
    Key("9", "9", "mode('curves')", "Curves", "all charts of a run, and how its weights are spread", "Program"),
    Key(
        "0",
        "0",
        "mode('experiments')",
        "Experiments",
        "questions, and the runs that answer them side by side",
        "Program",
    ),
    Key("t", "t", "theme", "Theme", "dark, light, high contrast, safe for the colour-blind", "Program", rank=13),
    Key("question_mark", "?", "help", "Help", "the keys, and what every figure means", "Program", rank=4),
    Key("h", "h", "explain", "Explain", "explain a setting, a figure, a word of the trade", "Program", rank=6),
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
