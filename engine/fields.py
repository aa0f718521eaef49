"""What is known of one hyperparameter, and the one way a value of it is read, checked and written.

`TrainConfig` declares each field as ``name: Annotated[type, Field(...)] = default``. Everything else (form, flags,
config file, messages, documentation) is made from those declarations.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from engine.errors import ConfigProblem

Kind = Literal["choice", "int", "float", "bool", "ints", "text"]
Value = str | int | float | bool | tuple[int, ...]
When = Callable[[Any], bool]

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_MOST_LAYERS = 16


class Group(StrEnum):
    """The section that a hyperparameter is in: of the form, the command line's help and the docs. Values are titles."""

    NETWORK = "Network"
    OBJECTIVE = "Objective"
    OPTIMIZER = "Optimizer"
    SCHEDULE = "Schedule"
    TRAINING = "Training"
    AUGMENTATION = "Augmentation"
    MACHINE = "Machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Description of one hyperparameter.

    low and high bound numbers (for "ints", each number), both included unless `open_high`. `when` says for which
    configurations the field means anything. `live` says whether it can change during a run (from the next step on).
    """

    label: str
    meaning: str
    group: Group
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    open_high: bool = False
    live: bool = False
    when: When | None = None
    zero: str = ""
    """What the value 0 means, where it means something of its own ("off", "all")."""
    path: bool = False
    """Whether a text is a path: ~ is the home folder."""


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One row of the table: a field of `TrainConfig` with its name, kind, choices and default."""

    name: str
    kind: Kind
    default: Value
    choices: tuple[str, ...]
    about: Field

    @property
    def flag(self) -> str:
        """The command-line flag, for example ``--learning-rate``."""
        return "--" + self.name.replace("_", "-")

    @property
    def expected(self) -> str:
        """What the field takes, in words: "a number from 0 to 1"."""
        about = self.about
        match self.kind:
            case "choice":
                return "one of " + ", ".join(self.choices)
            case "bool":
                return "true or false"
            case "text":
                return "text"
            case "ints":
                return f"whole numbers from {plain(about.low)} to {plain(about.high)} with commas between, {_MOST_LAYERS} at most"
            case "int" | "float":
                noun = "a whole number" if self.kind == "int" else "a number"
                upper = f"to below {plain(about.high)}" if about.open_high else f"to {plain(about.high)}"
                zero = f" (0 = {about.zero})" if about.zero else ""
                return f"{noun} from {plain(about.low)} {upper}{zero}"

    def parse(self, text: str) -> Value:
        """The value a person typed. Raises `ConfigProblem` with what was found and what is expected."""
        text = text.strip()
        if not text and self.kind != "text":
            raise self._problem("nothing is given")
        match self.kind:
            case "int" | "float":
                return self.check(self._number(text))
            case "bool":
                if text.lower() not in _TRUE | _FALSE:
                    raise self._problem(f"'{short(text)}' is neither")
                return text.lower() in _TRUE
            case "ints":
                return self.check([self._number(part) for part in text.replace(" ", ",").split(",") if part])
            case "choice" | "text":
                return self.check(text)

    def check(self, value: object) -> Value:
        """`value` as this field holds it (a whole float becomes an int, a list a tuple). Raises `ConfigProblem`."""
        match self.kind, value:
            case "choice", str() if value in self.choices:
                return value
            case "text", str():
                if any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
                    raise self._problem("it has a control character, or half of a character, in it")
                if self.about.path and value.startswith("~"):
                    from engine.paths import expanded  # noqa: PLC0415 - brings a library in

                    return str(expanded(value))
                return value
            case "bool", bool():
                return value
            case "int", int() | float() if not isinstance(value, bool):
                return int(self._in_range(value, whole=True))
            case "float", int() | float() if not isinstance(value, bool):
                return float(self._in_range(value, whole=False))
            case "ints", list() | tuple():
                if not 1 <= len(value) <= _MOST_LAYERS:
                    raise self._problem(f"{len(value)} numbers are given")
                if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in value):
                    raise self._problem(f"'{short(value)}' is not a list of numbers")
                return tuple(int(self._in_range(n, whole=True)) for n in value)
        raise self._problem(f"'{short(value)}' is not that")

    def format(self, value: object) -> str:
        """The value as a person types it; `parse` gives it back."""
        match value:
            case bool():
                return "true" if value else "false"
            case float():
                return plain(value)
            case tuple() | list():
                return ",".join(str(n) for n in value)
        return str(value)

    def _number(self, text: str) -> float:
        if not text.isascii():  # Python reads the digits of every script, and people cannot tell them apart
            raise self._problem(f"'{short(text)}' is not a number")
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            raise self._problem(f"'{short(text)}' is not a number") from None

    def _in_range(self, value: float, *, whole: bool) -> float:
        about = self.about
        if isinstance(value, float) and not math.isfinite(value):
            raise self._problem(f"{value} is not a number that can be used")
        if whole and value != int(value):
            raise self._problem(f"{plain(value)} is not a whole number")
        above = value >= about.high if about.open_high else value > about.high
        if value < about.low or above:
            raise self._problem(f"{short(value)} is out of range")
        return value

    def _problem(self, found: str) -> ConfigProblem:
        return ConfigProblem(f"{self.about.label}: {found}; expected {self.expected}.", self.name)


def plain(value: float) -> str:
    """A number without needless digits: 0.001, 64, 1e-08."""
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e16):
        return str(int(value))
    return repr(value)


def short(value: object, most: int = 40) -> str:
    """A value as a message quotes it: on one line, without control characters, cut where it is long."""
    try:
        text = plain(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    except ValueError:  # Python writes out no whole number of more than 4300 digits
        return "a number of thousands of digits"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def options(**wanted: str | tuple[str, ...]) -> When:
    """A condition for `Field.when`: every named field of the config has (one of) the given value(s)."""
    table = {name: (values,) if isinstance(values, str) else values for name, values in wanted.items()}
    return lambda config: all(getattr(config, name) in values for name, values in table.items())
