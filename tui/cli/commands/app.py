"""``mnist-tui`` without a command: the app."""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import ConfigProblem
from engine.fields import short
from tui.app.splash import opening
from tui.cli.parser import Parser, add_settings, given_fields, read_settings
from tui.cli.registry import COMMANDS
from tui.terminal.capabilities import correct_color_variables, has_few_characters, require_terminal, speaks_utf8
from tui.views.tour import Progress, first_start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from engine.client import EngineLike
    from engine.settings import Settings


def parser() -> Parser:
    """Settings, display options, and the list of commands."""
    import engine  # noqa: PLC0415 - only for the version

    made = Parser(
        usage="[COMMAND] [--preset NAME] [--FIELD VALUE ...] [--ascii] [--slow] [--theme NAME] [--tour]",
        about="Train, watch and understand a digit classifier in the terminal. Without a command the app opens.\n\nCommands:\n"
        + command_lines(COMMANDS, shutil.get_terminal_size().columns - 2),
        epilog="`mnist-tui COMMAND --help` describes a command.",
    )
    made.options.add_argument(
        "--version", action="version", version=f"mnist-tui {engine.__version__}", help="show version and exit"
    )
    add_screen(made)
    made.options.add_argument("--tour", action="store_true", help="show the first-start tour again")
    add_settings(made)
    return made


def command_lines(commands: Mapping[str, str], width: int) -> str:
    """The commands in two columns, on lines of at most `width` characters."""
    room = max(map(len, commands)) + 4
    lines = []
    for name, about in commands.items():
        first, *rest = textwrap.wrap(about, max(width - room, 16)) or [""]
        lines += [f"  {name}".ljust(room) + first, *(" " * room + line for line in rest)]
    return "\n".join(lines)


def add_screen(parser: Parser) -> None:
    """Add ``--ascii``, ``--slow`` and ``--theme``."""
    parser.options.add_argument(
        "--ascii",
        action="store_true",
        help="draw with ASCII characters (automatic on the Linux console and if the locale is not UTF-8)",
    )
    parser.options.add_argument("--slow", action="store_true", help="limit output to 900 bytes/s, for 9600-baud lines")
    parser.options.add_argument("--theme", metavar="NAME", help="colors: dark, light, contrast or colorblind")


def run(args: argparse.Namespace) -> int:
    """Open the app with a new engine."""
    settings = read_settings(args)
    require_terminal()

    async def connect() -> EngineLike:
        from engine.client import Engine  # noqa: PLC0415 - not needed for the first paint

        return await Engine.start()

    has_no_settings = args.preset is None and not given_fields(args) and settings.screen.get("tour") is not False
    return open_app(settings, connect, args, tour=args.tour or (has_no_settings and first_start()))


def open_app(
    settings: Settings,
    connect: Callable[[], Awaitable[EngineLike]],
    args: argparse.Namespace,
    run: str | None = None,
    *,
    tour: bool = False,
) -> int:
    """Run the app until the user quits, and return its exit status.

    Raises `ConfigProblem` for an unknown theme, except for one from the config file if a run is shown: that is ignored.
    """
    plain = args.ascii or settings.screen.get("ascii") is True or not speaks_utf8() or has_few_characters()
    colors = correct_color_variables(os.environ)
    with opening(settings.preset if run is None else run):
        gc.disable()  # until the first paint: the objects made for it live on
        from tui.app.app import MnistApp  # noqa: PLC0415 - importing Textual takes 0.3 s
        from tui.app.themes import THEMES, find_theme, theme_name  # noqa: PLC0415
        from tui.terminal.line_filters import has_few_colors, install_filters  # noqa: PLC0415

        theme = args.theme or settings.screen.get("theme")
        if find_theme(theme) is None and run is not None and args.theme is None:
            theme = None
        if theme is not None and find_theme(theme) is None:
            raise ConfigProblem(f"Unknown theme '{short(str(theme))}'; expected one of {', '.join(THEMES)}.")
        slow = args.slow or settings.screen.get("slow") is True
        app = MnistApp(
            settings,
            connect,
            ascii=plain,
            slow=slow,
            theme=theme,
            run=run,
            only_watches=getattr(args, "read_only", False),
            tour=Progress() if tour else None,
        )
        if theme is None and has_few_colors(app):
            app.theme = theme_name("contrast")
        install_filters(app, colors=colors, ascii_only=plain)
        app.run()
    return int(app.return_code or 0)
