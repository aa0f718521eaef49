"""``mnist-tui train``: a new run without a screen."""

from __future__ import annotations

import argparse

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from tui.cli.commands import resume
from tui.cli.parser import Parser, add_data, add_settings, given_fields, read_settings


def parser() -> Parser:
    """Settings, a name, and how to show it."""
    made = Parser(
        "train",
        usage="[--preset NAME] [--FIELD VALUE ...] [--name RUN] [--json | --quiet] [--resume RUN]",
        about="Train without a screen. Ctrl+C ends the run with a checkpoint; a second one leaves at once.",
    )
    made.options.add_argument("--name", metavar="RUN", default="", help="the run's name; one is made up without it")
    made.options.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with this run instead; beside it only --epochs, --data-dir and --other-data count",
    )
    add_data(made, folder=False)
    resume.add_output(made)
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Train to the end; the exit status says how it went."""
    if args.resume:
        return _resume(args)
    from engine.commands import Start  # noqa: PLC0415 - after the settings' faults are told
    from tui.headless.follow import run_job  # noqa: PLC0415

    if args.other_data:
        raise ConfigProblem("--other-data belongs to --resume: a new run takes the data it is given.")
    settings = read_settings(args)
    return run_job(Start(config=settings.config, preset=settings.preset, name=args.name), args)


def _resume(args: argparse.Namespace) -> int:
    beside = [HYPERPARAMETERS[name].flag for name in given_fields(args) if name not in ("epochs", "data_dir")]
    beside += ["--preset"] * bool(args.preset) + ["--name"] * bool(args.name)
    if beside:
        raise ConfigProblem(
            f"{beside[0]} cannot be given beside --resume: a run goes on with its own settings; only --epochs can change."
        )
    args.run = args.resume
    return resume.run(args)
