"""Command-line parsers generated from the table of hyperparameters. Values stay as typed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, get_args

from engine.config import HYPERPARAMETERS, SHORT_NAMES
from engine.errors import ConfigProblem
from engine.fields import Hyperparameter, Kind, short
from tui.cli.registry import COMMANDS
from tui.headless.output import print_message, writing

if TYPE_CHECKING:
    from engine.settings import Settings

ALIASES = {name: f"--{short_name}" for name, short_name in SHORT_NAMES.items()}
"""Short flags of some hyperparameters."""


def field_named(given: str) -> str:
    """The hyperparameter's name, given with hyphens or underscores or as an alias ("lr")."""
    name = given.strip().lower().replace("-", "_")
    return next((field for field, flag in ALIASES.items() if flag == f"--{name}"), name)


_PLACEHOLDERS: dict[Kind, str] = {
    "choice": "NAME",
    "int": "N",
    "float": "X",
    "bool": "BOOL",
    "ints": "N,N",
    "text": "TEXT",
}
_NEEDS_VALUE = re.compile(r"argument ([^:]+): expected ")
_TAKES_NONE = re.compile(r"argument ([^:]+): ignored explicit argument")
_MISSING = re.compile(r"the following arguments are required: (.+)")
_LAYERS = """\
Settings are layered; later ones win: default, preset, config file, environment
(MNIST_TUI_ and the name in capitals), flag. `mnist-tui config` shows the result."""


class Parser(argparse.ArgumentParser):
    """A parser that raises `ConfigProblem` instead of printing usage, and suggests the closest flag."""

    def __init__(self, command: str = "", *, usage: str = "", about: str = "", epilog: str = "") -> None:
        name = f"mnist-tui {command}".rstrip()
        super().__init__(
            prog=name,
            usage=f"{name} {usage}".rstrip(),
            description=about,
            epilog=epilog,
            allow_abbrev=False,
            add_help=False,
            formatter_class=_Formatter,
        )
        # By default argparse parses -1 as a value but -1e-3 as a flag, and reports a missing value.
        self._negative_number_matcher = re.compile(r"-\.?\d|-inf|-nan")
        self.options = self.add_argument_group("Options")
        self.options.add_argument("-h", "--help", action="help", help="show this help and exit")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The parsed arguments. Raises `ConfigProblem` for unknown or incomplete ones."""
        parsed, rest = self.parse_known_args(arguments)
        if rest:
            raise ConfigProblem(self._unknown(rest[0].split("=")[0]))
        return parsed

    def error(self, message: str) -> NoReturn:
        if found := _MISSING.match(message):
            sentence = f"{found[1]} is missing"
        elif found := _NEEDS_VALUE.match(message):
            sentence = f"{found[1].split('/')[0]} needs a value{self._expected(found[1].split('/')[0])}"
        elif found := _TAKES_NONE.match(message):
            sentence = f"{found[1].split('/')[0]} takes no value"
        else:
            sentence = message
        raise ConfigProblem(f"{sentence}; see `{self.prog} --help`.")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or version. Raises `Problem` if it cannot be written; argparse would ignore that."""
        with writing():
            print(message, end="", flush=True)

    def _expected(self, flag: str) -> str:
        parameter = HYPERPARAMETERS.get(flag.removeprefix("--").replace("-", "_"))
        return f" ({parameter.expected})" if parameter else ""

    def _unknown(self, given: str) -> str:
        import difflib  # noqa: PLC0415 - only for the error message

        shown = short(given)
        if not given.startswith("-"):
            if given in COMMANDS:
                return f"The command must come first: `mnist-tui {shown} ...`."
            return f"Unexpected argument '{shown}'; see `{self.prog} --help`."
        close = difflib.get_close_matches(given.lower().replace("_", "-"), self._option_string_actions, n=1)
        if not close:
            return f"Unknown option {shown}; see `{self.prog} --help`."
        return f"Unknown option {shown}; did you mean {close[0]}?"


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of descriptions, and shows a placeholder once for a flag with two names."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {self._format_args(action, action.dest.upper())}"


