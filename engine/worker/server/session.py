"""The session: who is attached, which run is current, and who gets which events.

It lives in the event loop of the main thread; torch works in one thread beside it. A client that does not read holds
up its own task alone: what it misses it is sent from the log when it reads again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

import engine
from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig, make_config, no_effect
from engine.errors import ConfigProblem, EngineProblem, ExitCode, Problem, RunProblem
from engine.fields import short
from engine.files import write_atomic
from engine.host.machine import host_name
from engine.log.event_log import EventLog
from engine.protocol import Hello, Ready, Reply
from engine.runs.folder import RunFolder, all_runs, create_run, find_run, first_called
from engine.runs.presence import HEARTBEAT_SECONDS
from engine.runs.result_file import encode_result
from engine.runs.run_data import known_data, with_absolute_data, with_absolute_folder
from engine.settings import read_toml
from engine.worker.command_queue import Control, Plan
from engine.worker.server import torch_tasks
from engine.worker.server.active_run import Current
from engine.worker.server.client_connection import Client, same_user
from engine.worker.server.clients import Audience
from engine.worker.server.experiment_runner import BrokenArm, Conductor, NewArm, conduct
from engine.worker.server.listeners import Doors
from engine.worker.server.live_config import Live, check_plan
from engine.worker.server.output_capture import Output
from engine.worker.server.preflight import refuse
from engine.worker.server.query_queue import Questions
from engine.worker.server.run_start import Beginning, ending_of

IDLE_SECONDS = 2.0
FIRST_CLIENT_SECONDS = 20.0
GREETING_SECONDS, ORDER_SECONDS = 1.0, 0.05
"""How long the import of torch waits for the first client, and then for the order that it may have."""
OUTPUT_SECONDS = 0.25
LOOK_SECONDS = 1.0
"""How often the run's folder is looked after, beside each event that matters."""
_BEAT = round(HEARTBEAT_SECONDS / LOOK_SECONDS)
OBEY_SECONDS = 2.0
"""How long a run that has not come to its first step may take to end when it is told to."""
DISK_SECONDS = 2.0
"""How long the end waits for the disk, and then for clients to take what is left."""


