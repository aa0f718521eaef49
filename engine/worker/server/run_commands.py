"""The commands that give an idle engine a run: start, resume, branch, and evaluate on the test set."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from typing import TYPE_CHECKING

import msgspec

import engine
from engine import commands as cmd
from engine import events as ev
from engine.answers import StartedRun
from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, EngineProblem, RunProblem
from engine.fields import short
from engine.host.machine import host_name
from engine.runs.folder import RunFolder, all_runs, create_run, find_run, first_called
from engine.runs.run_data import known_data, with_absolute_data, with_absolute_folder
from engine.settings import read_toml
from engine.worker.command_queue import Plan
from engine.worker.server import torch_tasks
from engine.worker.server.live_config import check_plan
from engine.worker.server.preflight import check_trainable
from engine.worker.server.run_lifecycle import RunLifecycle
from engine.worker.server.torch_thread import TorchThread

if TYPE_CHECKING:
    from engine.worker.server.torch_tasks import BranchStart, ResumePoint


class RunCommands:
    """All methods raise `Problem` where the command is refused."""

    def __init__(self, lifecycle: RunLifecycle, torch: TorchThread) -> None:
        self._lifecycle, self._torch = lifecycle, torch
        self.is_terminating = False
        """Set when the process is about to exit: no run is started any more."""

    async def start(self, command: cmd.Start) -> StartedRun:
        """Start a new run."""
        with self._lifecycle.preparing():
            config = with_absolute_data(make_config(msgspec.structs.asdict(command.config)))
            check_plan(config, command.changes)
            await self.check(config)
            if command.data is not None:
                config = await self.check_data("the run", config, command.data, other=command.other_data)
            plan = Plan(command.changes, command.stop_at)
            return self.train_new(config, command.preset, command.name, plan=plan)

    async def resume(self, command: cmd.ResumeRun) -> StartedRun:
        """Resume a run from its last checkpoint."""
        with self._lifecycle.preparing():
            return await self.train_further(
                find_run(command.run),
                command.epochs,
                take_over=command.take_over,
                data_dir=command.data_dir,
                other_data=command.other_data,
            )

    async def branch(self, command: cmd.Branch) -> StartedRun:
        """Start a new run from a checkpoint of another."""
        with self._lifecycle.preparing():
            parent_run = _parent_of(command)
            command = msgspec.structs.replace(command, values=with_absolute_folder(command.values))
            start: BranchStart = await self._torch.run(torch_tasks.branch_off, parent_run, command)
            config = start.checkpoint.config
            check_plan(config, command.changes)
            await self.check(config)
            known = command.data or await asyncio.to_thread(known_data, parent_run)
            config = await self.check_data(parent_run.name, config, known, other=command.other_data)
            preset = parent_run.state().preset
            run = create_run(config, preset=preset, version=engine.__version__, name=command.name)
            checkpoint = start.checkpoint._replace(config=config)
            try:
                self._lifecycle.enter(run)
                await self._torch.run(torch_tasks.save, run, checkpoint)
            except (RunProblem, OSError):
                shutil.rmtree(run.path, ignore_errors=True)
                raise
            self._lifecycle.emit(_run_created(run, config, preset, start.parent))
            self._lifecycle.train(run, config, checkpoint, plan=Plan(command.changes, command.stop_at))
            return _started(run)

    async def evaluate(self, command: cmd.EvaluateRun) -> StartedRun:
        """Evaluate a checkpoint on the test set."""
        with self._lifecycle.preparing():
            run = find_run(command.run)
            try:
                self._lifecycle.enter(run)
                await self._torch.run(torch_tasks.test, run, command, self._lifecycle.emit)
            finally:
                self._lifecycle.active.release(run)
            return StartedRun(run=run.name)

    def train_new(
        self, config: TrainConfig, preset: str, name: str, *, arm: ev.Arm | None = None, plan: Plan | None = None
    ) -> StartedRun:
        """Create a run and start its training. The configuration has been checked."""
        run = create_run(config, preset=preset, version=engine.__version__, name=name)
        try:
            self._lifecycle.enter(run)
        except RunProblem:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
        self._lifecycle.emit(_run_created(run, config, preset, arm=arm))
        self._lifecycle.train(run, config, plan=plan)
        return _started(run)

    async def train_further(
        self,
        run: RunFolder,
        epochs: int | None = None,
        *,
        arm: ev.Arm | None = None,
        take_over: bool = False,
        data: ev.DataIdentity | None = None,
        data_dir: str = "",
        other_data: bool = False,
    ) -> StartedRun:
        """Train a run from its last checkpoint. `data` is used where its log does not identify its data set."""
        point: ResumePoint = await self._torch.run(torch_tasks.load, run)
        config = point.config
        if epochs is not None:
            config = make_config({"epochs": epochs}, config)
        if point.epoch > config.epochs or (point.ended and point.epoch == config.epochs):
            raise RunProblem(f"{run.name} has already trained {point.epoch} epochs; use --epochs to train more.")
        known = await asyncio.to_thread(known_data, run) or data
        config = await self.check_data(run.name, config, known, data_dir, other=other_data)
        await self.check(config)
        self._lifecycle.enter(run, take_over=take_over)
        if not point.ended:  # killed after it wrote its result, before it logged its end
            with contextlib.suppress(OSError):
                run.result.unlink()
        log = self._lifecycle.active.log
        if log and not log.length:
            self._lifecycle.emit(_run_created(run, config, _preset(run), arm=arm))
        self._lifecycle.train(run, config, point.checkpoint, resumed=True)
        return _started(run)

    async def check(self, config: TrainConfig) -> None:
        """Raise `Problem` for a configuration that this machine cannot train, or where the process is terminating."""
        ready = self._torch.ready
        if ready and ready.fault:
            raise EngineProblem(ready.fault)
        await check_trainable(config, self._torch.run, torch_loaded=ready is not None)
        if self.is_terminating:
            raise EngineProblem("The engine was shut down before the run started.")

    async def check_data(
        self, run: str, config: TrainConfig, known: ev.DataIdentity | None, data_dir: str = "", *, other: bool
    ) -> TrainConfig:
        """Find the data set that `run` was trained on; returns the configuration with its folder.

        Raises `OtherDataProblem` where it is another one, unless `other` allows that.
        """
        found: TrainConfig = await self._torch.run(torch_tasks.find_data, run, config, known, data_dir, other)
        return found


def _started(run: RunFolder) -> StartedRun:
    return StartedRun(run=run.name, path=str(run.path))


def _run_created(
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
    """The run to branch from. To repeat a branch, it has to be the run of that exact name."""
    if command.origin is None:
        return find_run(command.run)
    runs = all_runs()
    for run in [run for run in runs if run.name == command.run] or first_called(command.run, runs):
        return run
    raise RunProblem(
        f"The branch started from a checkpoint of {short(command.run, 60)}, which no longer exists, so it cannot be replayed."
    )


def _preset(run: RunFolder) -> str:
    with contextlib.suppress(ConfigProblem):
        return str(read_toml(run.config).get("preset", ""))
    return ""
