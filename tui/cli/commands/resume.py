"""``mnist-tui resume RUN``: go on with a run without a screen."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.config import HYPERPARAMETERS
from tui.cli.parser import Parser, add_data, add_field, given_folder
from tui.headless.output import tell

if TYPE_CHECKING:
    from engine.runs.folder import RunFolder


def parser() -> Parser:
    """The run, its new number of epochs, and how to show it."""
    made = Parser(
        "resume",
        usage="RUN [--epochs N] [--take-over] [--data-dir DIR] [--other-data] [--json | --quiet]",
        about="Go on with a run: one that is paused, where it is; any other from its last checkpoint, without a screen.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="which run")
    add_field(made.options, HYPERPARAMETERS["epochs"])
    made.options.add_argument(
        "--take-over",
        action="store_true",
        help="also where another machine has the run and has not been heard from for a minute; if it still trains there, it ends",
    )
    add_data(made)
    add_output(made)
    return made


def add_output(parser: Parser) -> None:
    """Add ``--json`` and ``--quiet``."""
    parser.options.add_argument(
        "--json", action="store_true", help="print every event as a line of JSON (docs/events.md)"
    )
    parser.options.add_argument("--quiet", action="store_true", help="print nothing but how it ended")


def tell_of_edits(folder: RunFolder, *, replayed: bool = False) -> None:
    """Say on standard error which edits of the run's settings by hand are ignored."""
    from engine.runs.edited_config import ignored_edits  # noqa: PLC0415 - --help does without

    if words := ignored_edits(folder, replayed=replayed):
        tell(f"Note: {words}")


def run(args: argparse.Namespace) -> int:
    """Train to the end; the exit status says how it went."""
    from engine.commands import ResumeRun  # noqa: PLC0415 - --help does without
    from engine.runs.folder import find_run, read_session  # noqa: PLC0415
    from tui.cli.run_control import steer  # noqa: PLC0415
    from tui.headless.follow import run_job  # noqa: PLC0415

    folder = find_run(args.run)
    if folder.live() and folder.state().status == "paused":
        return steer(folder, read_session(folder), "continue")
    tell_of_edits(folder)
    epochs = int(str(HYPERPARAMETERS["epochs"].parse(args.epochs))) if "epochs" in args else None
    job = ResumeRun(
        run=folder.name,
        epochs=epochs,
        take_over=getattr(args, "take_over", False),
        data_dir=given_folder(args),
        other_data=args.other_data,
    )
    return run_job(job, args, folder.state())
