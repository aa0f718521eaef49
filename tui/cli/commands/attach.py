"""``mnist-tui attach [RUN]``: open the app on a run that is in progress or has ended."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.runs.folder import RunFolder
from tui.cli.commands import app
from tui.cli.parser import Parser
from tui.cli.run_control import choose
from tui.headless.output import print_message
from tui.terminal.capabilities import require_terminal

if TYPE_CHECKING:
    from engine.client import EngineLike
    from engine.runs.presence import SessionInfo


def parser() -> Parser:
    """The run, and display options."""
    made = Parser(
        "attach",
        usage="[RUN] [--read-only] [--ascii] [--slow] [--theme NAME]",
        about="Show a run in progress or, given its name, one that has ended. The run continues when you quit the app.\n"
        "One screen has control; the others watch. The key k takes control.",
    )
    made.options.add_argument("run", metavar="RUN", nargs="?", help="the run (default: the only one in progress)")
    made.options.add_argument("--read-only", action="store_true", help="watch only: this screen cannot take control")
    app.add_screen(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Open the app on the run's engine or, for a run that has ended, on its folder with a new engine.

    Raises `RunProblem` if no run is named and none or several are in progress.
    """
    from engine.settings import effective_or_default  # noqa: PLC0415 - not needed for --help

    folder, info = _find(args.run)
    require_terminal()

    async def connect() -> EngineLike:
        from engine.client import Engine  # noqa: PLC0415 - not needed for the first paint

        if info is None:
            return await Engine.start()
        return await Engine.attach(info, "watcher" if args.read_only else "screen")

    settings = effective_or_default()  # invalid settings must not prevent showing a run
    for note in settings.notes:
        print_message(f"Note: {note}")
    return app.open_app(settings, connect, args, run=folder.name)


def _find(name: str | None) -> tuple[RunFolder, SessionInfo | None]:
    from engine.runs.folder import find_run  # noqa: PLC0415 - not needed for --help

    if name and not (folder := find_run(name)).live():
        return folder, None
    return choose(name)
