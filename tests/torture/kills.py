"""``kill -9`` at random moments: of the engine, the app, or both. A run may lose time but nothing else.

At another moment the runtime directory may be removed, too, as at a user's last logout.

After each: the run's folder opens and says how it stands, no heap of half-written files is left, and the run ends with
exactly the numbers of one that nobody disturbed: by itself where only the screen was killed, else after a resume.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import psutil

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine, Lost
from engine.errors import EngineProblem
from engine.log.event_log import read_events
from engine.protocol import decode_event
from engine.runs.folder import RunFolder, all_runs
from engine.runs.validation_predictions import read_predictions
from engine.state.run_state import RunState
from tests.kit import timeless
from tests.terminal.term import app, engines
from tests.torture.ground import Ground, noted

Who = Literal["engine", "screen", "both"]
WHO: tuple[Who, ...] = ("engine", "screen", "both")
USES = 10
"""Resumes per engine before a new one is started."""
END_SECONDS = 5.0
"""Limit for an engine without clients to end after its run."""
_BREATH = 0.03
"""Maximum delay of a kill after a line, in seconds: about half an epoch."""
_START_SECONDS = 40.0
"""Limit for an engine that lost its app before a run started (it waits 20 s for its first client)."""


def numbers(state: RunState) -> tuple[Any, ...]:
    """Everything about a run that must not depend on interruptions: no times, no sequence numbers."""
    assert state.finished is not None
    return (
        state.finished.outcome,
        state.finished.step,
        state.finished.best_epoch,
        [timeless(epoch) for epoch in state.epochs],
        timeless(state.test) if state.test else None,
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: this many seconds after the log has this many lines."""

    lines: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.3f} s after {f'line {self.lines}' if self.lines else 'the start'}"


