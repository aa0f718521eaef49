"""The one table of keys: bindings, the line of keys at the bottom and the help screen are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Where = Literal[
    "everywhere",
    "train",
    "charts",
    "runs",
    "inspect",
    "digits",
    "confusion",
    "draw",
    "inside",
    "test",
    "curves",
    "experiments",
]
"""Which screen; "inspect" are all that show single digits at a chosen epoch, "charts" all with charts of a run."""
Group = Literal[
    "Training",
    "Charts",
    "Form and panes",
    "Runs",
    "Digits and confusion",
    "Draw",
    "Inside",
    "Test",
    "Curves",
    "Experiments",
    "Program",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does.

    `keys` are Textual's names, `shown` is how people read them. `label` stands in the line of keys, where the smallest
    `rank` is the last to go for want of room (0: never there). `inside`: works while a text field has the focus too.
    In the `action`, "{key}" stands for the one of the keys that was pressed.
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
    Key(
        "n",
        "n",
        "branch",
        "Branch",
        "train on from the best weights of the run that is shown, with the form's settings, as a new run",
        "Training",
        "train",
        8,
    ),
    Key(
        "z",
        "z",
        "roll_back",
        "Roll back",
        "after a divergence: train on from the last good checkpoint (a branch without one: from its parent's), with a third of the "
        "learning rate, or the last good epoch's if that is less",
        "Training",
        "train",
        4,
    ),
    Key("p,space", "p, space", "pause", "Pause", "wait after the step under way, or go on", "Training", rank=2),
    Key("b", "b", "batch", "Batch", "train one batch and pause", "Training", "train", 7),
    Key("e", "e", "one_more", "+1 epoch", "train one epoch more than planned", "Training", "train", 8),
    Key("s", "s", "stop", "Stop & test", "finish the batch, validate, test the best weights, end", "Training", rank=3),
    Key("x", "x", "abort", "Abort", "end without a test (asks first)", "Training", rank=9),
    Key("left_square_bracket", "[", "rate(-1)", "", "a lower learning rate, from the next step on", "Training"),
    Key(
        "right_square_bracket",
        "]",
        "rate(1)",
        "Rate",
        "a higher learning rate, from the next step on",
        "Training",
        rank=8,
    ),
    Key(
        "y",
        "y",
        "find_rate",
        "",
        "find a learning rate: a copy is trained with one that rises until the loss explodes",
        "Training",
        "train",
    ),
    Key("u", "u", "undo", "Undo", "give what was changed last its value from before", "Training", rank=9),
    Key("k", "k", "take_control", "Take control", "steer the run, where another screen does", "Training", rank=3),
    Key("i", "i", "why", "Why?", "the figures behind a hint, what to try, and how to silence it", "Training", "train"),
    Key("l", "l", "log_axis", "Log axis", "loss in a logarithmic or a linear picture", "Charts", "charts", 10),
    Key("m", "m", "smoothing", "Smooth", "smoothing of the training loss: off, 0.6, 0.9, 0.97", "Charts", "charts", 11),
    Key("a", "a", "x_axis", "X axis", "x axis: steps, epochs, seconds or images", "Charts", "charts", 12),
    Key("j", "j", "log_x", "", "x axis logarithmic or linear", "Charts", "charts"),
    Key(
        "comma",
        ",",
        "cursor(-1)",
        "",
        "the cursor of all charts: the point before (esc takes it away; a click sets it)",
        "Charts",
        "charts",
    ),
    Key("full_stop", ".", "cursor(1)", "Cursor", "the next point", "Charts", "charts", 13),
    Key("less_than_sign", "<", "cursor(-10)", "", "ten points back", "Charts", "charts"),
    Key("greater_than_sign", ">", "cursor(10)", "", "ten points further", "Charts", "charts"),
    Key("home", "home", "cursor_to('first')", "", "the first point", "Charts", "charts"),
    Key("end", "end", "cursor_to('last')", "", "the last", "Charts", "charts"),
    Key(
        "plus,equals_sign",
        "+, =",
        "zoom('in')",
        "Zoom",
        "half as much of the run: around the cursor, else up to its end, which is then followed",
        "Charts",
        "charts",
        13,
    ),
    Key("minus", "-", "zoom('out')", "", "twice as much (or the wheel)", "Charts", "charts"),
    Key("w", "w", "whole", "", "all of the run again", "Charts", "charts"),
    Key("left_curly_bracket,pageup", "{, pgup", "pan(-0.5)", "", "half a window back", "Charts", "charts"),
    Key("right_curly_bracket,pagedown", "}, pgdn", "pan(0.5)", "", "half a window further", "Charts", "charts"),
    Key("g", "g", "follow", "", "the end of the run, and follow it", "Charts", "charts"),
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
    Key(
        "left",
        "←",
        "turn(-1)",
        "",
        "the pane before; where all are seen, the cursor's point before",
        "Form and panes",
        "train",
    ),
    Key(
        "right",
        "→",
        "turn(1)",
        "",
        "the next pane; where all are seen, the cursor's next point",
        "Form and panes",
        "train",
    ),
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
    Key(
        "v",
        "v",
        "verdict",
        "Right/wrong",
        "the wrong ones, the right ones, or all",
        "Digits and confusion",
        "digits",
        1,
    ),
    Key(
        "l",
        "l",
        "label(1)",
        "Label",
        "the digits whose label is 0, 1, … 9, or any",
        "Digits and confusion",
        "digits",
        2,
    ),
    Key("L", "L", "label(-1)", "", "the same backwards", "Digits and confusion", "digits"),
    Key(
        "r",
        "r",
        "reading(1)",
        "Read as",
        "those that are read as 0, 1, … 9, or any",
        "Digits and confusion",
        "digits",
        2,
    ),
    Key("R", "R", "reading(-1)", "", "the same backwards", "Digits and confusion", "digits"),
    Key(
        "o",
        "o",
        "order",
        "Order",
        "surest, least sure, greatest loss, or by number",
        "Digits and confusion",
        "digits",
        3,
    ),
    Key("a", "a", "all", "All", "every digit again, right and wrong", "Digits and confusion", "digits", 6),
    Key("left", "←", "move('left')", "", "the digit before", "Digits and confusion", "digits"),
    Key("right", "→", "move('right')", "", "the next digit", "Digits and confusion", "digits"),
    Key("up", "↑", "move('up')", "", "the row above", "Digits and confusion", "digits"),
    Key("down", "↓", "move('down')", "", "the row below", "Digits and confusion", "digits"),
    Key("pageup", "pgup", "move('page_up')", "", "the page before (or the wheel)", "Digits and confusion", "digits"),
    Key("pagedown", "pgdn", "move('page_down')", "", "the next page", "Digits and confusion", "digits"),
    Key("home", "home", "move('home')", "", "the first digit of all pages", "Digits and confusion", "digits"),
    Key("end", "end", "move('end')", "", "the last", "Digits and confusion", "digits"),
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
    Key("enter,d", "enter, d", "pen", "Pen", "put the pen down, or lift it", "Draw", "draw", 1),
    Key("up,down,left,right", "arrows", "move('{key}')", "", "move the pen by a pixel of the 28 × 28", "Draw", "draw"),
    Key(
        "home,pageup,end,pagedown",
        "home, end",
        "move('{key}')",
        "",
        "aslant: home, page up, end, page down lie as on a number block",
        "Draw",
        "draw",
    ),
    Key(
        "shift+up,shift+down,shift+left,shift+right",
        "shift+arrow",
        "stride('{key}')",
        "",
        "move the pen by four pixels",
        "Draw",
        "draw",
    ),
    Key("e", "e", "eraser", "Eraser", "eraser or pen; the right mouse button erases, too", "Draw", "draw", 6),
    Key("b", "b", "brush", "Brush", "how wide it draws: thin, medium, thick", "Draw", "draw", 7),
    Key(
        "z", "z", "undo", "Undo", "take the last step back: a stroke, a picture, a move, a clearing", "Draw", "draw", 3
    ),
    Key("y", "y", "redo", "Redo", "take again what was taken back", "Draw", "draw", 10),
    Key("c,delete", "c", "clear", "Clear", "take a new sheet", "Draw", "draw", 2),
    Key(
        "ctrl+up,ctrl+down,ctrl+left,ctrl+right",
        "ctrl+arrow",
        "shift('{key}')",
        "",
        "move the drawing by a pixel",
        "Draw",
        "draw",
    ),
    Key("H,J,K,L", "H J K L", "shift('{key}')", "", "the same: left, down, up, right", "Draw", "draw"),
    Key("n", "n", "fitting", "Fitting", "fit and centre it as MNIST was, or show it as drawn", "Draw", "draw", 8),
    Key("w", "w", "weights", "Last/best", "read it with the last weights, or with the best", "Draw", "draw", 5),
    Key("f", "f", "file", "File", "read a picture from a file; a path can be pasted", "Draw", "draw", 5),
    Key("escape", "esc", "leave_field", "", "leave the field, or lift the pen", "Draw", "draw"),
    Key(
        "e",
        "e",
        "look('best')",
        "Look",
        "look at the test set with the best weights (asks first where that was done before)",
        "Test",
        "test",
        1,
    ),
    Key("E", "E", "look('last')", "Last weights", "the same with the weights where training ended", "Test", "test", 6),
    Key("f", "f", "pane('figure')", "", "the figure, and the images read wrongly", "Test", "test"),
    Key("c", "c", "pane('compare')", "", "another run on the same images (arrows choose it)", "Test", "test"),
    Key("l", "l", "pane('labels')", "", "labels that several runs agree against", "Test", "test"),
    Key("tab", "tab", "turn(1)", "", "the next of these panes (shift+tab: the one before)", "Test", "test"),
    Key("shift+tab", "shift+tab", "turn(-1)", "", "the pane before", "Test", "test"),
    Key(
        "w",
        "w",
        "other",
        "",
        "the look with the other weights, if there was one; the other split's labels",
        "Test",
        "test",
    ),
    Key("enter", "enter", "open", "Open", "see the highlighted image among the digits", "Test", "test", 5),
    Key("w", "w", "pane('weights')", "", "the first layer's weights as pictures", "Inside", "inside"),
    Key("o", "o", "pane('occlusion')", "", "what in a digit its reading hangs on", "Inside", "inside"),
    Key(
        "a", "a", "pane('activations')", "", "what the hidden layers do, and which units never fire", "Inside", "inside"
    ),
    Key("r", "r", "pane('robustness')", "", "how well disturbed digits are read", "Inside", "inside"),
    Key("left", "←", "turn(-1)", "", "the pane before", "Inside", "inside"),
    Key("right", "→", "turn(1)", "", "the next pane", "Inside", "inside"),
    Key("up", "↑", "step(-1)", "", "the page, digit or layer before", "Inside", "inside"),
    Key("down", "↓", "step(1)", "", "the next page, digit or layer", "Inside", "inside"),
    Key("pageup", "page up", "step(-10)", "", "ten of them back", "Inside", "inside"),
    Key("pagedown", "page down", "step(10)", "", "ten of them further", "Inside", "inside"),
    Key("b", "b", "weights", "Best/last", "the weights of the best epoch, or the last", "Inside", "inside", 5),
    Key("enter", "enter", "again", "Ask again", "ask again, of the newest weights", "Inside", "inside", 6),
    Key("escape", "esc", "give_up", "", "do not wait for the answer any longer", "Inside", "inside"),
    Key("e", "e", "every", "", "occlusion: every digit, or those read wrongly alone", "Inside", "inside"),
    Key("d", "d", "digit", "", "occlusion: of the digit that is read, or of the right one", "Inside", "inside"),
    Key("z", "z", "patch", "", "occlusion: a larger patch", "Inside", "inside"),
    Key("enter", "enter", "large", "Enlarge", "the current chart alone, or all again", "Curves", "curves", 2),
    Key(
        "d",
        "d",
        "spread",
        "Weights",
        "how weights and gradients of a layer are spread, epoch by epoch; and back",
        "Curves",
        "curves",
        2,
    ),
    Key("up,shift+tab", "↑", "choose(-1)", "", "the chart before, or the layer", "Curves", "curves"),
    Key("down,tab", "↓", "choose(1)", "", "the next chart, or the next layer", "Curves", "curves"),
    Key("left", "←", "cursor(-1)", "", "the cursor a point back; over histograms, an epoch", "Curves", "curves"),
    Key("right", "→", "cursor(1)", "", "the cursor a point further, or an epoch", "Curves", "curves"),
    Key("escape", "esc", "back", "", "back to all charts; else no cursor any more", "Curves", "curves"),
    Key(
        "enter",
        "enter",
        "perform",
        "Train",
        "train the experiment's runs, one after the other (asks first)",
        "Experiments",
        "experiments",
        1,
    ),
    Key("c", "c", "go_on", "", "go on with an experiment that was broken off", "Experiments", "experiments"),
    Key("up", "↑", "choose(-1)", "", "the experiment before", "Experiments", "experiments"),
    Key("down", "↓", "choose(1)", "", "the next experiment", "Experiments", "experiments"),
    Key("left", "←", "arm(-1)", "", "the run before", "Experiments", "experiments"),
    Key("right", "→", "arm(1)", "", "the next run", "Experiments", "experiments"),
    Key("o", "o", "open", "Open", "show the run that is marked on the train screen", "Experiments", "experiments", 5),
    Key(
        "l", "l", "log_axis", "Log axis", "loss in a logarithmic or a linear picture", "Experiments", "experiments", 10
    ),
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


def bindings(where: Where) -> list[BindingType]:
    """Textual's bindings of one part of the program."""
    return [
        Binding(name, key.action.replace("{key}", name), key.label or key.meaning, show=False, priority=key.inside)
        for key in KEYS
        if key.where == where
        for name in key.keys.split(",")
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
