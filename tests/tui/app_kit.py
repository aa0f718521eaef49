"""The app on an engine that is made up, at any size, without waiting for time to pass."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

from textual.pilot import Pilot

from engine.client import Message
from engine.settings import effective
from tests.fake_engine import FakeEngine
from tui.app.app import MnistApp
from tui.screens.train import TrainScreen
from tui.widgets.status_line import StatusLine

FULL = (120, 35)


class Jumping:
    """A clock on which so much time passes between two looks that nothing has to wait for it."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 10.0
        return self._now


class Stage:
    """An app that runs, its engine, and its pilot."""

    def __init__(self, app: MnistApp, engine: FakeEngine, pilot: Pilot[None]) -> None:
        self.app, self.engine, self.pilot = app, engine, pilot

    async def settle(self) -> None:
        """Wait until all that was told is on the screen."""
        await self.engine.told()
        await self.pilot.pause()
        await self.pilot.pause()

    async def tell(self, *messages: Message) -> None:
        """Have the engine tell something, and wait until it is on the screen."""
        self.engine.push(*messages)
        await self.settle()

    async def press(self, *keys: str) -> None:
        """Press keys, and wait for what they bring about."""
        await self.pilot.press(*keys)
        await self.settle()

    async def done(self, group: str) -> None:
        """Wait for background work of one kind, and for what it brings about."""
        if workers := [w for w in self.app.workers if w.group == group]:
            await self.app.workers.wait_for_complete(workers)
        await self.settle()

    @property
    def train(self) -> TrainScreen:
        """The train screen, seen or not."""
        screen = self.app._screen_stacks["train"][0]
        assert isinstance(screen, TrainScreen)
        return screen

    @property
    def results(self) -> str:
        """What the results panel says, with its title."""
        return f"{self.train.results.border_title}\n{self.train.results.plain}"

    @property
    def status(self) -> str:
        """Both status lines."""
        return self.train.query_one(StatusLine).plain

    @property
    def notices(self) -> list[str]:
        """The texts of all notices so far."""
        return [notice.message for notice in self.app._notifications]

    def text(self) -> str:
        """Everything that is on the screen, line by line."""
        return "\n".join("".join(s.text for s in strip) for strip in self.app.screen._compositor.render_strips())


@contextlib.asynccontextmanager
async def stage(
    events: Iterable[Message] = (),
    *,
    size: tuple[int, int] = FULL,
    ready: bool = True,
    clock: Any = None,
    notifications: bool = False,
    **options: Any,
) -> AsyncIterator[Stage]:
    """An app of this size whose engine has told these events. `notifications`: they are shown, not noted alone."""
    engine = FakeEngine(events, ready=ready)
    app = MnistApp(effective(), engine.connect, clock=clock or Jumping(), **options)
    async with app.run_test(size=size, notifications=notifications) as pilot:
        on = Stage(app, engine, pilot)
        await on.settle()
        yield on
        engine.end()
