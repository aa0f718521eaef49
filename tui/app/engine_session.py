"""The app's one connection to an engine: what it told so far, and the way to ask it for something."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from engine.client import Connect, EngineLike, Lost
from engine.commands import Abort, Branch, Command, Experiment, ResumeRun, Start, Stop
from engine.errors import EngineProblem, Problem
from engine.events import Event, RunCreated
from engine.protocol import ExperimentOver, Ready, Reply, Steers
from engine.state.run_state import RunState, reduce
from engine.state.startup_stages import Stage, stage_of
from tui.views.snapshot import EngineStatus

ANSWER_SECONDS = 5.0
"""After so long without an answer to an order to end an engine hangs."""
_BREATH = 32
"""Messages taken without letting anything else run: a late attach brings thousands at once."""


class Session:
    """Folds an engine's messages into `state`; `changed` is called after each.

    `begin`, then `listen` in the background. A command sent before the connection stands waits for it. Every engine
    tells a run from its beginning: where that is known already, `state` stays until something new is told.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._engine: asyncio.Future[EngineLike] | None = None
        self.state = RunState()
        self._told = RunState()
        """What this connection told so far."""
        self._is_behind = False
        """Whether that is less than `state` has."""
        self._latest = 0.0
        self._ordered = False
        """Whether a run was asked for that is not accepted yet."""
        self.status: EngineStatus = "none"
        self.lost: Lost | None = None
        self.steers: Steers | None = None
        self.experiment_over: ExperimentOver | None = None
        """How the last experiment of this engine ended, until its next run begins."""

    @property
    def alive(self) -> bool:
        """Whether there is an engine, or will be soon."""
        return self.status in ("starting", "loading", "ready")

    @property
    def watching(self) -> bool:
        """Whether another screen steers."""
        return self.steers is not None and not self.steers.you

    @property
    def training(self) -> bool:
        """Whether the engine is busy with a run."""
        return self.alive and self.state.running and not self._is_behind

    @property
    def own(self) -> bool:
        """Whether `state` is what this connection told, and not what a run's folder does."""
        return not self._is_behind and self.state.seq >= 0

    @property
    def started(self) -> bool:
        """Whether the engine was started from here, so that what ends the processes of this place ends it, too."""
        engine = self._engine
        return bool(engine and engine.done() and not engine.cancelled() and not engine.exception()) and (
            engine.result().started  # type: ignore[union-attr]
        )

    @property
    def left(self) -> bool:
        """Whether `state` is of a run that an earlier engine left unfinished."""
        return self.state.running and self._is_behind

    def stage(self, *, ordered: bool) -> Stage | None:
        """What is waited for; `ordered`: a run has been asked for and is not accepted yet."""
        if self.status == "starting":
            return "starting"
        if self.status == "loading" and not self.training:
            return "importing"
        if self.training:
            return stage_of(self.state.phase)
        return "preparing" if ordered and self.status == "ready" else None

    def begin(self) -> None:
        """A connection is about to be made; what an earlier engine told of its run is kept until a run begins."""
        self._engine = asyncio.get_running_loop().create_future()
        self._told, self._is_behind = RunState(), True
        self.lost = self.steers = self.experiment_over = None
        self.status = "starting"
        self._changed()

    async def listen(self, connect: Connect) -> None:
        """Connect and take messages until the engine is gone."""
        waiting = self._engine
        try:
            engine = await connect()
        except (Problem, OSError) as fault:
            self._gone(Lost(str(fault)), waiting)
            return
        if waiting is None or waiting.done():
            await engine.close()
            return
        waiting.set_result(engine)
        self.status = "loading"
        self._changed()
        taken = 0
        async for message in engine.events():
            if self._engine is not waiting:
                return
            match message:
                case Ready(fault=why) if why:
                    await engine.close()
                    self._gone(Lost(why), waiting)
                    return
                case Ready():
                    self.status = "ready"
                case Steers():
                    self.steers = message
                case ExperimentOver():
                    self.experiment_over = message
                case Lost():
                    self._gone(message, waiting)
                case event:
                    self._take(event)
            self._changed()
            taken += 1
            if taken % _BREATH == 0:
                await asyncio.sleep(0)
        if self._engine is waiting and self.alive:
            self._gone(Lost("", expected=True), waiting)

    def know(self, state: RunState) -> None:
        """Show what a run's folder tells, until its engine tells more."""
        if self._told.run != state.run or self._told.seq < state.seq:
            self.state, self._is_behind, self._latest = state, True, math.inf

    def _take(self, event: Event) -> None:
        self._told = reduce(self._told, event)
        if isinstance(event, RunCreated):
            self.experiment_over = None
        if self._is_behind and self._told.identity == self.state.identity:
            self._is_behind = event.seq <= self.state.seq and event.time <= self._latest
        else:
            self._is_behind = False
        if not self._is_behind:
            self.state, self._latest = self._told, event.time

    async def send(self, command: Command) -> Reply:
        """Ask the engine. Raises the `Problem` it refuses with, or the one that kept it from starting."""
        if self._engine is None:
            raise EngineProblem("There is no engine; r starts one.")
        engine = await asyncio.shield(self._engine)
        if not isinstance(command, Start | ResumeRun | Branch | Experiment):
            return await engine.send(command)
        self._ordered = True
        try:
            return await engine.send(command)
        finally:
            self._ordered = False

    async def end_run(self, command: Stop | Abort) -> None:
        """Have the run end. An engine that does not answer is ended by force; by a stop only where no step was made.

        Raises the `Problem` it refuses with.
        """
        engine = self._engine
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.send(command)
        except TimeoutError:
            if isinstance(command, Stop) and self.stage(ordered=False) is None:
                raise EngineProblem("The engine does not answer; x ends it by force.") from None
            if engine is not None and engine is self._engine:
                await self.give_up()

    async def give_up(self) -> None:
        """End the engine's process, by force where it has to be."""
        engine = self._engine
        if engine is None:
            return
        if engine.done():
            if not engine.cancelled() and engine.exception() is None:
                await engine.result().end_process()
            return
        self._gone(Lost("The engine was ended."), engine)
        self._engine = None

    async def leave(self) -> None:
        """Close the connection; training, where there is any, goes on. What is not begun yet does not begin."""
        if self._ordered:
            await self.give_up()
        engine, self._engine = self._engine, None
        self.status = "none"
        if engine is not None and engine.done() and not engine.cancelled() and engine.exception() is None:
            await engine.result().close()
        elif engine is not None:
            engine.cancel()

    def _gone(self, lost: Lost, waiting: asyncio.Future[EngineLike] | None) -> None:
        if self._engine is not waiting:
            return
        if lost.expected and self.training:  # one that others started: its exit status is not ours to see
            lost = Lost(lost.reason or "The engine ended.", log=lost.log)
        self.lost, self.status = lost, "gone"
        if waiting is not None and not waiting.done():
            waiting.set_exception(EngineProblem(lost.reason or "The engine ended."))
            waiting.exception()  # seen: nobody has to be waiting
        else:
            self._engine = None
        self._changed()
