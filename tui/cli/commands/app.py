"""``mnist-tui`` alone: the app."""

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
from tui.terminal.capabilities import expect_terminal, has_few_characters, speaks_utf8, suit_colors
from tui.views.tour import Progress, first_start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from engine.client import EngineLike
    from engine.settings import Settings


def parser() -> Parser:
    """Settings, the look of the screen, and the list of commands."""
    import engine  # noqa: PLC0415 - for the version alone

    made = Parser(
        usage="[COMMAND] [--preset NAME] [--FIELD VALUE ...] [--ascii] [--slow] [--theme NAME] [--tour]",
        about="Train, watch and understand a digit classifier in a terminal. Without a command the app opens.\n\nCommands:\n"
        + command_lines(COMMANDS, shutil.get_terminal_size().columns - 2),
        epilog="`mnist-tui COMMAND --help` says more of a command.",
    )
    made.options.add_argument(
        "--version", action="version", version=f"mnist-tui {engine.__version__}", help="print the version and leave"
    )
    add_screen(made)
    made.options.add_argument("--tour", action="store_true", help="show the tour of the first start again")
    add_settings(made)
    return made


def command_lines(commands: Mapping[str, str], width: int) -> str:
    """The commands in two columns, with a gap between them whatever their names, on lines of at most `width`."""
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
        help="draw with plain characters; taken by itself where the locale is not UTF-8 and on the Linux console",
    )
    parser.options.add_argument(
        "--slow", action="store_true", help="paint so seldom that a line of 9600 baud keeps up (900 bytes a second)"
    )
    parser.options.add_argument("--theme", metavar="NAME", help="colors: dark, light, contrast or colorblind")


def run(args: argparse.Namespace) -> int:
    """Open the app with a new engine."""
    settings = read_settings(args)
    expect_terminal()

    async def connect() -> EngineLike:
        from engine.client import Engine  # noqa: PLC0415 - the first picture does without

        return await Engine.start()

    as_it_is = args.preset is None and not given_fields(args) and settings.screen.get("tour") is not False
    return open_app(settings, connect, args, tour=args.tour or (as_it_is and first_start()))


def open_app(
    settings: Settings,
    connect: Callable[[], Awaitable[EngineLike]],
    args: argparse.Namespace,
    run: str | None = None,
    *,
    tour: bool = False,
) -> int:
    """Show the app, with the tour or without, until the person leaves it; its exit status.

    Raises `ConfigProblem` for a theme there is not; one that only the config file names is left out where a run is shown.
    """
    plain = args.ascii or settings.screen.get("ascii") is True or not speaks_utf8() or has_few_characters()
    colors = suit_colors(os.environ)
    with opening(settings.preset if run is None else run):
        gc.disable()  # until the first picture: what is made for it stays
        from tui.app.app import MnistApp  # noqa: PLC0415 - Textual takes a third of a second
        from tui.app.themes import THEMES, find_theme, theme_name  # noqa: PLC0415
        from tui.terminal.line_filters import has_few_colors, suit  # noqa: PLC0415

        theme = args.theme or settings.screen.get("theme")
        if find_theme(theme) is None and run is not None and args.theme is None:
            theme = None
        if theme is not None and find_theme(theme) is None:
            raise ConfigProblem(f"There is no theme '{short(str(theme))}'; expected one of {', '.join(THEMES)}.")
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
        suit(app, colors=colors, ascii_only=plain)
        app.run()
    return int(app.return_code or 0)
