"""The life of a run in this engine: claimed, handed to the trainer thread, steered, ended."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine import commands as cmd
from engine import events as ev
from engine.answers import AppliedChange
from engine.config import TrainConfig, no_effect
from engine.errors import EngineProblem
from engine.files import write_atomic
from engine.runs.folder import RunFolder
from engine.runs.result_file import encode_result
from engine.worker.command_queue import CommandQueue, Plan
from engine.worker.server import torch_tasks
from engine.worker.server.active_run import ActiveRun
from engine.worker.server.listeners import Listeners
from engine.worker.server.live_config import LiveConfig
from engine.worker.server.output_capture import OutputCapture
from engine.worker.server.run_phase import Phase, PhaseTracker
from engine.worker.server.torch_thread import TorchThread

if TYPE_CHECKING:
    from engine.worker.server.torch_tasks import Checkpoint

CUT_OFF_SECONDS = 2.0
"""How long a run that has not made its first step may take to end after it was stopped or aborted."""
DISK_SECONDS = 2.0
"""How long writing a run's end may take when the process is about to exit."""


class RunLifecycle:
    """One run after the other, at most one at a time.

    `notify` is called in the event loop when the log has new events, `on_over` when the trainer thread has returned from
    a run, `on_cut_off` once a run was ended whose trainer thread hangs: the process has to exit then.
    """

    def __init__(
        self,
        socket_path: Path,
        listeners: Listeners,
        output: OutputCapture,
        torch: TorchThread,
        *,
        notify: Callable[[], object],
        on_over: Callable[[], object],
        on_cut_off: Callable[[], object],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners, self._output, self._torch = listeners, output, torch
        self._notify, self._on_over, self._on_cut_off = notify, on_over, on_cut_off
        self.phase = PhaseTracker()
        self.active = ActiveRun(socket_path, self._redirect_output, self._abandon)
        self.last_end: ev.Finished | None = None
        """How the latest run ended; None while one is training."""
        self._commands: CommandQueue | None = None
        self._live: LiveConfig | None = None
        self._job: asyncio.Future[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._notifying = False

    # phases

    def require_idle(self) -> None:
        """Raise `EngineProblem` while the engine is busy."""
        if self.phase.is_busy:
            raise EngineProblem(f"The engine is busy with {self.active.name or 'another run'}; stop that first.")

    @contextlib.contextmanager
    def preparing(self) -> Iterator[None]:
        """Keep other commands out; idle again afterward, unless a run was started. Raises `EngineProblem` while busy."""
        self.require_idle()
        self.phase.move(Phase.PREPARING)
        try:
            yield
        finally:
            if self.phase.current is Phase.PREPARING:
                self.phase.move(Phase.IDLE)

    async def wait_until_over(self) -> None:
        """If the run has finished, wait until the trainer thread has returned from it."""
        if self._job and self.phase.current is Phase.FINISHED:
            await asyncio.wait([self._job])

    async def wait_for_job(self) -> None:
        """Wait until the trainer thread has returned from the run, if it has one."""
        if self._job is not None:
            await asyncio.wait([self._job])

    # the run

    def enter(self, run: RunFolder, *, take_over: bool = False) -> None:
        """Claim `run` and make it the current one.

        Raises `RunProblem` where another engine has claimed it, or its folder is not writable.
        """
        self.active.enter(run, take_over=take_over)
        self._listeners.enter(run)
        self._output.redirect(run.log)
        self._notify_now()

    def train(
        self,
        run: RunFolder,
        config: TrainConfig,
        checkpoint: Checkpoint | None = None,
        *,
        resumed: bool = False,
        plan: Plan | None = None,
    ) -> None:
        """Hand the current run to the trainer thread, with the checkpoint that it continues from."""
        self._commands, self._live = CommandQueue(plan), LiveConfig(config)
        self.last_end = None
        self.phase.move(Phase.STARTING)
        if self._torch.ready is None:
            self.emit(ev.Phase(name="importing", text="loading torch"))
        self._job = self._torch.submit(torch_tasks.train, run, config, self.emit, self._commands, checkpoint, resumed)
        self._job.add_done_callback(lambda job: self._job_done(run, job))

    def steer(self, command: cmd.Steering) -> AppliedChange | None:
        """Pass a command on to the trainer. Raises `EngineProblem` or `ConfigProblem` where it is refused."""
        if self._commands is None or self._live is None or not self.phase.is_steerable:
            raise EngineProblem("No run in progress.")
        ending = EngineProblem(f"{self.active.name or 'The run'} is ending; it cannot be changed any more.")
        if self._commands.ending and not isinstance(command, cmd.Stop | cmd.Abort):
            raise ending
        match command:
            case cmd.Change(values=values):
                command = self._live.request(values)
            case cmd.Undo():
                command = self._live.undo()
            case cmd.OneMoreEpoch():
                command = self._live.request({"epochs": self._live.config.epochs + 1})
        if not self._commands.post(command):
            raise ending
        if isinstance(command, cmd.Stop | cmd.Abort):
            self._cut_off_later()
        if not isinstance(command, cmd.Change):
            return None
        idle = {name: why for name in command.values if (why := no_effect(self._live.config, name))}
        return AppliedChange(changed=command.values, no_effect=idle)

    def abort(self) -> bool:
        """End the run as soon as it is saved. Returns False where there is none."""
        if self._commands is None or not self.phase.has_job:
            return False
        self._commands.post(cmd.Abort())
        self._cut_off_later()
        return True

    # events

    def emit(self, event: ev.Event) -> None:
        """Log an event of the current run and notify the clients. Thread-safe."""
        if self.phase.accept(event):
            self._append(event)

    def _append(self, event: ev.Event) -> None:
        if isinstance(event, ev.Finished):
            self.last_end = event
        if self._live is not None:
            self._live.follow(event)
        if not self.active.append(event):
            return
        if not self._notifying:  # one callback for many events: a loop that lags must not be flooded
            self._notifying = True
            self._loop.call_soon_threadsafe(self._notify_now)

    def _notify_now(self) -> None:
        self._notifying = False
        self._notify()

    # ends

    def _job_done(self, run: RunFolder, job: asyncio.Future[None]) -> None:
        if self.phase.current is Phase.CUT_OFF:
            return
        self._commands = None
        if self.phase.is_steerable and not job.cancelled() and (fault := job.exception()) is not None:
            self.phase.move(Phase.FINISHED)
            self._write_end(run, "failed", str(fault), "training")
        if self.active.log:
            self.active.log.sync()
            self._notify_now()
        self._on_over()

    def _cut_off_later(self) -> None:
        """End the run from here if it has not made its first step some time after it was stopped or aborted."""
        if self.phase.current is Phase.STARTING and self._job is not None and self._commands is not None:
            self._loop.call_later(CUT_OFF_SECONDS, self._cut_off, self._job, self._commands)

    def _cut_off(self, job: asyncio.Future[None], commands: CommandQueue) -> None:
        run = self.active.run
        if job is not self._job or job.done() or commands.is_stopping or run is None or not self.phase.cut_off():
            return

        async def end() -> None:
            reason = "Ended before its first step, without a test."
            await within(DISK_SECONDS, lambda: self._write_end(run, "aborted", reason))
            self._on_cut_off()

        self._ending = self._loop.create_task(end())

    def _write_end(self, run: RunFolder, outcome: ev.Outcome, reason: str, fault: ev.Fault = "") -> None:
        """Log and save the end of a run in the trainer's place."""
        event = finished_from_log(run, outcome, reason, fault)
        with contextlib.suppress(OSError):
            write_atomic(run.result, encode_result(event, run.events))
        self._append(event)

    # called by `ActiveRun` from any thread

    def _redirect_output(self, run: RunFolder) -> None:
        self._loop.call_soon_threadsafe(self._output.redirect, run.log)

    def _abandon(self, why: str) -> None:
        """Another engine has claimed the run: abort without touching its folder."""
        if commands := self._commands:
            commands.abort_because(why)


def finished_from_log(run: RunFolder, outcome: ev.Outcome, reason: str, fault: ev.Fault = "") -> ev.Finished:
    """The end of a run with the counts found in its log."""
    state = run.state()
    return ev.Finished(
        time=round(time.time(), 3),
        run=run.name,
        outcome=outcome,
        reason=reason,
        fault=fault,
        epochs=len(state.epochs),
        step=state.step,
        position=state.position,
        best_epoch=state.best.epoch if state.best else None,
        seconds=state.progress.seconds if state.progress else 0.0,
        test=None,
    )


async def within(seconds: float, work: Callable[[], object]) -> None:
    """Run `work` in a thread and wait for it no longer than `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.to_thread(work)
