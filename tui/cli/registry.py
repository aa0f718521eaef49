"""The commands. Each is a module of that name with `parser` and `run`, imported only when it is used."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import ConfigProblem
from engine.fields import short

COMMANDS: Mapping[str, str] = {
    "train": "train without the app: progress bar, plain lines, or JSON",
    "attach": "show a run in progress in the app",
    "resume": "resume a paused run, or any other from its last checkpoint",
    "branch": "start a new run from a checkpoint, with other settings",
    "replay": "train a run again, with its changes, and compare the results",
    "pause": "pause the run in progress",
    "step": "train one batch of it and pause again",
    "set": "change its hyperparameters from the next step on",
    "stop": "stop it, then validate and test",
    "abort": "stop it without a test",
    "ls": "list the runs",
    "show": "show one run: settings, epochs, test result",
    "eval": "evaluate a run's weights on the test set",
    "predict": "classify pictures of digits with a run's weights",
    "compare": "compare two runs on the same test images",
    "lrfind": "find a learning rate with a range test",
    "presets": "list the presets",
    "experiment": "run a guided experiment and report its conclusion",
    "explain": "explain a setting, metric or term: `mnist-tui explain dropout`",
    "config": "show the effective settings and where each comes from",
    "doctor": "check this machine: terminal, data, folders, devices",
    "fetch": "download MNIST",
}
"""Every command and its description, in the order of the help."""
USE_ALL_LIBRARIES = frozenset(
    {"app", "attach", "train", "resume", "branch", "replay", "eval", "predict", "compare", "lrfind", "experiment"}
)
"""Commands that draw or start an engine. The others also work if a library is missing."""


def unknown_command(name: str) -> ConfigProblem:
    """The error for an unknown command, with the closest known one."""
    import difflib  # noqa: PLC0415 - only for the error message

    close = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'?" if close else f"expected one of {', '.join(COMMANDS)}."
    return ConfigProblem(f"Unknown command '{short(name)}'; {hint}")
