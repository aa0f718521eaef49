"""``mnist-tui resume RUN``: go on with a run without a screen."""

from __future__ import annotations

import argparse

from engine.config import HYPERPARAMETERS
from tui.arguments import Parser, add_data, add_field, given_folder


def parser() -> Parser:
    """The run, its new number of epochs, and how to show it."""
    made = Parser(
        "resume",
        usage="RUN [--epochs N] [--data-dir DIR] [--other-data] [--json | --quiet]",
        about="Go on with a run: one that is paused, where it is; any other from its last checkpoint, without a screen.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="which run")
    add_field(made.options, HYPERPARAMETERS["epochs"])
    add_data(made)
    add_output(made)
    return made


def add_output(parser: Parser) -> None:
    """Add ``--json`` and ``--quiet``."""
    parser.options.add_argument(
        "--json", action="store_true", help="print every event as a line of JSON (docs/events.md)"
    )
    parser.options.add_argument("--quiet", action="store_true", help="print nothing but how it ended")


def run(args: argparse.Namespace) -> int:
    """Train to the end; the exit status says how it went."""
    from engine.commands import ResumeRun  # noqa: PLC0415 - --help does without
    from engine.runs import find_run, read_session  # noqa: PLC0415
    from tui.commands.steering import steer  # noqa: PLC0415
    from tui.headless import run_job  # noqa: PLC0415

    folder = find_run(args.run)
    if folder.live() and folder.state().status == "paused":
        return steer(folder, read_session(folder), "continue")
    epochs = int(str(HYPERPARAMETERS["epochs"].parse(args.epochs))) if "epochs" in args else None
    job = ResumeRun(run=folder.name, epochs=epochs, data_dir=given_folder(args), other_data=args.other_data)
    return run_job(job, args, folder.state())
