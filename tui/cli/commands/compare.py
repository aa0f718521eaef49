"""``mnist-tui compare RUN RUN``: compares two runs with McNemar's test on their common test images."""

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
        about="Compare two runs on the same test images with McNemar's test, from the stored test predictions;\n"
        "nothing is evaluated again. RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("runs", metavar="RUN", nargs=2, help="the two runs")
    made.options.add_argument("--json", action="store_true", help="print a JSON object (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Compare the runs. Raises `RunProblem` if one was never tested, or they were tested on different images."""
    from engine.runs.folder import find_run  # noqa: PLC0415 - not needed for --help
    from tui.data.run_comparison import compared  # noqa: PLC0415 - imports numpy

    first, second = map(find_run, args.runs)
    if first.path == second.path:
        raise RunProblem(f"Both runs are {first.name}; name two different runs. `mnist-tui ls` lists them.")
    readers = _reader(first), _reader(second)
    found = compared(*readers)
    if args.json:
        print_json(document(found, *readers))
    else:
        print_lines(lines(found, *readers))
    return 0


def _reader(run: RunFolder) -> Reader:
    from engine.runs.integrity import archive_damage, look_again  # noqa: PLC0415 - not needed for --help
    from tui.data.run_comparison import tested  # noqa: PLC0415

    if (reader := tested(run)) is not None:
        return reader
    if reason := archive_damage(run.look("best")):
        raise RunProblem(f"{run.look('best')} is damaged: {reason}; {look_again(run, 'best')}.")
    if run.live():
        raise RunProblem(f"{run.name} is still running: it can be compared once it has been tested.")
    raise RunProblem(
        f"{run.name} has no stored test predictions of its best weights: it was never tested, or by an earlier "
        f"version. `mnist-tui eval {run.name}` evaluates it and stores them."
    )


def document(found: Comparison, first: Reader, second: Reader) -> dict[str, Any]:
    """The result as a JSON object (docs/events.md)."""
    from tui.views.compared import sentences  # noqa: PLC0415

    return {
        "images": found.images,
        "runs": [_result(first), _result(second)],
        "both_right": found.both,
        "only_right": [found.only_first, found.only_second],
        "both_wrong": found.neither,
        "method": found.method,
        "p": found.p,
        "is_real": found.is_real,
        "sentence": " ".join(sentences(found, first.run, second.run)),
    }


def _result(reader: Reader) -> dict[str, Any]:
    low, high = reader.interval
    return {
        "run": reader.run,
        "weights": "best",
        "epoch": reader.epoch,
        "right": reader.correct,
        "accuracy": reader.accuracy,
        "low": low,
        "high": high,
    }


def lines(found: Comparison, first: Reader, second: Reader) -> list[str]:
    """Both test results, the four counts, and what they mean."""
    from engine.text.numbers import count, interval, percent  # noqa: PLC0415
    from tui.views.compared import CAVEAT, p_text, sentences, table  # noqa: PLC0415

    rows = [("run", "epoch", "test accuracy", "95% interval", "errors")]
    for each in (first, second):
        errors = count(len(each.labels) - each.correct)
        rows.append((each.run, str(each.epoch), percent(each.accuracy), interval(*each.interval), errors))
    return [
        *columns(rows, right=range(1, 5)),
        "",
        *columns(table(found, first.run, second.run), right=range(3)),
        "",
        *sentences(found, first.run, second.run),
        f"McNemar's test ({found.method}): p = {p_text(found.p)}. {CAVEAT}",
    ]
