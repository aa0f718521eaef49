"""``mnist-tui explain [NAME]``: prints the help page of a hyperparameter, metric or term."""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from tui.cli.parser import Parser
from tui.headless.output import print_lines


def parser() -> Parser:
    """What to explain, in one or more words."""
    made = Parser(
        "explain",
        usage="[NAME] [--ascii]",
        about="Explain a hyperparameter, a metric, a preset or a term.\n"
        "NAME may be short ('lr', 'f1', 'backprop') or a field and its value ('schedule step'). Without it all pages are listed.",
    )
    made.options.add_argument("name", metavar="NAME", nargs="*", help="what to explain")
    made.options.add_argument(
        "--ascii",
        action="store_true",
        help="print ASCII characters only (automatic if the output is not UTF-8)",
    )
    return made


def run(args: argparse.Namespace) -> int:
    """Print the page, or the list of pages. Raises `ConfigProblem` for an unknown or ambiguous name."""
    from engine.help.catalog import find  # noqa: PLC0415 - not needed for --help
    from tui.terminal.capabilities import speaks_utf8  # noqa: PLC0415
    from tui.views.printed import WIDEST, bare, contents_lines, page_lines, styled  # noqa: PLC0415

    ascii_only = args.ascii or not speaks_utf8()
    terminal = sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    mark = styled if terminal and not os.environ.get("NO_COLOR") else bare
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST) if sys.stdout.isatty() else WIDEST
    name = " ".join(args.name)
    if name:
        print_lines(page_lines(find(name), width, mark, ascii_only=ascii_only), styled=True)
    else:
        print_lines(contents_lines(width, mark, ascii_only=ascii_only), styled=True)
    return 0
