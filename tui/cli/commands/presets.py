"""``mnist-tui presets``: lists the presets."""

from __future__ import annotations

import argparse

from tui.cli.parser import Parser
from tui.headless.output import columns, print_json, print_lines


def parser() -> Parser:
    """``--json``."""
    made = Parser("presets", usage="[--json]", about="List the presets: named settings for --preset.")
    made.options.add_argument("--json", action="store_true", help="print a JSON array")
    return made


def run(args: argparse.Namespace) -> int:
    """Print one line per preset."""
    from engine.settings import presets  # noqa: PLC0415 - not needed for --help

    found = presets().values()
    if args.json:
        print_json(
            [{"preset": p.name, "comment": p.comment, "watch": p.watch, "settings": dict(p.values)} for p in found]
        )
    else:
        print_lines(columns([(p.name, p.comment) for p in found]))
    return 0