def add_settings(parser: Parser) -> None:
    """Add ``--preset`` and a flag for every hyperparameter, grouped as in the form."""
    parser.options.add_argument(
        "--preset", metavar="NAME", help="a named set of settings; `mnist-tui presets` lists them"
    )
    groups: dict[str, argparse._ArgumentGroup] = {}
    for parameter in HYPERPARAMETERS.values():
        group = groups.get(parameter.about.group) or parser.add_argument_group(parameter.about.group)
        groups[parameter.about.group] = group
        add_field(group, parameter)
    parser.epilog = f"{parser.epilog}\n\n{_LAYERS}" if parser.epilog else _LAYERS


def add_field(group: argparse._ArgumentGroup, parameter: Hyperparameter) -> None:
    """Add one hyperparameter's flag. The namespace contains its name only if it was given."""
    names = [parameter.flag, *([ALIASES[parameter.name]] if parameter.name in ALIASES else [])]
    placeholder, text = _PLACEHOLDERS[parameter.kind], _help(parameter)
    if parameter.kind == "bool":
        group.add_argument(*names, nargs="?", const="true", default=argparse.SUPPRESS, metavar=placeholder, help=text)
    else:
        group.add_argument(*names, default=argparse.SUPPRESS, metavar=placeholder, help=text)


def _help(parameter: Hyperparameter) -> str:
    unit = f" [{parameter.about.unit}]" if parameter.about.unit else ""
    expected = "" if parameter.kind == "text" else f" Expected: {parameter.expected}{unit}."
    default = parameter.format(parameter.default) or "empty"
    return f"{parameter.about.meaning}{expected} Default: {default}.".replace("%", "%%")


def add_data(parser: Parser, *, folder: bool = True) -> None:
    """Add ``--other-data``, and with `folder` ``--data-dir``, for commands that reload a run's data."""
    if folder:
        parser.options.add_argument(
            "--data-dir",
            metavar="DIR",
            default=argparse.SUPPRESS,
            help="where the run's data are now (default: where they were)",
        )
    parser.options.add_argument(
        "--other-data", action="store_true", help="accept data other than those the run was trained on"
    )


def given_folder(args: argparse.Namespace) -> str:
    """The absolute path given with ``--data-dir``; empty if it was not given."""
    from engine.runs.run_data import absolute  # noqa: PLC0415 - not needed for --help

    return absolute(str(HYPERPARAMETERS["data_dir"].parse(getattr(args, "data_dir", ""))))


def add_weights(parser: Parser) -> None:
    """Add ``--weights``."""
    parser.options.add_argument(
        "--weights", metavar="NAME", default="best", help="best (by validation) or last (default: best)"
    )


def check_weights(args: argparse.Namespace) -> None:
    """Raises `ConfigProblem` if ``--weights`` is neither best nor last."""
    from engine.events import CheckpointKind  # noqa: PLC0415 - not needed for --help

    if args.weights not in get_args(CheckpointKind):
        raise ConfigProblem("--weights: expected best (by validation) or last (where training ended).")


def given_fields(args: argparse.Namespace) -> dict[str, str]:
    """The hyperparameters given as flags, as typed."""
    return {name: text for name, text in vars(args).items() if name in HYPERPARAMETERS}


def read_settings(args: argparse.Namespace) -> Settings:
    """The effective settings; their notes are printed on standard error. Raises `ConfigProblem`."""
    from engine.settings import effective  # noqa: PLC0415 - not needed for --help

    settings = effective(given_fields(args), args.preset)
    for note in settings.notes:
        print_message(f"Note: {note}")
    return settings


class CommandModule(Protocol):
    """The interface of each module in `tui.cli.commands`."""

    def parser(self) -> Parser:
        """The parser of the command's own arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Run the command and return the exit status."""
