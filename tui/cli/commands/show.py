"""``mnist-tui show RUN``: one run's settings, epochs, test result and hints."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from msgspec import structs

from engine.config import HYPERPARAMETERS, differences
from engine.fields import short
from engine.text.numbers import count, duration, loss, percent
from tui.cli.parser import Parser
from tui.headless.output import columns, print_json, print_lines
from tui.views.data_set import elsewhere, named, of_run
from tui.views.mark_texts import mark_text

if TYPE_CHECKING:
    from engine.config import TrainConfig
    from engine.events import Changed, EpochEnded, Finished, SaveFailed, Tested, Validation
    from engine.runs.folder import RunFolder
    from engine.state.run_state import RunState

_HEADINGS = (
    "EPOCH",
    "TRAIN LOSS",
    "ACCURACY",
    "VALIDATION LOSS",
    "ACCURACY",
    "RATE",
    "GRADIENT",
    "IMAGES/S",
    "TIME",
    "",
)


def parser() -> Parser:
    """The run, and ``--json``."""
    made = Parser(
        "show",
        usage="RUN [--json]",
        about="Show one run: settings, epochs, test result, and hints about problems. RUN is a name, a part of one, or 'last'.",
    )
    made.options.add_argument("run", metavar="RUN", help="the run")
    made.options.add_argument("--json", action="store_true", help="print a JSON object (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Show the run. Raises `RunProblem` for an unknown or ambiguous name."""
    from engine.runs.folder import find_run  # noqa: PLC0415 - not needed for --help
    from tui.data.run_summary import outline  # noqa: PLC0415

    folder = find_run(args.run)
    state = outline(folder, curve=True)
    config = state.config if state.run else folder.read_config()
    if args.json:
        print_json(document(folder, state, config))
    else:
        print_lines(
            [
                *_heading(folder, state),
                "",
                *_settings(config),
                *_changes(state),
                "",
                *_epochs(state),
                *_ending(state),
                *_hints(state),
                *_damages(folder),
            ]
        )
    return 0


def document(folder: RunFolder, state: RunState, config: TrainConfig) -> dict[str, Any]:
    """The run as a JSON object (docs/events.md)."""
    from engine.diagnosis import diagnose  # noqa: PLC0415
    from engine.runs.integrity import damages  # noqa: PLC0415 - not needed for --help
    from tui.cli.commands.ls import status_fields  # noqa: PLC0415

    return {
        "run": folder.name,
        **status_fields(folder, state),
        "preset": state.preset,
        "host": state.host,
        "version": state.version,
        "created": state.created or round(folder.created(), 3),
        "folder": str(folder.path),
        "config": config,
        "changed": differences(config),
        "machine": state.started.machine if state.started else None,
        "data": state.started.data if state.started else None,
        "identity": state.data,
        "overlap": state.started.overlap if state.started else None,
        "epochs": [_fields(epoch) for epoch in state.epochs],
        "changes": [_fields(mark.change) for mark in state.marks if mark.change],
        "stopped_at": _fields(state.stopped_at) if state.stopped_at else None,
        "test": state.tested,
        "tests": state.tests,
        "looks": len(state.test_evaluations),
        "elsewhere": [_fields(look) for look in state.elsewhere],
        "finished": _fields(state.finished, without=("test",)) if state.finished else None,
        "hints": diagnose(state),
        "damaged": damages(folder),
        "unsaved": [_fields(fault) for fault in state.unsaved],
    }


def _fields(
    event: EpochEnded | Validation | Finished | Changed | SaveFailed | Tested, without: tuple[str, ...] = ()
) -> dict[str, Any]:
    """An event's own fields, without sequence number, time and type."""
    return {name: value for name, value in structs.asdict(event).items() if name not in ("seq", "time", *without)}


def _heading(folder: RunFolder, state: RunState) -> list[str]:
    from tui.cli.commands.ls import when  # noqa: PLC0415

    rows = [("Run", folder.name), ("Status", _status(folder, state)), ("Preset", short(state.preset) or "-")]
    if state.run:
        rows.append(("Started", f"{when(state.created)} on {short(state.host)}"))
    if state.started:
        machine = state.started.machine
        where = f"{machine.device}, threads {machine.threads}, {machine.precision}, torch {machine.torch}"
        rows.append(("Device", where))
        if machine.processor:
            rows.append(("Processor", f"{short(machine.processor, 100)}, {short(machine.instructions)}"))
        rows.append(("Data", f"{named(state)}, {count(state.started.train_images)} training images"))
        rows += [("Note", line) for line in (*of_run(state), *elsewhere(state.elsewhere))]
    return columns([*rows, ("Folder", short(str(folder.path), 400))])


def _status(folder: RunFolder, state: RunState) -> str:
    from engine.runs.presence import last_heard  # noqa: PLC0415 - not needed for --help
    from tui.data.run_summary import status_text  # noqa: PLC0415

    found, status = folder.presence(), status_text(folder, state)
    return f"{status}, {last_heard(found)}" if found and not found.here else status


def _settings(config: TrainConfig) -> list[str]:
    changed = differences(config)
    if not changed:
        return ["All settings have their defaults."]
    rows = [("  " + name, HYPERPARAMETERS[name].format(value) or "-") for name, value in changed.items()]
    return ["Settings that differ from the defaults:", *columns(rows)]


def _changes(state: RunState) -> list[str]:
    """The live changes, in order; the settings above are the final ones."""
    rows = [
        (f"  step {count(mark.step)}", f"epoch {mark.position:.2f}", mark_text(mark))
        for mark in state.marks
        if mark.kind == "changed"
    ]
    return ["", "Changed during training, after:", *columns(rows)] if rows else []


def _epochs(state: RunState) -> list[str]:
    if not state.epochs:
        return ["No epoch was completed."]
    return columns([_HEADINGS, *map(_epoch_row, state.epochs)], right=range(9))


def _epoch_row(epoch: EpochEnded) -> tuple[str, ...]:
    return (
        str(epoch.epoch),
        loss(epoch.train_loss),
        percent(epoch.train_accuracy),
        loss(epoch.validation_loss),
        percent(epoch.validation_accuracy),
        f"{epoch.learning_rate:.3g}",
        loss(epoch.gradient_norm),
        count(epoch.images_per_second),
        duration(epoch.seconds),
        "best" if epoch.best else "",
    )


def _ending(state: RunState) -> list[str]:
    from tui.headless.report import ending, not_saved  # noqa: PLC0415 - not needed for --help

    rows = ending(state) + not_saved(state)
    return ["", *columns(rows)] if rows else []


def _damages(folder: RunFolder) -> list[str]:
    from engine.runs.integrity import damages  # noqa: PLC0415 - not needed for --help

    found = damages(folder)
    return ["", "Damaged files:", *(f"  {short(str(each), 1000)}" for each in found)] if found else []


def _hints(state: RunState) -> list[str]:
    from engine.diagnosis import diagnose  # noqa: PLC0415 - not needed for --help

    hints = diagnose(state)
    lines = ["", "Hints:"] if hints else []
    for hint in hints:
        lines.append(f"  {hint.severity}: {hint.text}")
        lines += [f"    {item.name}: {item.value}" for item in hint.evidence]
        lines += [f"    try: {hint.remedy.label}"] if hint.remedy else []
    return lines
