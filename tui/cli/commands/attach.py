"""``mnist-tui attach [RUN]``: the app on a run that is under way, or on one that has ended."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.runs.folder import RunFolder
from tui.cli.commands import app
from tui.cli.parser import Parser
from tui.cli.run_control import choose
from tui.headless.output import tell
from tui.terminal.capabilities import expect_terminal

if TYPE_CHECKING:
    from engine.client import EngineLike
    from engine.runs.presence import SessionInfo


def parser() -> Parser:
    """Which run, and the look of the screen."""
    made = Parser(
        "attach",
        usage="[RUN] [--read-only] [--ascii] [--slow] [--theme NAME]",
        about="Show a run that is under way; by its name also one that has ended. Leaving the app leaves the run going.\n"
        "One screen steers; the others watch, and take control with the key k.",
    )
    made.options.add_argument("run", metavar="RUN", nargs="?", help="which run; the one that is under way without it")
    made.options.add_argument("--read-only", action="store_true", help="only watch: this screen cannot take control")
    app.add_screen(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Open the app on the run's engine, or with a new one on its folder.

    Raises `RunProblem` where no run is named and none or several are under way.
    """
    from engine.settings import effective_or_default  # noqa: PLC0415 - --help does without

    folder, info = _find(args.run)
    expect_terminal()

    async def connect() -> EngineLike:
        from engine.client import Engine  # noqa: PLC0415 - the first picture does without

        if info is None:
            return await Engine.start()
        return await Engine.attach(info, "watcher" if args.read_only else "screen")

    settings = effective_or_default()  # a run can be shown whatever is wrong with them
    for note in settings.notes:
        tell(f"Note: {note}")
    return app.open_app(settings, connect, args, run=folder.name)


def _find(name: str | None) -> tuple[RunFolder, SessionInfo | None]:
    from engine.runs.folder import find_run  # noqa: PLC0415 - --help does without

    if name and not (folder := find_run(name)).live():
        return folder, None
    return choose(name)
