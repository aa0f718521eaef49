"""Trains the runs of an experiment one after the other.

This is the session's job, not the terminal's: an experiment survives a lost connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from engine import commands as cmd
from engine.answers import StartedRun
from engine.errors import Problem
from engine.protocol import ExperimentOver
from engine.worker.server.arm_sequence import ArmSequence, NewArm, UnfinishedArm, plan_arms
from engine.worker.server.run_commands import RunCommands
from engine.worker.server.run_lifecycle import RunLifecycle
from engine.worker.server.run_phase import Phase


class ExperimentRunner:
    """At most one experiment at a time. `on_ended` is called with a reason when the next run cannot be started."""

    def __init__(self, lifecycle: RunLifecycle, runs: RunCommands, on_ended: Callable[[str], object]) -> None:
        self._lifecycle, self._runs, self._on_ended = lifecycle, runs, on_ended
        self._arms: ArmSequence | None = None
        self._starting: asyncio.Task[None] | None = None

    async def start(self, command: cmd.Experiment) -> StartedRun:
        """Start or resume an experiment. Raises `Problem` where it is refused."""
        with self._lifecycle.preparing():
            arms = self._arms = await asyncio.to_thread(plan_arms, command)
            try:
                started = await self._start_next(arms)
            except BaseException:
                self._arms = None
                raise
            if started is None:
                self._on_ended("")
                return StartedRun(group=arms.group)
            return msgspec.structs.replace(started, group=arms.group)

    def abort(self) -> bool:
        """Start no further run. Returns False where there is no experiment."""
        if self._arms is None:
            return False
        self._arms.aborted = True
        return True

    def run_ended(self) -> bool:
        """Start the next run once one has ended. Returns False where none follows."""
        arms = self._arms
        if arms is None or not arms.has_next_after(self._lifecycle.last_end):
            return False
        self._lifecycle.phase.move(Phase.PREPARING)
        self._starting = asyncio.get_running_loop().create_task(self._start_next_or_end(arms))
        return True

    def finish(self, fault: str = "") -> ExperimentOver | None:
        """Forget the experiment; what to tell the clients about its end, None where there was none."""
        arms, self._arms = self._arms, None
        return arms.over(fault, self._lifecycle.last_end) if arms else None

    async def _start_next_or_end(self, arms: ArmSequence) -> None:
        fault = ""
        try:
            if not arms.aborted and await self._start_next(arms) is not None:
                return
        except Problem as problem:
            fault = f"Run {arms.number} of {arms.group} could not start: {problem}"
        self._on_ended(fault)

    async def _start_next(self, arms: ArmSequence) -> StartedRun | None:
        """Start the next run. Returns None where there is none or the experiment was aborted."""
        match await asyncio.to_thread(arms.next):
            case NewArm() as new:
                config = new.config
                if new.data is not None:
                    config = await self._runs.check_data(arms.group, config, new.data, other=arms.other_data)
                await self._runs.check(config)
                if arms.aborted:
                    return None
                return self._runs.train_new(config, new.preset, new.name, arm=new.arm)
            case UnfinishedArm(run, arm, data):
                return await self._runs.train_further(run, arm=arm, data=data, other_data=arms.other_data)
            case None:
                return None
