"""``mnist-tui ls``: lists the runs, one per line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigProblem
from engine.fields import short
from engine.text.numbers import percent
from tui.cli.parser import Parser
from tui.headless.output import columns, print_json, print_lines, print_message

if TYPE_CHECKING:
    from engine.runs.folder import RunFolder
    from engine.state.run_state import RunState

_HEADINGS = ("RUN", "STATUS", "PRESET", "EPOCHS", "VALIDATION", "TEST", "STARTED")


def parser() -> Parser:
    """``--tree`` and ``--json``."""
    made = Parser("ls", usage="[--tree] [--json]", about="List the runs, newest last.")
    made.options.add_argument("--tree", action="store_true", help="show each branch below its parent run")
    made.options.add_argument("--json", action="store_true", help="print a JSON array (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    from engine.paths import runs_dir  # noqa: PLC0415
    from engine.runs.branch_tree import present_names, tree  # noqa: PLC0415 - not needed for --help
    from engine.runs.folder import all_runs  # noqa: PLC0415
    from tui.data.run_summary import outline  # noqa: PLC0415

    folders = all_runs()
    names = present_names(folders)
    found = [summary(folder, outline(folder), names) for folder in folders]
    if args.json:
        print_json(found)
    elif found:
        rows = list(map(_row, found))
        if args.tree:
            by_name = {each["run"]: row for each, row in zip(found, rows, strict=True)}
            parents = {each["run"]: each["parent"] for each in found if each["parent"]}
            rows = [(before + by_name[name][0], *by_name[name][1:]) for name, before in tree(list(by_name), parents)]
        print_lines(columns([_HEADINGS, *rows], right=(3, 4, 5)))
        for each in found:
            if each["unsaved"]:
                name = short(each["run"], 100)
                print_message(
                    f"Note: {name} could not be saved completely; `mnist-tui show {name}` lists what is missing."
                )
    else:
        print_lines([f"There are no runs in {short(str(runs_dir()), 400)} yet; `mnist-tui train` starts one."])
    return 0


def summary(folder: RunFolder, state: RunState, names: Mapping[str, str]) -> dict[str, Any]:
    """One run's element of the JSON array; `names` maps former run names to current ones."""
    test = state.tested or (end.test if (end := state.finished or folder.finished()) else None)
    return {
        "run": folder.name,
        **status_fields(folder, state),
        "preset": state.preset,
        "host": state.host,
        "parent": names.get(state.parent.run, state.parent.run) if state.parent else None,
        "experiment": state.arm.group if state.arm else None,
        "created": state.created or round(folder.created(), 3),
        "epochs": state.epochs[-1].epoch if state.epochs else 0,
        "epochs_asked": state.config.epochs if state.run else _planned_epochs(folder),
        "validation_accuracy": state.validation_beside(test),
        "best_validation_accuracy": max((e.validation_accuracy for e in state.epochs), default=None),
        "test_accuracy": test.accuracy if test else None,
        "folder": str(folder.path),
        "unsaved": [fault.path for fault in state.unsaved],
    }


def status_fields(folder: RunFolder, state: RunState) -> dict[str, Any]:
    """The run's status and, if another machine has it, which one and when it last renewed its session."""
    status, found = folder.status(), folder.presence()
    elsewhere = found is not None and not found.here
    return {
        "status": status,
        "paused": status == "running" and state.status == "paused",
        "remote": {"host": found.info.host, "heard": round(found.heard, 3)} if found and elsewhere else None,
    }


def _planned_epochs(folder: RunFolder) -> int | None:
    """The epochs in the config file of a run without a log; None if it is invalid, so the run is still listed."""
    try:
        return folder.read_config().epochs
    except ConfigProblem:
        return None


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    return (
        short(found["run"], 100),
        "paused" if found["paused"] else found["status"],
        short(found["preset"]) or "-",
        f"{found['epochs']}/{found['epochs_asked'] or '?'}",
        _percent(found["validation_accuracy"]),
        _percent(found["test_accuracy"]),
        when(found["created"]),
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else percent(share)


def when(seconds: float) -> str:
    """Unix seconds as local date, hour and minute; "-" for a time out of range."""
    from datetime import datetime  # noqa: PLC0415 - already loaded by engine.runs.folder

    try:
        return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "-"
