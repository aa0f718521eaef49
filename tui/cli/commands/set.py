"""``mnist-tui set [RUN] FIELD=VALUE …``: changes hyperparameters of a run in training."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigProblem
from engine.fields import short
from tui.cli.parser import Parser
from tui.headless.output import print_lines

if TYPE_CHECKING:
    from engine.answers import AppliedChange
    from engine.commands import Steering
    from engine.runs.presence import SessionInfo


def parser() -> Parser:
    """The run, and the changes."""
    made = Parser(
        "set",
        usage="[RUN] FIELD=VALUE ... | [RUN] --undo",
        about="Change hyperparameters of a run in training from its next step on: mnist-tui set lr=3e-4 dropout=0.2\n"
        "RUN is a name, a part of one, or 'last' (default: the only run in progress).",
    )
    made.options.add_argument(
        "words", metavar="FIELD=VALUE", nargs="*", help="a new value; lr is short for learning_rate"
    )
    made.options.add_argument("--undo", action="store_true", help="undo the latest change")
    return made


def run(args: argparse.Namespace) -> int:
    """Send the change to the run's engine. Raises `Problem` if it refuses; then nothing has changed."""
    from engine import commands as cmd  # noqa: PLC0415 - not needed for --help
    from tui.cli.run_control import choose  # noqa: PLC0415

    names = [word for word in args.words if "=" not in word]
    if len(names) > 1:
        raise ConfigProblem(f"'{short(names[1])}' is not a change; expected FIELD=VALUE, for example lr=3e-4.")
    values = parsed([word for word in args.words if "=" in word])
    if bool(values) == args.undo:
        raise ConfigProblem("Expected a change, for example lr=3e-4, or --undo.")
    folder, info = choose(names[0] if names else None)
    result = asyncio.run(_send(info, cmd.Undo() if args.undo else cmd.Change(values=values)))
    changed, no_effect = result.changed, result.no_effect
    if not changed:
        print_lines([f"{folder.name} already has these values."])
    else:
        values_set = [_setting(name, value, no_effect.get(name, "")) for name, value in changed.items()]
        print_lines([f"{folder.name} continues with {', '.join(values_set)}."])
    return 0


def parsed(words: list[str]) -> dict[str, Any]:
    """The values by field name, parsed from "FIELD=VALUE". Raises `ConfigProblem` for an unknown field or bad value."""
    from engine.config import HYPERPARAMETERS, check_each  # noqa: PLC0415 - not needed for --help
    from tui.cli.parser import field_named  # noqa: PLC0415

    values: dict[str, Any] = {}
    for word in words:
        given, _, text = word.partition("=")
        name = field_named(given)
        if name in values:
            raise ConfigProblem(f"{HYPERPARAMETERS[name].about.label} is given twice.", name)
        if name not in HYPERPARAMETERS:
            check_each({given: text})  # raises with the closest name
        values[name] = HYPERPARAMETERS[name].parse(text)
    return values


def _setting(name: str, value: Any, no_effect: str) -> str:
    from engine.config import HYPERPARAMETERS  # noqa: PLC0415 - not needed for --help

    setting = f"{name} {HYPERPARAMETERS[name].format(value)}"
    return f"{setting} ({no_effect})" if no_effect else setting


async def _send(info: SessionInfo, command: Steering) -> AppliedChange:
    from engine.answers import AppliedChange, decode_result  # noqa: PLC0415 - not needed for --help
    from engine.client import Engine  # noqa: PLC0415 - not needed for --help

    engine = await Engine.attach(info, "script")
    try:
        reply = await engine.send(command)
    finally:
        await engine.close()
    return decode_result(AppliedChange, reply.result)
