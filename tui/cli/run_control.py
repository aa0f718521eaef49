"""Commands that control a run in progress from the command line, as keys do in the app."""

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
    from engine.commands import Steering
    from engine.runs.presence import SessionInfo

Act = Literal["pause", "continue", "step", "stop", "abort"]
ANSWER_SECONDS = 5.0
"""An engine that has not replied after this time is considered hung."""
_OUTCOMES: dict[Act, str] = {
    "pause": "pauses after the current step",
    "continue": "continues",
    "step": "trains one batch and pauses",
    "stop": "stops after the current step and is tested",
    "abort": "stops after the current step, without a test",
}


def command(act: Act, about: str) -> tuple[Callable[[], Parser], Callable[[argparse.Namespace], int]]:
    """The `parser` and `run` functions of the command `act`."""

    def parser() -> Parser:
        made = Parser(act, usage="[RUN]", about=f"{about}\nRUN is a name, a part of one, or 'last'.")
        made.options.add_argument("run", metavar="RUN", nargs="?", help="the run (default: the only one in progress)")
        return made

    def run(args: argparse.Namespace) -> int:
        folder, info = choose(args.run)
        return steer(folder, info, act)

    return parser, run


def steer(folder: RunFolder, info: SessionInfo, act: Act) -> int:
    """Send `act` to the run's engine and print the outcome. Raises `Problem` if it refuses or does not respond."""
    killed = asyncio.run(_send(folder, info, act))
    if killed:
        seconds = f"{ANSWER_SECONDS:.0f} s"
        print_lines(
            [f"The engine of {folder.name} did not respond within {seconds} and was killed; saved data are kept."]
        )
    else:
        print_lines([f"{folder.name} {_OUTCOMES[act]}."])
    return 0


async def _send(folder: RunFolder, info: SessionInfo, act: Act) -> bool:
    """Send the command; return True if the engine did not respond and was killed instead.

    A stop kills it only if nothing has been saved yet. Raises `EngineProblem` for an engine that was left alone.
    """
    from engine.client import Engine  # noqa: PLC0415 - not needed for --help
    from engine.host.terminate import end_other  # noqa: PLC0415

    engine = None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            engine = await Engine.attach(info, "script")
            await engine.send(_commands()[act])
    except TimeoutError:
        may_kill = act == "abort" or (act == "stop" and not folder.checkpoint("last").exists())
        if may_kill and await end_other(info.pid, Path(info.socket)):
            return True
        hint = f"; `mnist-tui abort {folder.name}` kills it" if act != "abort" else ""
        raise EngineProblem(f"The engine of {folder.name} (process {info.pid}) does not respond{hint}.") from None
    finally:
        if engine is not None:
            await engine.close()
    return False


def _commands() -> dict[Act, Steering]:
    from engine import commands as cmd  # noqa: PLC0415 - not needed for --help

    return {
        "pause": cmd.Pause(),
        "continue": cmd.Continue(),
        "step": cmd.StepBatch(),
        "stop": cmd.Stop(),
        "abort": cmd.Abort(),
    }


def choose(name: str | None) -> tuple[RunFolder, SessionInfo]:
    """The live run called `name`, or the only one, and its session. Raises `RunProblem`."""
    from engine.runs.folder import all_runs, find_run, live_runs, read_session  # noqa: PLC0415 - not needed for --help

    if name:
        folder = find_run(name)
        return folder, read_session(folder)
    match list(live_runs()):
        case [(folder, info)]:
            return folder, info
        case []:
            last = all_runs()[-1:]
            hint = f"`mnist-tui attach {last[0].name}` shows the last one" if last else "`mnist-tui train` starts one"
            raise RunProblem(f"No run is in progress on this machine; {hint}, `mnist-tui ls` lists them all.")
        case several:
            names = ", ".join(folder.name for folder, _ in several)
            raise RunProblem(f"{len(several)} runs are in progress: {names}; add the name of one, or part of it.")
