"""``mnist-tui resume RUN``: resumes a run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.config import HYPERPARAMETERS
from tui.cli.parser import Parser, add_data, add_field, given_folder
from tui.headless.output import print_message

if TYPE_CHECKING:
    from engine.runs.folder import RunFolder


def parser() -> Parser:
    """The run, its new number of epochs, and the output format."""
    made = Parser(
        "resume",
        usage="RUN [--epochs N] [--take-over] [--data-dir DIR] [--other-data] [--json | --quiet]",
        about="Resume a run: a paused one continues in place, any other from its last checkpoint in this terminal.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="the run")
    add_field(made.options, HYPERPARAMETERS["epochs"])
    made.options.add_argument(
        "--take-over",
        action="store_true",
        help="take the run over from another machine that has not responded for a minute; if it still trains there, it ends",
    )
    add_data(made)
    add_output(made)
    return made


def add_output(parser: Parser) -> None:
    """Add ``--json`` and ``--quiet``."""
    parser.options.add_argument(
        "--json", action="store_true", help="print every event as a line of JSON (docs/events.md)"
    )
    parser.options.add_argument("--quiet", action="store_true", help="print only the result")


def report_ignored_edits(folder: RunFolder, *, replayed: bool = False) -> None:
    """Report on standard error which manual edits of the run's settings are ignored."""
    from engine.runs.edited_config import ignored_edits  # noqa: PLC0415 - not needed for --help

    if words := ignored_edits(folder, replayed=replayed):
        print_message(f"Note: {words}")


def run(args: argparse.Namespace) -> int:
    """Train to the end and return the exit status."""
    from engine.commands import ResumeRun  # noqa: PLC0415 - not needed for --help
    from engine.runs.folder import find_run, read_session  # noqa: PLC0415
    from tui.cli.run_control import steer  # noqa: PLC0415
    from tui.headless.follow import run_job  # noqa: PLC0415

    folder = find_run(args.run)
    if folder.live() and folder.state().status == "paused":
        return steer(folder, read_session(folder), "continue")
    report_ignored_edits(folder)
    epochs = int(str(HYPERPARAMETERS["epochs"].parse(args.epochs))) if "epochs" in args else None
    job = ResumeRun(
        run=folder.name,
        epochs=epochs,
        take_over=getattr(args, "take_over", False),
        data_dir=given_folder(args),
        other_data=args.other_data,
    )
    return run_job(job, args, folder.state())
