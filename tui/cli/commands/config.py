"""``mnist-tui config``: the effective settings and where each comes from."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.config import HYPERPARAMETERS, applies
from engine.fields import short
from tui.cli.parser import Parser, add_settings, read_settings
from tui.headless.output import columns, print_json, print_lines

if TYPE_CHECKING:
    from engine.settings import Settings


def parser() -> Parser:
    """The same flags as `train`."""
    made = Parser(
        "config",
        usage="[--preset NAME] [--FIELD VALUE ...] [--json]",
        about="Show the effective settings and where each comes from.",
    )
    made.options.add_argument("--json", action="store_true", help="print a JSON object")
    add_settings(made)
    return made


def run(args: argparse.Namespace) -> int:
    """Print one line per hyperparameter."""
    from engine.settings import config_path  # noqa: PLC0415 - not needed for --help

    settings, path = read_settings(args), config_path()
    if args.json:
        print_json(
            {
                "config_file": str(path),
                "config_file_exists": path.exists(),
                "preset": settings.preset,
                "settings": {name: _entry(settings, name) for name in HYPERPARAMETERS},
                "screen": dict(settings.screen),
            }
        )
        return 0
    missing = "" if path.exists() else " (not found)"
    rows = [(name, shown(settings, name), settings.origins[name]) for name in HYPERPARAMETERS]
    print_lines([f"Config file: {short(str(path), 400)}{missing}", f"Preset: {settings.preset}", "", *columns(rows)])
    return 0


def shown(settings: Settings, name: str) -> str:
    """A hyperparameter's value as it is typed; in parentheses if the other settings make it irrelevant."""
    text = HYPERPARAMETERS[name].format(getattr(settings.config, name)) or "-"
    return short(text) if applies(settings.config, name) else f"({short(text)})"


def _entry(settings: Settings, name: str) -> dict[str, object]:
    value = getattr(settings.config, name)
    return {"value": value, "origin": settings.origins[name], "applies": applies(settings.config, name)}
