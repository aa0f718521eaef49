"""``mnist-tui branch RUN``: a new run that starts from a checkpoint of another one, with other settings."""

from __future__ import annotations

import argparse

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from tui.cli.commands.resume import add_output, report_ignored_edits
from tui.cli.parser import Parser, add_data, add_settings, given_fields


def parser() -> Parser:
    """The run, the checkpoint, the settings to change, and the output format."""
    made = Parser(
        "branch",
        usage="RUN [--at last|best|EPOCH] [--FIELD VALUE ...] [--name RUN] [--other-data] [--json | --quiet]",
        about="Start a new run from a checkpoint of another one, with other settings. The new run records its parent.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="the run to branch from")
    made.options.add_argument(
        "--at",
        metavar="WHERE",
        default="last",
        help="last, best, or the epoch of a checkpoint kept with --keep-every (default: last)",
    )
    made.options.add_argument("--name", metavar="RUN", default="", help="the new run's name (default: generated)")
    add_data(made, folder=False)
    add_output(made)
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Train to the end and return the exit status."""
    from engine.commands import Branch  # noqa: PLC0415 - not needed for --help
    from engine.runs.folder import find_run  # noqa: PLC0415
    from tui.headless.follow import run_job  # noqa: PLC0415

    if args.preset:
        raise ConfigProblem(
            "--preset cannot be used here: a branch has its parent's settings, except those given as flags."
        )
    values = {name: HYPERPARAMETERS[name].parse(getattr(args, name)) for name in given_fields(args)}
    other = args.other_data or "data_dir" in values  # naming a folder accepts its contents
    folder = find_run(args.run)
    report_ignored_edits(folder)
    return run_job(Branch(run=folder.name, at=args.at, values=values, name=args.name, other_data=other), args)
