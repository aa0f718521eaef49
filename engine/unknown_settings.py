"""What is set in the environment or the config file and means nothing: most often another name was meant.

An environment variable that is empty counts as one that is not set.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from engine.config import HYPERPARAMETERS, SHORT_NAMES
from engine.errors import ConfigProblem
from engine.fields import short

PREFIX = "MNIST_TUI_"
OTHERS = ("HOME", "CONFIG", "PRESET", "TOUR", "MIRROR", "LOGOUT")
"""What variables are read beside those of hyperparameters."""
SCREEN: Mapping[str, type] = {"ascii": bool, "slow": bool, "theme": str, "tour": bool}
"""The keys of the config file's [screen], with what they take."""


def set_variable(field: str, environ: Mapping[str, str]) -> str:
    """The variable that sets a hyperparameter, by its name or a shorter one; empty where none does.

    Raises `ConfigProblem` where two of them say different things.
    """
    names = [PREFIX + name.upper() for name in (field, SHORT_NAMES.get(field)) if name]
    given = [name for name in names if environ.get(name, "").strip()]
    if len({environ[name] for name in given}) > 1:
        raise ConfigProblem(
            f"{given[0]} and {given[1]} are one setting and have different values; take one away.", field
        )
    return given[0] if given else ""


def slips_of_environment(environ: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each variable of our prefix that is not read."""
    given = [name for name, value in environ.items() if name.upper().startswith(PREFIX) and value.strip()]
    names = [name.upper() for name in (*HYPERPARAMETERS, *SHORT_NAMES.values())]
    known = [PREFIX + name for name in (*names, *OTHERS)]
    return tuple(
        f"The environment variable {short(name)} is not known and has no effect{_meant(name.upper(), known)}"
        for name in sorted(given)
        if name not in known
    )


def slips_of_screen(table: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """A sentence for each entry of the config file's [screen] that is not read."""
    place = f"{path}: [screen]"
    unknown = tuple(
        f"{place} '{short(key)}' is not known and has no effect{_meant(key, SCREEN)}"
        for key in table
        if key not in SCREEN
    )
    return unknown + tuple(
        f"{place} {key} is '{short(table[key])}' and has no effect; expected {'true or false' if kind is bool else 'a text'}."
        for key, kind in SCREEN.items()
        if key in table and not isinstance(table[key], kind)
    )


def meant_at_top(key: str) -> str:
    """What is expected in place of a key outside the config file's tables, in words."""
    table = "[train]" if key in HYPERPARAMETERS else "[screen]" if key in SCREEN else ""
    return "expected preset, [train] or [screen]" + (f"; {key} belongs under {table}" if table else "")


def _meant(name: str, known: Collection[str]) -> str:
    import difflib  # noqa: PLC0415 - only for a message

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    if close:
        return f"; did you mean {close[0]}?"
    return "; `mnist-tui config` lists the settings." if len(known) > 9 else f"; expected {', '.join(known)}."
