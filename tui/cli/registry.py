"""The commands, each a module of its name with a `parser` and a `run`; only the one that is used gets imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import ConfigProblem
from engine.fields import short

if TYPE_CHECKING:
    pass

COMMANDS: Mapping[str, str] = {
    "train": "train without a screen: a progress bar, plain lines, or JSON",
    "attach": "show a run that is under way",
    "resume": "go on with a run: a paused one, or from its last checkpoint",
    "branch": "train on from a checkpoint of a run with other settings, as a new run",
    "replay": "train a run again, with its changes, to the same figures",
    "pause": "have the run under way wait",
    "step": "train one batch of it and pause",
    "set": "change hyperparameters of it, from its next step on",
    "stop": "end it with a validation and a test",
    "abort": "end it without a test",
    "ls": "list the runs",
    "show": "show one run: settings, epochs, test",
    "eval": "look at the test set with a run's weights",
    "predict": "read pictures of digits with a run's weights",
    "compare": "compare two runs on the same test images",
    "lrfind": "find a learning rate by a short training whose rate rises",
    "presets": "list the presets",
    "experiment": "train the runs that answer a question, and say what was seen",
    "explain": "explain a setting, a figure, a word: `mnist-tui explain dropout`",
    "config": "show the settings in effect and where each is from",
    "doctor": "check this machine: terminal, data, folders, devices",
    "fetch": "download MNIST",
}
"""Every command with what it does, in the order of the help."""
USE_ALL_LIBRARIES = frozenset(
    {"app", "attach", "train", "resume", "branch", "replay", "eval", "predict", "compare", "lrfind", "experiment"}
)
"""Those that draw or start an engine. The others do with little, and work where a library is missing."""


def unknown_command(name: str) -> ConfigProblem:
    """The fault of a command that is not there, with the nearest that is."""
    import difflib  # noqa: PLC0415 - only for a message

    close = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'?" if close else f"expected one of {', '.join(COMMANDS)}."
    return ConfigProblem(f"There is no command '{short(name)}'; {hint}")
