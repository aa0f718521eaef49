"""``mnist-tui experiment [NAME]``: a question, the runs that answer it, and the conclusion."""

from __future__ import annotations

import argparse

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from tui.cli.commands.resume import add_output
from tui.cli.parser import Parser, add_data, add_settings, given_fields
from tui.headless.output import columns, print_json, print_lines


def parser() -> Parser:
    """The experiment, settings for all its runs, and the output format."""
    made = Parser(
        "experiment",
        usage="[NAME [--FIELD VALUE ...] [--name GROUP] [--resume] [--show]] [--json | --quiet]",
        about="Train the runs of a guided experiment one after the other, and report the results and the conclusion.\n"
        "Without NAME the experiments are listed, each with its question.",
        epilog="Settings that the experiment compares cannot be given; the others apply to all its runs.",
    )
    made.options.add_argument("experiment", metavar="NAME", nargs="?", default="", help="the experiment")
    made.options.add_argument(
        "--name",
        metavar="GROUP",
        default="",
        help="the name of this experiment run (default: generated)",
    )
    made.options.add_argument("--resume", action="store_true", help="resume the latest experiment run (or GROUP)")
    made.options.add_argument(
        "--show", action="store_true", help="show the latest experiment run (or GROUP) again, without training"
    )
    add_data(made, folder=False)
    add_output(made)
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """List the experiments, show one again, or run it; return the exit status."""
    from engine.experiments import find_experiment, find_experiment_run  # noqa: PLC0415 - not needed for --help

    values = _values(args)
    if not args.experiment:
        if values or args.name or args.resume or args.show:
            raise ConfigProblem("Which experiment? `mnist-tui experiment` lists them; the name comes before the flags.")
        return _list(json=args.json)
    experiment = find_experiment(args.experiment)
    if args.resume and args.show:
        raise ConfigProblem("--show trains nothing; use either --show or --resume.")
    if (args.resume or args.show) and values:
        flag = HYPERPARAMETERS[next(iter(values))].flag
        raise ConfigProblem(f"{flag} cannot be used here: the experiment run keeps its settings.")
    from tui.headless.experiment import perform, show  # noqa: PLC0415

    if args.show:
        show(experiment, find_experiment_run(experiment, args.name), args)
        return 0
    from engine.commands import Experiment  # noqa: PLC0415
    from engine.experiments import of_machine  # noqa: PLC0415
    from engine.settings import effective  # noqa: PLC0415

    if not args.resume:
        values = of_machine(effective().config) | values
        experiment.configs(values)  # raises before an engine is started
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
        raise ConfigProblem("--preset cannot be used here: each run of an experiment has its own.")
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
