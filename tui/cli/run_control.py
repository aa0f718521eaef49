"""The commands that steer a run under way, for scripts: each does what a key does on the screen."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.errors import EngineProblem, RunProblem
from engine.runs.folder import RunFolder
from tui.cli.parser import Parser
from tui.headless.output import print_lines

if TYPE_CHECKING:
    from engine.runs.presence import SessionInfo


if TYPE_CHECKING:
    from engine.commands import Steering
    from engine.runs.presence import SessionInfo

Act = Literal["pause", "continue", "step", "stop", "abort"]
ANSWER_SECONDS = 5.0
"""After so long without an answer an engine hangs."""
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

        folder, info = choose(args.run)
        return steer(folder, info, act)

    return parser, run


def steer(folder: RunFolder, info: SessionInfo, act: Act) -> int:
    """Have the run's engine do it, and say so. Raises `Problem` where it refuses or does not answer."""
    by_force = asyncio.run(_send(folder, info, act))
    ended = f"'s engine did not answer within {ANSWER_SECONDS:.0f} s and was ended by force; what was saved is kept."
    print_lines([f"{folder.name}{ended}" if by_force else f"{folder.name} {_SAID[act]}."])
    return 0


async def _send(folder: RunFolder, info: SessionInfo, act: Act) -> bool:
    """Send the order; whether the engine was ended by force instead, since it does not answer.

    A stop does so only where nothing is saved yet. Raises `EngineProblem` where nothing is done.
    """
    from engine.client import Engine  # noqa: PLC0415 - --help does without
    from engine.host.terminate import end_other  # noqa: PLC0415

    engine = None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            engine = await Engine.attach(info, "script")
            await engine.send(_commands()[act])
    except TimeoutError:
        forced = act == "abort" or (act == "stop" and not folder.checkpoint("last").exists())
        if forced and await end_other(info.pid, Path(info.socket)):
            return True
        hint = f"; `mnist-tui abort {folder.name}` ends it by force" if act != "abort" else ""
        raise EngineProblem(f"The engine of {folder.name} (process {info.pid}) does not answer{hint}.") from None
    finally:
        if engine is not None:
            await engine.close()
    return False


def _commands() -> dict[Act, Steering]:
    from engine import commands as cmd  # noqa: PLC0415 - --help does without

    return {
        "pause": cmd.Pause(),
        "continue": cmd.Continue(),
        "step": cmd.StepBatch(),
        "stop": cmd.Stop(),
        "abort": cmd.Abort(),
    }


def choose(name: str | None) -> tuple[RunFolder, SessionInfo]:
    """The live run that is meant, and its session. Raises `RunProblem`."""
    from engine.runs.folder import all_runs, find_run, live_runs, read_session  # noqa: PLC0415 - --help does without

    if name:
        folder = find_run(name)
        return folder, read_session(folder)
    match list(live_runs()):
        case [(folder, info)]:
            return folder, info
        case []:
            last = all_runs()[-1:]
            ended = f"`mnist-tui attach {last[0].name}` shows the last one" if last else "`mnist-tui train` starts one"
            raise RunProblem(f"No run is under way on this machine; {ended}, `mnist-tui ls` lists them all.")
        case several:
            names = ", ".join(folder.name for folder, _ in several)
            raise RunProblem(f"{len(several)} runs are under way: {names}; add the name of one, or a part of it.")
