"""Command-line parsers, made from the table of hyperparameters. Values stay the texts that were typed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, get_args

from engine.config import HYPERPARAMETERS, SHORT_NAMES
from engine.errors import ConfigProblem
from engine.fields import Hyperparameter, Kind, short
from tui.cli.registry import COMMANDS
from tui.headless.output import tell, writing

if TYPE_CHECKING:
    from engine.settings import Settings

ALIASES = {name: f"--{short_name}" for name, short_name in SHORT_NAMES.items()}
"""Second, shorter flags of some hyperparameters."""


def field_named(given: str) -> str:
    """The hyperparameter that a person means by a name with hyphens or underscores, or a shorter one ("lr")."""
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
Settings are laid over each other: default, preset, config file, environment
(MNIST_TUI_ and the name in capitals), flag. `mnist-tui config` shows the outcome."""


class Parser(argparse.ArgumentParser):
    """A parser that raises `ConfigProblem` instead of printing usage, and knows the nearest flag."""

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
        # argparse takes -1 for a value but -1e-3 for a flag, and would then say that the value is missing.
        self._negative_number_matcher = re.compile(r"-\.?\d|-inf|-nan")
        self.options = self.add_argument_group("Options")
        self.options.add_argument("-h", "--help", action="help", help="show this and leave")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The arguments, taken apart. Raises `ConfigProblem` for what is not known or incomplete."""
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
        raise ConfigProblem(f"{sentence}; `{self.prog} --help` says more.")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print what was asked for. Raises `Problem` where it cannot be written, which argparse passes over."""
        with writing():
            print(message, end="", flush=True)

    def _expected(self, flag: str) -> str:
        parameter = HYPERPARAMETERS.get(flag.removeprefix("--").replace("-", "_"))
        return f", {parameter.expected}" if parameter else ""

    def _unknown(self, given: str) -> str:
        import difflib  # noqa: PLC0415 - only for a message

        shown = short(given)
        if not given.startswith("-"):
            if given in COMMANDS:
                return f"The command comes first: `mnist-tui {shown} ...`."
            return f"'{shown}' is one argument too many; `{self.prog} --help` lists what there is."
        close = difflib.get_close_matches(given.lower().replace("_", "-"), self._option_string_actions, n=1)
        if not close:
            return f"There is no option {shown} here; `{self.prog} --help` lists them."
        return f"There is no option {shown} here; did you mean {close[0]}?"


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Descriptions keep their lines; a flag with two names shows its placeholder once."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {self._format_args(action, action.dest.upper())}"


def add_settings(parser: Parser) -> None:
    """Add ``--preset`` and a flag for every hyperparameter, grouped as in the form."""
    parser.options.add_argument("--preset", metavar="NAME", help="settings with a name; `mnist-tui presets` lists them")
    groups: dict[str, argparse._ArgumentGroup] = {}
    for parameter in HYPERPARAMETERS.values():
        group = groups.get(parameter.about.group) or parser.add_argument_group(parameter.about.group)
        groups[parameter.about.group] = group
        add_field(group, parameter)
    parser.epilog = f"{parser.epilog}\n\n{_LAYERS}" if parser.epilog else _LAYERS


def add_field(group: argparse._ArgumentGroup, parameter: Hyperparameter) -> None:
    """Add one hyperparameter's flag. The namespace has its name only where it was given."""
    names = [parameter.flag, *([ALIASES[parameter.name]] if parameter.name in ALIASES else [])]
    placeholder, text = _PLACEHOLDERS[parameter.kind], _help(parameter)
    if parameter.kind == "bool":
        group.add_argument(*names, nargs="?", const="true", default=argparse.SUPPRESS, metavar=placeholder, help=text)
    else:
        group.add_argument(*names, default=argparse.SUPPRESS, metavar=placeholder, help=text)


def _help(parameter: Hyperparameter) -> str:
    unit = f" [{parameter.about.unit}]" if parameter.about.unit else ""
    takes = "" if parameter.kind == "text" else f" Takes {parameter.expected}{unit}."
    default = parameter.format(parameter.default) or "empty"
    return f"{parameter.about.meaning}{takes} Default: {default}.".replace("%", "%%")


def add_data(parser: Parser, *, folder: bool = True) -> None:
    """Add ``--other-data``, and with `folder` ``--data-dir``: of commands that meet a run's data again."""
    if folder:
        parser.options.add_argument(
            "--data-dir",
            metavar="DIR",
            default=argparse.SUPPRESS,
            help="where the run's data are now; without it where they were",
        )
    parser.options.add_argument(
        "--other-data", action="store_true", help="accept other data than the run was trained on"
    )


def given_folder(args: argparse.Namespace) -> str:
    """What ``--data-dir`` names, as an absolute path; empty where it was not given."""
    from engine.runs.run_data import absolute  # noqa: PLC0415 - --help does without

    return absolute(str(HYPERPARAMETERS["data_dir"].parse(getattr(args, "data_dir", ""))))


def add_weights(parser: Parser) -> None:
    """Add ``--weights``."""
    parser.options.add_argument("--weights", metavar="NAME", default="best", help="best (on validation) or last")


def check_weights(args: argparse.Namespace) -> None:
    """Raises `ConfigProblem` where ``--weights`` names no checkpoint."""
    from engine.events import CheckpointKind  # noqa: PLC0415 - --help does without

    if args.weights not in get_args(CheckpointKind):
        raise ConfigProblem("--weights: expected best (on validation) or last (where training ended).")


def given_fields(args: argparse.Namespace) -> dict[str, str]:
    """The hyperparameters given as flags, as typed."""
    return {name: text for name, text in vars(args).items() if name in HYPERPARAMETERS}


def read_settings(args: argparse.Namespace) -> Settings:
    """The settings in effect; their notes go to standard error. Raises `ConfigProblem`."""
    from engine.settings import effective  # noqa: PLC0415 - --help does without

    settings = effective(given_fields(args), args.preset)
    for note in settings.notes:
        tell(f"Note: {note}")
    return settings


class CommandModule(Protocol):
    """What each module of `tui.cli.commands` offers."""

    def parser(self) -> Parser:
        """The parser of the command's own arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit status."""
