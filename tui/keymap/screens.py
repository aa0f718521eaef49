"""The one table of screens: title bar, keys, palette, help and the app's modes are all made from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """One screen.

    `key`: the digit that shows it; empty for a screen that the palette and other screens open, as there are only ten
    digits. `place`: "module:Class", imported when it is first shown. `page`: the help page for it, if there is one.
    """

    name: str
    key: str
    label: str
    meaning: str
    place: str
    page: str = ""


SCREENS: tuple[ScreenSpec, ...] = (
    ScreenSpec(
        "train",
        "1",
        "Train",
        "form, charts, digits and results of a run",
        "tui.screens.train:TrainScreen",
        "charts",
    ),
    ScreenSpec("runs", "2", "Runs", "all runs, to open, resume or delete", "tui.screens.runs:RunsScreen", "checkpoint"),
    ScreenSpec("log", "3", "Log", "what the engine printed", "tui.screens.log:LogScreen"),
    ScreenSpec(
        "digits",
        "4",
        "Digits",
        "single digits, what is read in them, and since when",
        "tui.screens.digits:DigitsScreen",
        "sample_digits",
    ),
    ScreenSpec(
        "confusion",
        "5",
        "Confusion",
        "which digits are taken for which",
        "tui.screens.confusion:ConfusionScreen",
        "confusion_matrix",
    ),
    ScreenSpec("draw", "6", "Draw", "draw a digit and have it read", "tui.screens.draw:DrawScreen", "softmax"),
    ScreenSpec(
        "inside",
        "7",
        "Inside",
        "what the network has learned, and what confuses it",
        "tui.screens.inside:InsideScreen",
        "occlusion",
    ),
    ScreenSpec(
        "test",
        "8",
        "Test",
        "the test result, and two runs compared",
        "tui.screens.test:TestScreen",
        "wilson_interval",
    ),
    ScreenSpec(
        "curves",
        "9",
        "Curves",
        "all charts of a run, and how its weights are spread",
        "tui.screens.curves:CurvesScreen",
    ),
    ScreenSpec(
        "experiments",
        "0",
        "Experiments",
        "questions, and the runs that answer them side by side",
        "tui.screens.experiments:ExperimentsScreen",
        "guided_experiment",
    ),
)
