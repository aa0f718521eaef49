"""Faults a person is told of in one sentence, each with the exit status it ends a command with."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """Exit statuses of every command (docs/events.md)."""

    DONE = 0
    USAGE = 2
    DATA = 3
    FAILED = 4
    INTERRUPTED = 130


class Problem(Exception):
    """A fault with a sentence for the person: what, where, what was expected, what to do.

    The message is shown as it is; nothing else of the exception is. Subclasses set the exit status.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__


class ConfigProblem(Problem):
    """A hyperparameter, preset, config file or command line that cannot be used.

    `field` names the hyperparameter the person should look at, where there is one.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class RunProblem(Problem):
    """A run that is not there, is ambiguous, or is not in a state that allows what was asked."""

    exit_code = ExitCode.USAGE


class DataProblem(Problem):
    """A data set that is missing, damaged or of another shape."""

    exit_code = ExitCode.DATA


class OtherDataProblem(DataProblem):
    """The data at hand are not the ones that a run was trained on. `field` marks the refusal in a reply."""

    field = "other_data"


class MemoryProblem(Problem):
    """A data set that takes more memory than there is."""

    exit_code = ExitCode.FAILED


class PictureProblem(Problem):
    """A picture of a person's that cannot be opened or decoded."""

    exit_code = ExitCode.DATA


class EngineProblem(Problem):
    """The engine process did not start, ended, or refused."""

    exit_code = ExitCode.FAILED


def reason(fault: OSError) -> str:
    """What the system says of a fault, in words: "No space left on device"."""
    return fault.strerror or str(fault) or type(fault).__name__