def moments(chance: random.Random, rounds: int, seconds: float, lines: int) -> list[Moment]:
    """Half of them by time, from start to end; half by log lines, which do not depend on machine load.

    One in each of so many equal parts of the run, in random order: together they leave no phase out.
    """
    by_clock = [Moment(0, share * seconds) for share in _shares(chance, (rounds + 1) // 2)]
    by_log = [Moment(1 + int(share * lines), chance.random() * _BREATH) for share in _shares(chance, rounds // 2)]
    found = [*by_clock, *by_log]
    chance.shuffle(found)
    return found


def _shares(chance: random.Random, count: int) -> list[float]:
    return [(n + chance.random()) / count for n in range(count)]


@dataclass
class Campaign:
    """Rounds in one environment. A context manager that ends what it started.

    `stood` counts what the killed runs' logs held last.
    """

    ground: Ground
    fresh_every: int = USES
    end_seconds: float = END_SECONDS
    stood: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    _spare: Engine | None = None
    _used: int = 0

    def __post_init__(self) -> None:
        self._loop = asyncio.Runner()
        self.numbers: tuple[Any, ...] = ()

    def __enter__(self) -> Campaign:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._drop_spare())
        self._loop.close()
        kill(engines(self.ground.home))

    def undisturbed(self, who: Who) -> tuple[float, int]:
        """Run once undisturbed; return seconds from process start to the run's end, and the log's lines."""
        begun = time.monotonic()
        with self._new_run() as found:
            if who == "engine":
                self._loop.run(self._follow(cmd.Start(config=self.ground.config)))
            else:
                self._screen(lambda: bool((run := found()) and run.finished()))
            seconds = time.monotonic() - begun
            run = found()
            self._wait_for_engines(self.end_seconds)
        assert run is not None
        self.numbers = self.numbers or numbers(run.state())
        state = run.state()
        assert numbers(state) == self.numbers, "two undisturbed runs differ"
        return seconds, state.seq + 1

    def round(self, who: Who, moment: Moment, logout: Moment | None = None) -> str:
        """Kill at `moment`, check what is left, and complete the run; return a line about it.

        `logout`: when the runtime directory is removed, unless all is over before.
        """
        with self._new_run() as found:
            over = _clock(moment, found)
            if logout:
                over = self._with_logout(over, _clock(logout, found))
            if who == "engine":
                self._loop.run(self._train(over))
            else:
                self._screen(over, engine_too=who == "both")
            killed = time.time()
            run = found()
            last = last_told(run)
            self.stood[last] += 1
            line = f"{who} {moment}{f', logout {logout}' if logout else ''}: {last}"
            if who == "screen":
                self._goes_on_alone(run, killed)
                run = found()
            elif run and stands(run) == "interrupted":
                self._loop.run(self._follow(cmd.ResumeRun(run=run.name)))
                self.resumed += 1
                line += ", resumed to the same numbers"
            if run:
                ended_well(run, self.numbers)
            return line

    # Kills

    async def _train(self, over: Callable[[], bool]) -> None:
        """Start an engine and train; kill it at the moment."""
        task = asyncio.create_task(self._session())
        while not over() and not task.done():
            await asyncio.wait([task], timeout=0.002)
        kill(self._engines())
        with contextlib.suppress(EngineProblem):
            await task

    async def _session(self) -> None:
        engine = await Engine.start("script")
        try:
            await engine.send(cmd.Start(config=self.ground.config))
            async for message in engine.events():
                if isinstance(message, ev.Finished | Lost):
                    return
        finally:
            await engine.close()

    def _screen(self, over: Callable[[], bool], *, engine_too: bool = False) -> None:
        """Open the app, start training, and kill it at the moment."""
        with app(self.ground.home) as term:
            pressed = False
            while not over():
                term.read_for(0.005)
                if not pressed and re.search("Hidden sizes", term.text):
                    term.key("r")
                    pressed = True
            others = self._engines() if engine_too else []
            term.process.kill()
            kill(others)

    def _with_logout(self, over: Callable[[], bool], due: Callable[[], bool]) -> Callable[[], bool]:
        """`over`, extended to remove and recreate the runtime directory when due, at the latest at the end."""
        done = False

        def either() -> bool:
            nonlocal done
            ended = over()
            if not done and (ended or due()):
                done = True
                shutil.rmtree(self.ground.sockets.parent)
                self.ground.sockets.parent.mkdir(mode=0o700)
            return ended

        return either

    # Recovery

    def _goes_on_alone(self, run: RunFolder | None, killed: float) -> None:
        """The engine trains to the end and exits by itself."""
        alone = self._engines()
        _, alive = psutil.wait_procs(alone, timeout=90 if run else _START_SECONDS)
        gone = time.time()
        assert not alive, f"{alive} did not end"
        if run and alone:
            end = run.state().finished
            assert end is not None
            later = gone - max(end.time, killed)
            assert later < self.end_seconds, f"ended {later:.1f} s after its run and its screen"

    async def _follow(self, command: cmd.Start | cmd.ResumeRun) -> None:
        """Send the command to the spare engine."""
        engine = await self._fresh_enough()
        name = (await engine.send(command)).result["run"]
        async for message in engine.events():
            assert not isinstance(message, Lost), message
            if isinstance(message, ev.Finished) and message.run == name:
                return

    async def _fresh_enough(self) -> Engine:
        if self._spare is None or self._used >= self.fresh_every:
            await self._drop_spare()
            self._spare, self._used = await Engine.start("script"), 0
        self._used += 1
        return self._spare

    async def _drop_spare(self) -> None:
        if self._spare:
            pid = self._spare.hello.pid
            await self._spare.close()
            self._spare = None
            if psutil.pid_exists(pid):
                await asyncio.to_thread(psutil.Process(pid).wait, self.end_seconds)

    def _engines(self) -> list[psutil.Process]:
        """The engines here, except for the one that resumes."""
        spare = self._spare.hello.pid if self._spare else None
        return [process for process in engines(self.ground.home) if process.pid != spare]

    def _wait_for_engines(self, seconds: float) -> None:
        _, alive = psutil.wait_procs(self._engines(), timeout=seconds)
        assert not alive, f"{alive} did not end within {seconds} s"

    @contextlib.contextmanager
    def _new_run(self) -> Iterator[Callable[[], RunFolder | None]]:
        """A function that finds the run created since; there is at most one."""
        before = {run.name for run in all_runs(self.ground.runs)}

        def found() -> RunFolder | None:
            new = [run for run in all_runs(self.ground.runs) if run.name not in before]
            assert len(new) <= 1
            return new[0] if new else None

        yield found


def _clock(moment: Moment, found: Callable[[], RunFolder | None]) -> Callable[[], bool]:
    """A function that returns whether the moment has come, counting from now."""
    end = time.monotonic() + moment.seconds if not moment.lines else None

    def over() -> bool:
        nonlocal end
        if end is None and (run := found()) and run.events.exists():
            reached = run.finished() or run.events.read_bytes().count(b"\n") >= moment.lines
            end = time.monotonic() + moment.seconds if reached else None
        return end is not None and time.monotonic() >= end

    return over


def kill(processes: Sequence[psutil.Process]) -> None:
    """``kill -9``, and wait until they are gone."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)


def stands(run: RunFolder) -> str:
    """How a run whose engine was killed says that it stands; asserts that its folder is in order."""
    state, status = run.state(), run.status()
    assert run.read_config().epochs > 0
    assert status == ("finished" if run.finished() else "interrupted")
    assert run.finished() or state.finished is None
    assert len(list(run.path.glob("*.tmp"))) <= 1
    assert [event.seq for event in read_events(run.events)] == list(range(state.seq + 1))
    is_counted(run)
    return "interrupted" if state.finished is None else "finished"


def is_counted(run: RunFolder) -> None:
    """Assert that each whole line of the log has its own number: none is there twice, none is missing."""
    content = run.events.read_bytes() if run.events.exists() else b""
    whole = content.splitlines()[: content.count(b"\n")]
    assert [decode_event(line).seq for line in whole] == list(range(len(whole)))


def ended_well(run: RunFolder, expected: tuple[Any, ...]) -> None:
    """Assert that a run has ended with these numbers, and that nothing is left that does not belong in its folder."""
    state = run.state()
    assert run.status() == "finished"
    assert numbers(state) == expected
    content = run.events.read_bytes()
    assert content.endswith(b"\n")
    assert content.count(b"\n") == state.seq + 1
    is_counted(run)
    assert read_predictions(run.predictions).epochs.tolist() == [epoch.epoch for epoch in state.epochs]
    wanted = {"config.toml", "events.jsonl", "engine.log", "result.json", "last.pt", "best.pt"}
    wanted |= {"readings.bin", "look-best.npz"}
    # an engine that was killed between telling of the end and letting go of the run leaves its name and socket there
    assert {path.name for path in run.path.iterdir()} - {"session.json", "engine.sock"} == wanted


def last_told(run: RunFolder | None) -> str:
    """What a log holds last, in a word or two."""
    if run is None:
        return "no run yet"
    event = next(reversed(list(read_events(run.events))), None)
    match event:
        case None:
            return "no event"
        case ev.Phase(name=name):
            return f"phase {name}"
        case ev.CheckpointSaved(kind=kind):
            return f"checkpoint {kind}"
        case _:
            return str(type(event).__struct_config__.tag)


def campaign(
    ground: Ground, who: Who, rounds: int, seed: int, tell: Callable[[str], None], *, logouts: bool = False
) -> Campaign:
    """`rounds` kills of one kind; `logouts`: each with a logout at another moment.

    Raises AssertionError, with the seed and the round, where something was lost.
    """
    chance = random.Random(f"logout {who} {seed}")
    with Campaign(ground) as on:
        seconds, lines = on.undisturbed(who)
        tell(f"{who}: undisturbed {seconds:.1f} s, {lines} lines, seed {seed}")
        for number, moment in enumerate(moments(random.Random(f"{who} {seed}"), rounds, seconds, lines), 1):
            logout = Moment(1 + int(chance.random() * lines), 0.0) if logouts else None
            with noted(f"seed {seed}, round {number} of {rounds}: {who} killed {moment}, logout {logout}"):
                tell(f"{number:>3}/{rounds} {on.round(who, moment, logout)}")
        return on
