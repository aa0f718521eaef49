"""Runs without the app: start a run, print its events, and handle signals.

Ctrl+C or SIGTERM stops the run with a checkpoint; a second one exits immediately. After a hang-up the run continues.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from engine import commands
from engine.client import Connect, EngineLike, Lost, last_said, tail
from engine.errors import EngineProblem, ExitCode, Problem
from engine.events import Event, Finished
from engine.fields import short
from engine.protocol import ExperimentOver, Ready, Steers
from engine.runs.folder import RunFolder
from engine.runs.run_data import from_here
from engine.state.run_state import RunState, reduce
from engine.state.startup_stages import Stage, stage_of
from tui.headless.output import READER_GONE, cannot_be_written, drop, print_message
from tui.headless.presenters import Presenter, make_presenter
from tui.headless.report import last_words, left
from tui.headless.waiting import reporting_waits
from tui.terminal.signals import HUNG_UP

if TYPE_CHECKING:
    import argparse

QUIT = 128 + signal.SIGQUIT
"""Exit status after Ctrl+\\; the run continues."""
ANSWER_SECONDS = 5.0
"""An engine that has not replied to an abort after this time is considered hung and is killed."""
OBEY_SECONDS = 5.0
"""How long an aborted run may take to end before its first step. The engine itself enforces two seconds."""

Job = commands.Start | commands.ResumeRun | commands.Branch | commands.Experiment


async def start_engine() -> EngineLike:
    """A new engine process."""
    from engine.client import Engine  # noqa: PLC0415 - tests replace `start_engine`

    return await Engine.start("script")


def exit_code(end: Finished) -> ExitCode:
    """The exit status for a run's outcome."""
    match end.outcome:
        case "completed" | "early_stopped" | "stopped":
            return ExitCode.DONE
        case "aborted":
            return ExitCode.INTERRUPTED
        case "failed" if end.fault == "data":
            return ExitCode.DATA
        case "failed" if end.fault == "config":
            return ExitCode.USAGE
        case "failed" | "diverged":
            return ExitCode.FAILED


def run_job(
    job: Job,
    args: argparse.Namespace,
    state: RunState | None = None,
    then: Callable[[RunState], object] | None = None,
) -> int:
    """Run the job in a new engine, print its events in the format that `args` chooses, and return the exit status.

    `state` is the run's state so far; `then` is called with its final state. Raises `Problem` if the engine refuses
    or is lost.
    """
    presenter = make_presenter(sys.stdout, sys.stderr, find_folder, json=args.json, quiet=args.quiet)
    follower = Follower(start_engine, job, presenter, state or RunState())
    status = asyncio.run(follower.run())
    if then is not None:
        then(follower.state)
    if words := follower.last_words():
        print_message(words)
    return status


def find_folder(name: str) -> RunFolder:
    """The folder of the run with exactly this name, whether it exists or not."""
    from engine.paths import runs_dir  # noqa: PLC0415

    return RunFolder(runs_dir() / name)


