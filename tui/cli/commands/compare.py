"""``mnist-tui compare RUN RUN``: which of two runs reads better, by McNemar's test on the images both were tested on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from engine.errors import RunProblem
from tui.cli.parser import Parser
from tui.headless.output import columns, print_json, print_lines

if TYPE_CHECKING:
    from engine.analysis.mcnemar import Comparison
    from engine.runs.folder import RunFolder
    from tui.data.run_comparison import Reader


def parser() -> Parser:
    """The two runs, and ``--json``."""
    made = Parser(
        "compare",
        usage="RUN RUN [--json]",
        about="Compare two runs on the same test images with McNemar's test, from the looks at the test set that\n"
        "were kept; no new look is made. RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("runs", metavar="RUN", nargs=2, help="which runs")
    made.options.add_argument("--json", action="store_true", help="print a JSON object (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Compare them. Raises `RunProblem` where one was never tested, or they were tested on different images."""
    from engine.runs.folder import find_run  # noqa: PLC0415 - --help does without
    from tui.data.run_comparison import compared  # noqa: PLC0415 - brings numpy in

    first, second = map(find_run, args.runs)
    if first.path == second.path:
        raise RunProblem(f"Both are {first.name}; a comparison takes two runs, and `mnist-tui ls` lists them.")
    readers = _reader(first), _reader(second)
    found = compared(*readers)
    if args.json:
        print_json(document(found, *readers))
    else:
        print_lines(lines(found, *readers))
    return 0


def _reader(run: RunFolder) -> Reader:
    from engine.runs.integrity import archive_damage, look_again  # noqa: PLC0415 - --help does without
    from tui.data.run_comparison import tested  # noqa: PLC0415

    if (reader := tested(run)) is not None:
        return reader
    if reason := archive_damage(run.look("best")):
        raise RunProblem(f"{run.look('best')} is damaged: {reason}; {look_again(run, 'best')}.")
    if run.live():
        raise RunProblem(f"{run.name} is running: it can be compared once it has ended and was tested.")
    raise RunProblem(
        f"What the best weights of {run.name} read in the test set was not kept: it was never tested, or before this "
        f"version. `mnist-tui eval {run.name}` looks at the test set and keeps it."
    )


def document(found: Comparison, first: Reader, second: Reader) -> dict[str, Any]:
    """The JSON object."""
    from tui.views.compared import sentences  # noqa: PLC0415

    return {
        "images": found.images,
        "runs": [_figures(first), _figures(second)],
        "both_right": found.both,
        "only_right": [found.only_first, found.only_second],
        "both_wrong": found.neither,
        "method": found.method,
        "p": found.p,
        "is_real": found.is_real,
        "sentence": " ".join(sentences(found, first.run, second.run)),
    }


def _figures(reader: Reader) -> dict[str, Any]:
    low, high = reader.interval
    return {
        "run": reader.run,
        "weights": "best",
        "epoch": reader.epoch,
        "right": reader.right,
        "accuracy": reader.accuracy,
        "low": low,
        "high": high,
    }


def lines(found: Comparison, first: Reader, second: Reader) -> list[str]:
    """The figures of both, the four counts, and what they mean."""
    from engine.text.numbers import count, percent  # noqa: PLC0415
    from tui.views.compared import CAVEAT, p_text, sentences, table  # noqa: PLC0415

    rows = [("run", "epoch", "test accuracy", "95% interval", "wrong")]
    for each in (first, second):
        low, high = each.interval
        wrong = count(len(each.labels) - each.right)
        rows.append((each.run, str(each.epoch), percent(each.accuracy), f"{percent(low)} to {percent(high)}", wrong))
    return [
        *columns(rows, right=range(1, 5)),
        "",
        *columns(table(found, first.run, second.run), right=range(3)),
        "",
        *sentences(found, first.run, second.run),
        f"McNemar's test ({found.method}): p = {p_text(found.p)}. {CAVEAT}",
    ]
