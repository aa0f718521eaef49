"""``mnist-tui lrfind [RUN]``: suggests a learning rate with a range test."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING, Any

from engine.answers import RangeTest, decode_result
from engine.errors import ConfigProblem
from tui.cli.parser import Parser, add_data, add_settings, given_fields, given_folder, read_settings
from tui.headless.output import clean, print_json, print_lines
from tui.views.rate_range import sentence

if TYPE_CHECKING:
    from engine.client import Connect
    from engine.commands import TestRange


def parser() -> Parser:
    """A run, or settings for new weights."""
    made = Parser(
        "lrfind",
        usage="[RUN [--data-dir DIR] [--other-data] | --preset NAME --FIELD VALUE ...] [--json]",
        about="Train a copy with a rising learning rate until the loss diverges, and suggest rates.\n"
        "Starts from the last checkpoint of RUN or, without RUN, from new weights with these settings. Changes no run.",
    )
    made.options.add_argument("run", metavar="RUN", nargs="?", help="the run")
    made.options.add_argument("--json", action="store_true", help="print a JSON object (docs/events.md)")
    add_data(made, folder=False)
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Run the test in a separate engine. Raises `Problem` if that fails."""
    from engine.commands import TestRange  # noqa: PLC0415 - not needed for --help
    from engine.runs.folder import find_run  # noqa: PLC0415
    from tui.headless.follow import start_engine  # noqa: PLC0415
    from tui.headless.waiting import ask_engine  # noqa: PLC0415

    if args.run and (given_fields(args).keys() - {"data_dir"} or args.preset):
        raise ConfigProblem("Settings cannot be combined with a run, which has its own.")
    if args.run:
        name = find_run(args.run).name
        question = TestRange(run=name, data_dir=given_folder(args), other_data=args.other_data)
    else:
        question = TestRange(config=read_settings(args).config)
    found = ask_engine(start_engine, lambda connect: _ask(connect, question))
    if args.json:
        print_json(found)
    else:
        print_lines(lines(decode_result(RangeTest, found)))
    return 0


async def _ask(connect: Connect, question: TestRange) -> dict[str, Any]:
    from engine.protocol import Working  # noqa: PLC0415 - not needed for --help
    from tui.app.query_engine import Asker  # noqa: PLC0415

    on_terminal = sys.stderr.isatty()

    def on_progress(working: Working) -> None:
        if on_terminal and working.text:
            _redraw(f"{working.share:4.0%}  {clean(working.text)}")

    asker = Asker(connect)
    try:
        return await asker.ask(question, on_progress)
    finally:
        await asker.close()
        if on_terminal:
            _redraw("\033[K")


def _redraw(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


def lines(found: RangeTest) -> list[str]:
    """The suggestion, below a coarse bar chart of the loss by learning rate."""
    rates, losses = found.rates, found.losses
    if not losses:
        return ["The loss was NaN from the first step: no learning rate can be suggested."]
    top, width = max(losses[0], min(losses)) * 1.2, 44
    rows = []
    for index in range(0, len(rates), max(len(rates) // 20, 1)):
        bar = "#" * round(min(losses[index] / top, 1.0) * width)
        rows.append(f"{rates[index]:8.1e}  {losses[index]:7.3f}  {bar}")
    return ["    rate     loss", *rows, "", sentence(found)]
