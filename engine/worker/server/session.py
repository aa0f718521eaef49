"""The session: accepts clients, dispatches their commands and decides when the process exits.

It runs in the event loop of the main thread; torch works in a thread beside it. A client that does not read delays only
its own task: what it has missed is sent from the log once it reads again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

import msgspec

import engine
from engine import commands as cmd
from engine.answers import AppliedChange, Devices, StartedRun, encode_result
from engine.errors import ExitCode, Problem
from engine.log.event_log import EventLog
from engine.protocol import Hello, Ready, Reply
from engine.runs.folder import RunFolder
from engine.worker.server import torch_tasks, upkeep
from engine.worker.server.client_connection import ClientConnection, same_user
from engine.worker.server.clients import Clients
from engine.worker.server.experiment_runner import ExperimentRunner
from engine.worker.server.listeners import Listeners
from engine.worker.server.output_capture import OutputCapture
from engine.worker.server.query_queue import QueryQueue
from engine.worker.server.run_commands import RunCommands
from engine.worker.server.run_lifecycle import DISK_SECONDS, RunLifecycle, within
from engine.worker.server.run_phase import Phase
from engine.worker.server.torch_thread import TorchThread

IDLE_SECONDS = 2.0
FIRST_CLIENT_SECONDS = 20.0


class Session:
    """One engine process, from its first client to its exit. `trains` is False for an engine that only answers queries."""

    def __init__(self, socket_path: Path, output: OutputCapture, *, trains: bool = True) -> None:
        self._output, self._trains = output, trains
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._greeted = asyncio.Event()
        self._clients = Clients()
        self.torch = TorchThread()
        self._listeners = Listeners(self._on_connect, socket_path)
        self.lifecycle = RunLifecycle(
            socket_path,
            self._listeners,
            output,
            self.torch,
            notify=self._clients.notify,
            on_over=self._on_run_over,
            on_cut_off=self._on_cut_off,
        )
        self._runs = RunCommands(self.lifecycle, self.torch)
        self._experiments = ExperimentRunner(self.lifecycle, self._runs, self._become_idle)
        self._queries = QueryQueue(self._loop, self.torch.run)

    async def serve(self, listening: socket.socket) -> None:
        """Serve clients until nothing runs and nobody is attached."""
        await self._listeners.open(listening)
        background = [
            asyncio.create_task(task)
            for task in (
                upkeep.load_torch(self.torch, self.lifecycle, self._clients, self._greeted, trains=self._trains),
                upkeep.follow_output(self.lifecycle, self._output),
                upkeep.check_folder(self.lifecycle, self._listeners, self._clients.notify),
            )
        ]
        self._exit_if_idle_after(FIRST_CLIENT_SECONDS)
        await self._over.wait()
        self._listeners.close()
        for task in background:
            task.cancel()
        await self._clients.drain(DISK_SECONDS)
        await within(DISK_SECONDS, self.lifecycle.active.leave)
        self.torch.shutdown()

    def abort(self) -> None:
        """Exit as soon as the current run is saved (on SIGTERM)."""
        self._runs.is_terminating = True
        self._experiments.abort()
        if not self.lifecycle.abort():
            self._over.set()

    # clients

    async def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not same_user(writer):
            writer.close()
            return
        client = ClientConnection(self, reader, writer)
        self._clients.add(client)
        try:
            await client.serve()
        finally:
            self._queries.cancel(client)
            self._clients.remove(client)
            self._exit_if_idle_after(IDLE_SECONDS)

    def _exit_if_idle_after(self, seconds: float) -> None:
        def end() -> None:
            if not self._clients and not self.lifecycle.phase.is_busy:
                self._over.set()

        self._loop.call_later(seconds, end)

    @property
    def run(self) -> RunFolder | None:
        """The current run."""
        return self.lifecycle.active.run

    @property
    def log(self) -> EventLog | None:
        """The current run's log."""
        return self.lifecycle.active.log

    @property
    def ready(self) -> Ready | None:
        """Sent to new clients once torch is loaded, or could not be."""
        return self.torch.ready

    def hello(self) -> Hello:
        """The first message to a new client."""
        return Hello(version=engine.__version__, pid=os.getpid(), run=self.lifecycle.active.name)

    def on_greeting(self) -> None:
        """A client has sent its greeting."""
        self._clients.assign_steering()
        self._greeted.set()

    # commands

    async def handle(self, command: cmd.Command, client: ClientConnection) -> Reply:
        """Carry out a client's command; the reply holds the result or the error."""
        try:
            return Reply(id=command.id, result=encode_result(await self._dispatch(command, client)))
        except Problem as problem:
            field = getattr(problem, "field", None) or ""
            return Reply(id=command.id, error=str(problem), exit_code=int(problem.exit_code), field=field)
        except Exception as fault:
            import traceback  # noqa: PLC0415

            with contextlib.suppress(OSError):  # the disk that holds the run's log may be full
                traceback.print_exc()
            error = f"The engine failed: {type(fault).__name__}: {fault}."
            return Reply(id=command.id, error=error, exit_code=int(ExitCode.FAILED))

    async def _dispatch(self, command: cmd.Command, client: ClientConnection) -> msgspec.Struct | None:
        if isinstance(command, cmd.TakeControl):
            self._clients.take_control(client)
            return None
        if not isinstance(command, cmd.ListDevices | cmd.Query | cmd.Cancel):
            self._clients.require_steering(client)
        match command:
            case cmd.ListDevices():
                devices: Devices = await self.torch.run(torch_tasks.devices)
                return devices
            case cmd.Cancel():
                self._queries.cancel(client, command.question)
                return None
            case cmd.Start() | cmd.ResumeRun() | cmd.Branch() | cmd.Experiment() | cmd.EvaluateRun():
                await self.lifecycle.wait_until_over()
                return await self._start_job(command)
            case _ if isinstance(command, cmd.Query):
                await self.lifecycle.wait_until_over()
                self.lifecycle.require_idle()
                return await self._queries.answer(command, client)
            case _:
                return self._steer(command)

    async def _start_job(
        self, command: cmd.Start | cmd.ResumeRun | cmd.Branch | cmd.Experiment | cmd.EvaluateRun
    ) -> StartedRun:
        match command:
            case cmd.Start():
                return await self._runs.start(command)
            case cmd.ResumeRun():
                return await self._runs.resume(command)
            case cmd.Branch():
                return await self._runs.branch(command)
            case cmd.Experiment():
                return await self._experiments.start(command)
            case cmd.EvaluateRun():
                return await self._runs.evaluate(command)

    def _steer(self, command: cmd.Steering) -> AppliedChange | None:
        between_runs = not self.lifecycle.phase.is_steerable
        if isinstance(command, cmd.Abort) and self._experiments.abort() and between_runs:
            return None
        return self.lifecycle.steer(command)

    # ends

    def _on_run_over(self) -> None:
        if not self._experiments.run_ended():
            self._become_idle()

    def _become_idle(self, fault: str = "") -> None:
        """Nothing trains any more; `fault` says why an experiment ended early."""
        self.lifecycle.phase.move(Phase.IDLE)
        self._finish_experiment(fault)
        if self._runs.is_terminating or not self._clients:
            self._over.set()

    def _on_cut_off(self) -> None:
        self._finish_experiment()
        self._over.set()

    def _finish_experiment(self, fault: str = "") -> None:
        if message := self._experiments.finish(fault):
            self._clients.send_after_events(message)
