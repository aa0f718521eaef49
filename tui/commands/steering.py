"""The commands that steer a run under way, for scripts: each does what a key does on the screen."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from tui.arguments import Parser
from tui.output import print_lines

if TYPE_CHECKING:
    from engine.commands import Steering
    from engine.presence import SessionInfo
from engine.runs import RunFolder

Act = Literal["pause", "continue", "step", "stop", "abort"]
_SAID: dict[Act, str] = {
    "pause": "pauses after the step under way",
    "continue": "goes on",
    "step": "trains one batch and pauses",
    "stop": "stops after the step under way, and is tested",
    "abort": "ends after the step under way, without a test",
}


def command(act: Act, about: str) -> tuple[Callable[[], Parser], Callable[[argparse.Namespace], int]]:
    """The `parser` and `run` of the command that does `act`."""

    def parser() -> Parser:
        made = Parser(act, usage="[RUN]", about=f"{about}\nRUN is a name, a part of one, or 'last'.")
        made.options.add_argument(
            "run", metavar="RUN", nargs="?", help="which run; the one that is under way without it"
        )
        return made

    def run(args: argparse.Namespace) -> int:
        from tui.commands.attach import choose  # noqa: PLC0415 - --help does without

        folder, info = choose(args.run)
        return steer(folder, info, act)

    return parser, run


def steer(folder: RunFolder, info: SessionInfo, act: Act) -> int:
    """Have the run's engine do it, and say so. Raises `Problem` where it refuses or does not answer."""
    asyncio.run(_send(info, act))
    print_lines([f"{folder.name} {_SAID[act]}."])
    return 0


async def _send(info: SessionInfo, act: Act) -> None:
    from engine.client import Engine  # noqa: PLC0415 - --help does without

    engine = await Engine.attach(info, "script")
    try:
        await engine.send(_commands()[act])
    finally:
        await engine.close()


def _commands() -> dict[Act, Steering]:
    from engine import commands as cmd  # noqa: PLC0415 - --help does without

    return {
        "pause": cmd.Pause(),
        "continue": cmd.Continue(),
        "step": cmd.StepBatch(),
        "stop": cmd.Stop(),
        "abort": cmd.Abort(),
    }
