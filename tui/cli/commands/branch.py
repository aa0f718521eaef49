"""``mnist-tui branch RUN``: a new run that goes on with another one's weights, with other settings."""

from __future__ import annotations

import argparse

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from tui.cli.commands.resume import add_output, tell_of_edits
from tui.cli.parser import Parser, add_data, add_settings, given_fields


def parser() -> Parser:
    """The run, the checkpoint, the settings that differ, and how to show it."""
    made = Parser(
        "branch",
        usage="RUN [--at last|best|EPOCH] [--FIELD VALUE ...] [--name RUN] [--other-data] [--json | --quiet]",
        about="Train on from a checkpoint of a run with other settings, as a new run that knows its parent.\n"
        "RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="which run to branch off")
    made.options.add_argument(
        "--at", metavar="WHERE", default="last", help="last, best, or the epoch of a checkpoint kept by --keep-every"
    )
    made.options.add_argument("--name", metavar="RUN", default="", help="the new run's name; one is made up without it")
    add_data(made, folder=False)
    add_output(made)
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Train to the end; the exit status says how it went."""
    from engine.commands import Branch  # noqa: PLC0415 - --help does without
    from engine.runs.folder import find_run  # noqa: PLC0415
    from tui.headless.follow import run_job  # noqa: PLC0415

    if args.preset:
        raise ConfigProblem(
            "--preset cannot be given here: a branch has its parent's settings, but for the flags beside it."
        )
    values = {name: HYPERPARAMETERS[name].parse(getattr(args, name)) for name in given_fields(args)}
    other = args.other_data or "data_dir" in values  # who names a folder means what is in it
    folder = find_run(args.run)
    tell_of_edits(folder)
    return run_job(Branch(run=folder.name, at=args.at, values=values, name=args.name, other_data=other), args)
