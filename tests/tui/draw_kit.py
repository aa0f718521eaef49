"""The drawing screen of an app whose questions an engine that is made up answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual import events

from engine import commands as cmd
from engine import events as ev
from engine.client import Heard
from engine.commands import Command
from engine.protocol import Reply
from tests import events_kit as kit
from tests.fake_engine import FakeEngine
from tests.tui.app_kit import Stage, stage
from tui.screens.draw import DrawScreen
from tui.views.opinion import Opinion, Silent
from tui.widgets.drawing_pad import DrawingPad


class Reader(FakeEngine):
    """Answers every question with a seven, by the weights of `epoch`; while `gate` is closed it takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.gate, self.asked = 1, asyncio.Event(), asyncio.Event()
        self.sure = 0.91
        self.at_once = self.most_at_once = 0
        self.gate.set()
        self.answer = self.read

    async def send(self, command: Command, heard: Heard | None = None) -> Reply:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.asked.set()
        await self.gate.wait()
        self.at_once -= 1
        return await super().send(command, heard)

    def read(self, command: Command) -> dict[str, Any]:
        assert isinstance(command, cmd.PredictPictures)
        rest = (1 - self.sure) / 9
        likely = [self.sure if digit == 7 else rest for digit in range(10)]
        return {"probabilities": [likely], "epoch": self.epoch, "step": self.epoch, "weights": command.weights}

    @property
    def questions(self) -> list[cmd.PredictPictures]:
        return [command for command in self.commands if isinstance(command, cmd.PredictPictures)]


class Drawing(Stage):
    """A stage on which the drawing screen is seen, and the engine that is asked."""

    reader: Reader

    @property
    def screen(self) -> DrawScreen:
        screen = self.app._screen_stacks["draw"][0]
        assert isinstance(screen, DrawScreen)
        return screen

    @property
    def pad(self) -> DrawingPad:
        return self.screen.pad

    @property
    def ink(self) -> int:
        """How much ink there is."""
        return int(self.pad.pad.sheet.ink.astype(int).sum())

    @property
    def answer(self) -> Opinion | Silent:
        return self.screen.answer.answer

    async def read(self) -> None:
        """Wait for the answer."""
        await self.done("draw")

    def mouse(self, kind: type[events.MouseEvent], x: int, y: int, button: int = 1) -> None:
        """The mouse is at a cell of the paper."""
        left, top = self.pad.content_region.offset
        at = (left + x, top + y)
        self.app.screen._forward_event(kind(None, *at, 0, 0, button, False, False, False, *at))

    async def drag(self, *places: tuple[int, int], button: int = 1) -> None:
        """Draw with the mouse from place to place."""
        self.mouse(events.MouseDown, *places[0], button)
        await self.pilot.pause()
        for place in places:
            self.mouse(events.MouseMove, *place, button)
            await self.pilot.pause()
        self.mouse(events.MouseUp, *places[-1], button)
        await self.settle()

    async def draw(self) -> None:
        """Draw something, have it read, and forget what was asked for that."""
        await self.drag((4, 3), (20, 9))
        await self.read()
        self.reader.commands.clear()


def trained(epochs: int = 1) -> list[ev.Event]:
    """A run in training after so many epochs."""
    rows = (event for n in range(epochs) for event in kit.epoch_events(kit.BLOG, n + 1, 2))
    return kit.numbered([*kit.opening(), *rows])


@asynccontextmanager
async def drawing(
    told: Sequence[ev.Event] | None = None, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[Drawing]:
    reader = Reader()
    async with stage(trained() if told is None else told, size=size, ask=reader.connect, **options) as on:
        on.__class__ = Drawing
        assert isinstance(on, Drawing)
        on.reader = reader
        await on.press("6")
        yield on
