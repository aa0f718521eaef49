"""``mnist-tui experiment [NAME]``: a question, the runs that answer it, and what was seen."""

from __future__ import annotations

import argparse

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from tui.cli.commands.resume import add_output
from tui.cli.parser import Parser, add_data, add_settings, given_fields
from tui.headless.output import columns, print_json, print_lines


def parser() -> Parser:
    """Which experiment, settings for all its runs, and how to show it."""
    made = Parser(
        "experiment",
        usage="[NAME [--FIELD VALUE ...] [--name GROUP] [--resume] [--show]] [--json | --quiet]",
        about="Train the runs of a guided experiment one after the other, and say in figures what was seen.\n"
        "Without NAME the experiments are listed, each with its question.",
        epilog="Of the settings below, those that the experiment compares cannot be given; the others count for all its runs.",
    )
    made.options.add_argument("experiment", metavar="NAME", nargs="?", default="", help="which experiment")
    made.options.add_argument(
        "--name",
        metavar="GROUP",
        default="",
        help="what this performance of it is called; a name is made up without it",
    )
    made.options.add_argument(
        "--resume", action="store_true", help="go on with the latest performance (or GROUP), where it was broken off"
    )
    made.options.add_argument(
        "--show", action="store_true", help="show the latest performance (or GROUP) again, without training"
    )
    add_data(made, folder=False)
    add_output(made)
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """List them, show one again, or perform it; the exit status says how that went."""
    from engine.experiments import find_experiment, find_experiment_run  # noqa: PLC0415 - --help does without

    values = _values(args)
    if not args.experiment:
        if values or args.name or args.resume or args.show:
            raise ConfigProblem("Which experiment? `mnist-tui experiment` lists them; the name comes before the flags.")
        return _list(json=args.json)
    experiment = find_experiment(args.experiment)
    if args.resume and args.show:
        raise ConfigProblem("--show trains nothing; give it, or --resume.")
    if (args.resume or args.show) and values:
        flag = HYPERPARAMETERS[next(iter(values))].flag
        raise ConfigProblem(f"{flag} cannot be given here: this performance has its settings already.")
    from tui.headless.experiment import perform, show  # noqa: PLC0415

    if args.show:
        show(experiment, find_experiment_run(experiment, args.name), args)
        return 0
    from engine.commands import Experiment  # noqa: PLC0415
    from engine.experiments import of_machine  # noqa: PLC0415
    from engine.settings import effective  # noqa: PLC0415

    if not args.resume:
        values = of_machine(effective().config) | values
        experiment.configs(values)  # refuses before an engine is started
    command = Experiment(
        experiment=experiment.name,
        values=values,
        name=args.name,
        resume=args.resume,
        other_data=args.other_data,
    )
    return perform(experiment, command, args)


def _values(args: argparse.Namespace) -> dict[str, object]:
    if args.preset:
        raise ConfigProblem("--preset cannot be given here: each run of an experiment has its own.")
    return {name: HYPERPARAMETERS[name].parse(text) for name, text in given_fields(args).items()}


def _list(*, json: bool) -> int:
    from engine.experiments import experiments  # noqa: PLC0415

    found = experiments().values()
    if json:
        rows = [
            {
                "experiment": each.name,
                "question": each.question,
                "watch": each.watch,
                "seconds": each.seconds,
                "compares": list(each.compared),
                "arms": [{"label": arm.label, "preset": arm.preset, "values": dict(arm.values)} for arm in each.arms],
            }
            for each in found
        ]
        print_json(rows)
    else:
        print_lines(columns([(each.name, each.question) for each in found]))
    return 0