class Session:
    """One engine process, from its first client to its end."""

    def __init__(self, socket_path: Path, output: Output, *, trains: bool = True) -> None:
        self._output, self._trains = output, trains
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="trainer")
        self._loop = asyncio.get_running_loop()
        self._audience = Audience()
        self._control: Control | None = None
        self._live: Live | None = None
        self.ready: Ready | None = None
        """Said to new clients once torch is loaded, or cannot be."""
        self._beginning = Beginning()
        self._joined = asyncio.Event()
        self._told_to_end = False
        self._questions = Questions(self._loop, self._work)
        self._over = asyncio.Event()
        self._busy = self._finished = self._waking = False
        self._job: asyncio.Future[None] | None = None
        self._conductor: Conductor | None = None
        """Of the experiment under way, where one is; between two of its arms the session is busy, too."""
        self._end: ev.Finished | None = None
        """How the last run ended."""
        self._interlude: asyncio.Task[None] | None = None
        self._doors = Doors(self._welcome, socket_path)
        self._current = Current(socket_path, self._redirect, self._ousted)

    async def serve(self, listening: socket.socket) -> None:
        """Answer clients until nothing runs and nobody is attached."""
        await self._doors.open(listening)
        watching = [asyncio.create_task(task) for task in (self._warm_up(), self._follow_output(), self._look_after())]
        self._end_when_idle(FIRST_CLIENT_SECONDS)
        await self._over.wait()
        self._doors.close()
        for task in watching:
            task.cancel()
        await self._audience.served(DISK_SECONDS)
        await within(DISK_SECONDS, self._current.leave)
        self._thread.shutdown(wait=False, cancel_futures=True)

    # clients

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not same_user(writer):
            writer.close()
            return
        client = Client(self, reader, writer)
        self._audience.welcome(client)
        try:
            await client.talk()
        finally:
            self._questions.give_up(client)
            self._audience.part(client)
            self._end_when_idle(IDLE_SECONDS)

    def _end_when_idle(self, seconds: float) -> None:
        def end() -> None:
            if not self._audience and not self._busy:
                self._over.set()

        self._loop.call_later(seconds, end)

    @property
    def run(self) -> RunFolder | None:
        """The current run."""
        return self._current.run

    @property
    def log(self) -> EventLog | None:
        """Its log."""
        return self._current.log

    def hello(self) -> Hello:
        """What a new client is told first."""
        return Hello(version=engine.__version__, pid=os.getpid(), run=self._current.name)

    def joined(self) -> None:
        """A client has said who it is."""
        self._audience.joined()
        self._joined.set()

    # commands

    async def obey(self, command: cmd.Command, client: Client) -> Reply:
        """Do what a client asks, or refuse with a sentence."""
        try:
            if isinstance(command, cmd.TakeControl):
                self._audience.take_control(client)
                return Reply(id=command.id)
            if not isinstance(command, cmd.ListDevices | cmd.Question | cmd.Cancel):
                self._audience.require_steering(client)
            match command:
                case cmd.Start():
                    await self._settle()
                    return Reply(id=command.id, result=await self._start(command))
                case cmd.ResumeRun():
                    await self._settle()
                    return Reply(id=command.id, result=await self._resume(command))
                case cmd.Branch():
                    await self._settle()
                    return Reply(id=command.id, result=await self._branch(command))
                case cmd.Experiment():
                    await self._settle()
                    return Reply(id=command.id, result=await self._perform(command))
                case cmd.EvaluateRun():
                    await self._settle()
                    return Reply(id=command.id, result=await self._evaluate(command))
                case cmd.ListDevices():
                    return Reply(id=command.id, result=await self._work(torch_tasks.devices))
                case cmd.Cancel():
                    self._questions.give_up(client, command.question)
                    return Reply(id=command.id)
                case _ if isinstance(command, cmd.Question):
                    await self._settle()
                    self._refuse_if_busy()
                    return Reply(id=command.id, result=await self._questions.answer(command, client))
                case _:
                    return Reply(id=command.id, result=self._steer(command))
        except Problem as problem:
            field = getattr(problem, "field", None) or ""
            return Reply(id=command.id, error=str(problem), exit_code=int(problem.exit_code), field=field)
        except Exception as fault:
            import traceback  # noqa: PLC0415

            with contextlib.suppress(OSError):  # the disk of the run's own log may be full
                traceback.print_exc()
            error = f"The engine failed at this: {type(fault).__name__}: {fault}."
            return Reply(id=command.id, error=error, exit_code=int(ExitCode.FAILED))

    def _steer(self, command: cmd.Steering) -> dict[str, Any]:
        if self._conductor and isinstance(command, cmd.Abort):
            self._conductor.given_up = True
            if self._control is None or self._finished:  # between two arms
                return {}
        if self._control is None or self._live is None or self._finished:
            raise EngineProblem("Nothing is training.")
        ending = EngineProblem(f"{self._current.name or 'The run'} is ending; nothing of it can change now.")
        if self._control.ending and not isinstance(command, cmd.Stop | cmd.Abort):
            raise ending
        match command:
            case cmd.Change(values=values):
                command = self._live.change(values)
            case cmd.Undo():
                command = self._live.undo()
            case cmd.OneMoreEpoch():
                command = self._live.change({"epochs": self._live.config.epochs + 1})
        if not self._control.post(command):
            raise ending
        if isinstance(command, cmd.Stop | cmd.Abort):
            self._insist()
        if not isinstance(command, cmd.Change):
            return {}
        idle = {name: why for name in command.values if (why := no_effect(self._live.config, name))}
        return {"changed": command.values, "no_effect": idle}

    async def _start(self, command: cmd.Start) -> dict[str, Any]:
        self._refuse_if_busy()
        config = with_absolute_data(make_config(msgspec.structs.asdict(command.config)))
        check_plan(config, command.changes)
        await self._check(config)
        if command.data is not None:
            config = await self._meet_data("the run", config, command.data, other=command.other_data)
        plan = Plan(command.changes, command.stop_at)
        return self._begin(config, command.preset, command.name, plan=plan)

    async def _check(self, config: TrainConfig) -> None:
        """Refuse what cannot be trained before there is a run of it. Raises `Problem`."""
        if self.ready and self.ready.fault:
            raise EngineProblem(self.ready.fault)
        before, self._busy = self._busy, True
        try:
            await refuse(config, self._work, warm=self.ready is not None)
        finally:
            self._busy = before
        if self._told_to_end:
            raise EngineProblem("The engine was told to end before the run began.")

    def _begin(
        self, config: TrainConfig, preset: str, name: str, *, arm: ev.Arm | None = None, plan: Plan | None = None
    ) -> dict[str, Any]:
        run = create_run(config, preset=preset, version=engine.__version__, name=name)
        try:
            self._enter(run)
        except RunProblem:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
        self.emit(_created(run, config, preset, arm=arm))
        self._train(run, config, None, plan)
        return {"run": run.name, "path": str(run.path)}

    async def _meet_data(
        self, run: str, config: TrainConfig, known: ev.DataIdentity | None, data_dir: str = "", *, other: bool
    ) -> TrainConfig:
        """The configuration once its data are known to be the ones of `run`. Raises `OtherDataProblem` where they are not."""
        was_busy, self._busy = self._busy, True
        try:
            met: TrainConfig = await self._work(torch_tasks.meet_data, run, config, known, data_dir, other)
            return met
        finally:
            self._busy = was_busy

    async def _branch(self, command: cmd.Branch) -> dict[str, Any]:
        self._refuse_if_busy()
        self._busy = True
        try:
            of = _parent_of(command)
            command = msgspec.structs.replace(command, values=with_absolute_folder(command.values))
            config, contents, parent = await self._work(torch_tasks.branch_off, of, command)
            check_plan(config, command.changes)
            await self._check(config)
            known = command.data or await asyncio.to_thread(known_data, of)
            config = await self._meet_data(of.name, config, known, other=command.other_data)
            preset = of.state().preset
            run = create_run(config, preset=preset, version=engine.__version__, name=command.name)
            try:
                self._enter(run)
                await self._work(torch_tasks.save, run, config, contents)
            except (RunProblem, OSError):
                shutil.rmtree(run.path, ignore_errors=True)
                raise
        except BaseException:
            self._busy = False
            raise
        self.emit(_created(run, config, preset, parent))
        self._train(run, config, contents, Plan(command.changes, command.stop_at))
        return {"run": run.name, "path": str(run.path)}

    async def _resume(self, command: cmd.ResumeRun) -> dict[str, Any]:
        self._refuse_if_busy()
        run = find_run(command.run)
        return await self._go_on(
            run,
            command.epochs,
            take_over=command.take_over,
            data_dir=command.data_dir,
            other_data=command.other_data,
        )

    async def _go_on(
        self,
        run: RunFolder,
        epochs: int | None = None,
        *,
        arm: ev.Arm | None = None,
        take_over: bool = False,
        data: ev.DataIdentity | None = None,
        data_dir: str = "",
        other_data: bool = False,
    ) -> dict[str, Any]:
        self._busy = True
        try:
            config, contents, ended = await self._work(torch_tasks.load, run)
            if epochs is not None:
                config = make_config({"epochs": epochs}, config)
            done = contents["place"]["epoch"] if contents else 0
            if done > config.epochs or (ended and done == config.epochs):
                raise RunProblem(f"{run.name} has trained its {done} epochs; give a greater number with --epochs.")
            known = await asyncio.to_thread(known_data, run) or data
            config = await self._meet_data(run.name, config, known, data_dir, other=other_data)
            await self._check(config)
            self._enter(run, take_over=take_over)
            if not ended:  # killed between writing its result and telling of it
                with contextlib.suppress(OSError):
                    run.result.unlink()
            if self.log and not self.log.length:
                self.emit(_created(run, config, _preset(run), arm=arm))
        except BaseException:
            self._busy = False
            raise
        self._train(run, config, contents)
        return {"run": run.name, "path": str(run.path)}

    async def _perform(self, command: cmd.Experiment) -> dict[str, Any]:
        """Begin an experiment, or go on with one; its arms follow one another from here on."""
        self._refuse_if_busy()
        self._busy = True
        try:
            self._conductor = await asyncio.to_thread(conduct, command)
            return {"group": self._conductor.group, **await self._next_arm(self._conductor)}
        except BaseException:
            self._busy, self._conductor = False, None
            raise

    async def _next_arm(self, conductor: Conductor) -> dict[str, Any]:
        match await asyncio.to_thread(conductor.following):
            case NewArm() as new:
                config = new.config
                if new.data is not None:
                    config = await self._meet_data(conductor.group, config, new.data, other=conductor.other_data)
                await self._check(config)
                if conductor.given_up:
                    return {}
                return self._begin(config, new.preset, new.name, arm=new.arm)
            case BrokenArm(run, arm, data):
                return await self._go_on(run, arm=arm, data=data, other_data=conductor.other_data)
            case None:
                return {}

    async def _between_arms(self, conductor: Conductor) -> None:
        """Have the next arm begin; where it cannot, or the experiment was given up meanwhile, that is its end."""
        fault = ""
        try:
            if not conductor.given_up and await self._next_arm(conductor):
                return
        except Problem as problem:
            fault = f"Run {conductor.number} of {conductor.group} could not begin: {problem}"
        self._rest(fault)

    def _rest(self, fault: str = "") -> None:
        """Nothing trains any more."""
        conductor, self._busy, self._conductor = self._conductor, False, None
        if conductor:
            self._audience.tell_after(conductor.over(fault, self._end))
        if self._told_to_end or not self._audience:
            self._over.set()

    async def _evaluate(self, command: cmd.EvaluateRun) -> dict[str, Any]:
        self._refuse_if_busy()
        run = find_run(command.run)
        self._busy = True
        try:
            self._enter(run)
            await self._work(torch_tasks.test, run, command, self.emit)
        finally:
            self._busy = False
            self._current.release(run)
        return {"run": run.name}

    async def _settle(self) -> None:
        """Let a run that has told its end be over."""
        if self._job and self._finished:
            await asyncio.wait([self._job])

    def _refuse_if_busy(self) -> None:
        if self._busy:
            raise EngineProblem(f"The engine is busy with {self._current.name or 'another run'}; stop that first.")

    # runs

    def _enter(self, run: RunFolder, *, take_over: bool = False) -> None:
        """Make `run` the current one. Raises `RunProblem` where another engine has it, or it cannot be written."""
        self._current.enter(run, take_over=take_over)
        self._doors.enter(run)
        self._output.redirect(run.log)
        self._wake()

    def _redirect(self, run: RunFolder) -> None:
        """What is printed goes to the run's folder, which was made again or renamed. From any thread."""
        self._loop.call_soon_threadsafe(self._output.redirect, run.log)

    def _ousted(self, why: str) -> None:
        """Another engine has the run now: end, and leave its folder alone. From any thread."""
        if control := self._control:
            control.end_because(why)

    def _train(
        self, run: RunFolder, config: TrainConfig, contents: dict[str, Any] | None, plan: Plan | None = None
    ) -> None:
        self._finished, self._control, self._live = False, Control(plan), Live(config)
        self._end = None
        self._beginning.begin()
        if self.ready is None:
            self.emit(ev.Phase(name="importing", text="loading torch"))

        def over(job: asyncio.Future[None]) -> None:
            if self._beginning.is_cut:  # the end is told already
                return
            self._control = None
            if not self._finished and not job.cancelled() and (fault := job.exception()) is not None:
                self._close(run, "failed", str(fault), "training")
            if self.log:
                self.log.sync()
                self._wake()
            if self._conductor and self._conductor.goes_on(self._end):
                self._interlude = self._loop.create_task(self._between_arms(self._conductor))
            else:
                self._rest()

        self._job = self._loop.run_in_executor(
            self._thread, torch_tasks.guarded, torch_tasks.train, run, config, self.emit, self._control, contents
        )
        self._busy = True
        self._job.add_done_callback(over)

    async def _work(self, function: Any, *arguments: Any) -> Any:
        return await self._loop.run_in_executor(self._thread, torch_tasks.guarded, function, *arguments)

    def emit(self, event: ev.Event) -> None:
        """Number, log and pass on an event of the current run. From any thread."""
        if self._beginning.takes(event):
            self._pass_on(event)

    def _pass_on(self, event: ev.Event) -> None:
        if isinstance(event, ev.Finished):
            self._finished, self._end = True, event
        if self._live is not None:
            self._live.hear(event)
        if not self._current.append(event):
            return
        if not self._waking:  # one call wakes for many events: a loop that is behind would drown in calls
            self._waking = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._waking = False
        self._audience.wake()

    # ends

    def abort(self) -> None:
        """End as soon as the run under way is saved (the process was told to terminate)."""
        self._told_to_end = True
        if self._conductor is not None:
            self._conductor.given_up = True
        if self._control is not None:
            self._control.post(cmd.Abort())
            self._insist()
        else:
            self._over.set()

    def _insist(self) -> None:
        """The run was told to end: see to it, unless it has made a step, that it does."""
        if self._beginning.waits and self._job is not None and self._control is not None:
            job, control = self._job, self._control
            self._loop.call_later(OBEY_SECONDS, lambda: self._break_off(job, control))

    def _break_off(self, job: asyncio.Future[None], control: Control) -> None:
        """End a run that does not come to its first step in the trainer's stead, and the process with its thread."""
        run = self._current.run
        if job is not self._job or job.done() or control.is_stopping or run is None or not self._beginning.cut():
            return

        async def end() -> None:
            reason = "Ended before its first step, without a test."
            await within(DISK_SECONDS, lambda: self._close(run, "aborted", reason))
            self._rest()
            self._over.set()

        self._interlude = self._loop.create_task(end())

    def _close(self, run: RunFolder, outcome: ev.Outcome, reason: str, fault: ev.Fault = "") -> None:
        """Tell and keep the end of a run that the trainer does not tell of."""
        event = ending_of(run, outcome, reason, fault)
        with contextlib.suppress(OSError):
            write_atomic(run.result, encode_result(event, run.events))
        self._pass_on(event)

    # in the background

    async def _warm_up(self) -> None:
        """Load torch once the first client is answered: the import may hold up the whole process."""
        may_begin = threading.Event()
        self._thread.submit(may_begin.wait)
        torch = asyncio.create_task(self._work(torch_tasks.warm, self._trains))  # before any order is worked off
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GREETING_SECONDS):
                await self._joined.wait()
        await asyncio.sleep(ORDER_SECONDS)
        may_begin.set()
        try:
            self.ready = Ready(torch=await torch)
        except EngineProblem as fault:
            self.ready = Ready(torch="", fault=str(fault))
            if self._job is not None:
                await asyncio.wait([self._job])
            self._audience.tell_after(self.ready)  # the end of a run that needs it comes first
            return
        self._audience.tell(self.ready)
        if self._trains:
            await self._work(torch_tasks.warm_step)

    async def _look_after(self) -> None:
        """See to the run's folder also while nothing is told: in a pause, after the end."""
        for number in itertools.count(1):
            await asyncio.sleep(LOOK_SECONDS)
            if await asyncio.to_thread(self._current.look):
                self._wake()
            if moved := await self._doors.look(self._current.held):
                self._current.reached_by(moved)
            if number % _BEAT == 0:
                await asyncio.to_thread(self._current.beat)

    async def _follow_output(self) -> None:
        while True:
            await asyncio.sleep(OUTPUT_SECONDS)
            if self._busy and self.log:
                for line in self._output.new_lines():
                    self.emit(ev.LogLine(text=line))


async def within(seconds: float, work: Callable[[], object]) -> None:
    """Do what may hang in a thread of its own, and wait for it no longer than that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.to_thread(work)


def _created(
    run: RunFolder, config: TrainConfig, preset: str, parent: ev.Parent | None = None, arm: ev.Arm | None = None
) -> ev.RunCreated:
    return ev.RunCreated(
        run=run.name,
        config=config,
        preset=preset,
        version=engine.__version__,
        host=host_name(),
        parent=parent,
        arm=arm,
    )


def _parent_of(command: cmd.Branch) -> RunFolder:
    """The run that is branched off; one that is branched off again is the one of that very name."""
    if command.origin is None:
        return find_run(command.run)
    runs = all_runs()
    for run in [run for run in runs if run.name == command.run] or first_called(command.run, runs):
        return run
    raise RunProblem(
        f"The branch began with a checkpoint of {short(command.run, 60)}, which is not there any more, so it cannot be run again."
    )


def _preset(run: RunFolder) -> str:
    with contextlib.suppress(ConfigProblem):
        return str(read_toml(run.config).get("preset", ""))
    return ""