class Follower:
    """Follows one run to its end with one presenter."""

    def __init__(self, connect: Connect, job: Job, presenter: Presenter, state: RunState) -> None:
        self.state = state
        self._connect, self._job, self._presenter = connect, job, presenter
        self._engine: EngineLike | None = None
        self._task: asyncio.Task[None] | None = None
        self._abort: asyncio.Task[None] | None = None
        self._sent = self._accepted = self._stopping = self._forced = False
        self._left: int | None = None
        """The exit status if we exit before the run's end."""
        self._unwritten: OSError | None = None

    async def run(self) -> int:
        """Follow the run and return the exit status. Raises `Problem` if the engine refuses or is lost."""
        self._task = asyncio.create_task(self._follow())
        with self._signals():
            try:
                async with reporting_waits(self._stage, self._presenter.notify, "press Ctrl+C to abort"):
                    await self._task
            except (asyncio.CancelledError, Problem):
                if self._forced:
                    self._left = int(ExitCode.INTERRUPTED)
                if self._left is None:
                    raise
            finally:
                with contextlib.suppress(OSError):
                    self._presenter.close()
                if self._abort:
                    self._abort.cancel()
                if self._engine:
                    if self._stopping and not self._accepted:
                        await self._engine.end_process()
                    await self._engine.close()
        return self._status()

    def _stage(self) -> Stage | None:
        """What we are waiting for before the run's first step; None afterward."""
        if self._engine is None:
            return "starting"
        if not self.state.running:
            return ("preparing" if self._engine.ready else "importing") if not self._accepted else None
        return stage_of(self.state.phase)

    def last_words(self) -> str:
        """The final message for standard error; empty if there is nothing to add."""
        name = self.state.run
        if self._unwritten:
            gone = isinstance(self._unwritten, BrokenPipeError)
            return "" if gone else f"mnist-tui: {cannot_be_written(self._unwritten)}"
        if self._left is None:
            return last_words(self.state)
        if not self._accepted and self._left in (HUNG_UP, QUIT) and self._sent:
            return "The engine continues in the background; `mnist-tui ls` shows the run."
        if not name or not self._accepted:
            return "Interrupted before the run started."
        if self._forced:
            return f"The engine did not respond and was killed. Resume with: {self._resume_command()}"
        if self._left in (HUNG_UP, QUIT):
            return left(self.state)
        return f"Exited while {name} was ending; `mnist-tui ls` shows its status."

    def _status(self) -> int:
        if self._left is not None:
            return self._left
        if self._unwritten:
            return READER_GONE if isinstance(self._unwritten, BrokenPipeError) else int(ExitCode.FAILED)
        if self.state.finished is None:
            return int(ExitCode.FAILED)
        code = exit_code(self.state.finished)
        return int(ExitCode.FAILED if code == ExitCode.DONE and self.state.unsaved else code)

    async def _follow(self) -> None:
        self._engine = await self._connect()
        self._sent = True
        await self._engine.send(from_here(self._job))
        self._accepted = True
        async for message in self._engine.events():
            match message:
                case Lost():
                    raise self._lost(message)
                case Ready() | Steers():
                    pass
                case ExperimentOver():
                    if self._is_last_message(message):
                        return
                case _:
                    if self._take(message):
                        return

    def _resume_command(self) -> str:
        """The command that resumes the run."""
        return f"mnist-tui resume {self.state.run}"

    def _take(self, event: Event) -> bool:
        """Reduce and show an event, unless it is already known; return whether it is the last to follow."""
        before, self.state = self.state, reduce(self.state, event)
        if self.state is before:
            return False
        if self._unwritten is None:
            try:
                self._presenter.show(event, self.state)
            except OSError as fault:
                self._output_lost(fault)
        return self._is_last(event)

    def _is_last(self, event: Event) -> bool:
        """Whether this event ends the run."""
        return isinstance(event, Finished)

    def _is_last_message(self, _message: ExperimentOver) -> bool:
        """Whether to stop following at the end of an experiment; not for a single run."""
        return False

    def _output_lost(self, fault: OSError) -> None:
        """Handle failed output: a lost terminal is a hang-up; a closed pipe aborts the run with a checkpoint."""
        if fault.errno == errno.EIO:
            self._hang_up()
            return
        self._unwritten = fault
        drop(sys.stdout)
        self._stopping = True
        self._send_abort()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        wanted: tuple[tuple[signal.Signals, Callable[[], None]], ...] = (
            (signal.SIGINT, self._interrupt),
            (signal.SIGTERM, self._interrupt),
            (signal.SIGHUP, self._hang_up),
            (signal.SIGQUIT, lambda: self._leave(QUIT)),
            (signal.SIGTSTP, self._stop),
        )
        # Signals that are ignored at the start stay ignored: nohup, or a background job of a script.
        ours = [(number, handler) for number, handler in wanted if signal.getsignal(number) is not signal.SIG_IGN]
        for number, handler in ours:
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number, _ in ours:
                loop.remove_signal_handler(number)

    def _interrupt(self) -> None:
        if self._stopping or not self._sent:
            self._leave(int(ExitCode.INTERRUPTED))
            return
        self._stopping = True
        with contextlib.suppress(OSError):
            how = "Stopping with a checkpoint" if self._accepted else "Stopping before the run starts"
            self._presenter.notify(f"{how}. Press Ctrl+C again to exit immediately.")
        self._send_abort()

    def _stop(self) -> None:
        """Ctrl+Z: stop like any program, but report that the run continues. `fg` continues from here."""
        loop, name = asyncio.get_running_loop(), self.state.run or "The engine"
        with contextlib.suppress(OSError):
            doing = "stays paused" if self.state.status == "paused" else "continues"
            self._presenter.suspend(f"{name} {doing} while this command is stopped; `fg` shows it again.")
        loop.remove_signal_handler(signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGTSTP)
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        with contextlib.suppress(OSError):
            self._presenter.resume()

    def _hang_up(self) -> None:
        self._leave(HUNG_UP)

    def _leave(self, status: int) -> None:
        self._left = status
        if self._task:
            self._task.cancel()

    def _send_abort(self) -> None:
        if self._engine and self._abort is None:
            self._abort = asyncio.create_task(self._end(self._engine))

    async def _end(self, engine: EngineLike) -> None:
        """Abort the run. The engine is killed if it does not respond, or if the run hangs before its first step."""
        if self._accepted:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await engine.send(commands.Abort())
                if stage_of(self.state.phase) is None:
                    return
                await asyncio.sleep(OBEY_SECONDS)
                if stage_of(self.state.phase) is None:
                    return
            except TimeoutError:
                pass
            except Problem:  # refused: the run has just ended
                return
        self._forced = True
        await engine.end_process()

    def _lost(self, message: Lost) -> EngineProblem:
        """The error for a lost engine: the reason, its last output, and how to resume."""
        log = message.log or (tail(find_folder(self.state.run).log, 20) if self.state.run else ())
        output = last_said(log)
        output = f" Its last output: {short(output, 300)}" if output else ""
        resume = f" Resume from the last checkpoint with: {self._resume_command()}" if self.state.run else ""
        return EngineProblem(f"{message.reason or 'The engine ended.'}{output}{resume}")
