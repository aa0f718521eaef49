"""``mnist-tui set [RUN] FIELD=VALUE …``: give hyperparameters of a run under way other values."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigProblem
from engine.fields import short
from tui.cli.parser import Parser
from tui.headless.output import print_lines

if TYPE_CHECKING:
    from engine.commands import Steering
    from engine.runs.presence import SessionInfo


def parser() -> Parser:
    """The run, and what is to change."""
    made = Parser(
        "set",
        usage="[RUN] FIELD=VALUE ... | [RUN] --undo",
        about="Change hyperparameters of a run while it trains, from its next step on: mnist-tui set lr=3e-4 dropout=0.2\n"
        "RUN is a name, a part of one, or 'last'; without it, the run that is under way.",
    )
    made.options.add_argument("words", metavar="FIELD=VALUE", nargs="*", help="what is to change; lr is learning_rate")
    made.options.add_argument("--undo", action="store_true", help="give what was changed last its values from before")
    return made


def run(args: argparse.Namespace) -> int:
    """Have the run's engine do it. Raises `Problem` where it refuses, and then nothing has changed."""
    from engine import commands as cmd  # noqa: PLC0415 - --help does without
    from tui.cli.run_control import choose  # noqa: PLC0415

    names = [word for word in args.words if "=" not in word]
    if len(names) > 1:
        raise ConfigProblem(f"'{short(names[1])}' is no change; expected FIELD=VALUE, such as lr=3e-4.")
    values = parsed([word for word in args.words if "=" in word])
    if bool(values) == args.undo:
        raise ConfigProblem("Expected what is to change, such as lr=3e-4, or --undo.")
    folder, info = choose(names[0] if names else None)
    done = asyncio.run(_send(info, cmd.Undo() if args.undo else cmd.Change(values=values)))
    changed, idle = done.get("changed", {}), done.get("no_effect", {})
    if not changed:
        print_lines([f"{folder.name} has these values already."])
    else:
        said = [_said(name, value, idle.get(name, "")) for name, value in changed.items()]
        print_lines([f"{folder.name} goes on with {', '.join(said)}."])
    return 0


def parsed(words: list[str]) -> dict[str, Any]:
    """The values by field, from "FIELD=VALUE". Raises `ConfigProblem` for what is no field or no value of it."""
    from engine.config import HYPERPARAMETERS, check_each  # noqa: PLC0415 - --help does without
    from tui.cli.parser import field_named  # noqa: PLC0415

    values: dict[str, Any] = {}
    for word in words:
        given, _, text = word.partition("=")
        name = field_named(given)
        if name in values:
            raise ConfigProblem(f"{HYPERPARAMETERS[name].about.label}: it is given twice.", name)
        if name not in HYPERPARAMETERS:
            check_each({given: text})  # which knows the nearest name
        values[name] = HYPERPARAMETERS[name].parse(text)
    return values


def _said(name: str, value: Any, idle: str) -> str:
    from engine.config import HYPERPARAMETERS  # noqa: PLC0415 - --help does without

    said = f"{name} {HYPERPARAMETERS[name].format(value)}"
    return f"{said} ({idle})" if idle else said


async def _send(info: SessionInfo, command: Steering) -> dict[str, Any]:
    from engine.client import Engine  # noqa: PLC0415 - --help does without

    engine = await Engine.attach(info, "script")
    try:
        reply = await engine.send(command)
    finally:
        await engine.close()
    return reply.result
