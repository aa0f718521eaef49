"""``mnist-tui train``: trains a new run without the app."""

from __future__ import annotations

import argparse

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from tui.cli.commands import resume
from tui.cli.parser import Parser, add_data, add_settings, given_fields, read_settings


def parser() -> Parser:
    """Settings, a name, and the output format."""
    made = Parser(
        "train",
        usage="[--preset NAME] [--FIELD VALUE ...] [--name RUN] [--json | --quiet] [--resume RUN]",
        about="Train without the app. Ctrl+C stops the run with a checkpoint; a second Ctrl+C exits immediately.",
    )
    made.options.add_argument("--name", metavar="RUN", default="", help="the run's name (default: generated)")
    made.options.add_argument(
        "--resume",
        metavar="RUN",
        help="resume this run instead; only --epochs, --data-dir and --other-data can be combined with it",
    )
    add_data(made, folder=False)
    resume.add_output(made)
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Train to the end and return the exit status."""
    if args.resume:
        return _resume(args)
    from engine.commands import Start  # noqa: PLC0415 - not needed to reject invalid settings
    from tui.headless.follow import run_job  # noqa: PLC0415

    if args.other_data:
        raise ConfigProblem("--other-data needs --resume: a new run accepts any data.")
    settings = read_settings(args)
    return run_job(Start(config=settings.config, preset=settings.preset, name=args.name), args)


def _resume(args: argparse.Namespace) -> int:
    refused = [HYPERPARAMETERS[name].flag for name in given_fields(args) if name not in ("epochs", "data_dir")]
    refused += ["--preset"] * bool(args.preset) + ["--name"] * bool(args.name)
    if refused:
        raise ConfigProblem(
            f"{refused[0]} cannot be combined with --resume: a run keeps its settings; only --epochs can change."
        )
    args.run = args.resume
    return resume.run(args)
