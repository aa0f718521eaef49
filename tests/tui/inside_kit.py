"""The Inside screen, and an engine that answers its questions with figures that are made up."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Heard
from engine.protocol import Reply
from tests import events_kit as kit
from tests.fake_engine import FakeEngine
from tests.tui.app_kit import Stage, stage
from tui.data.digit_walk import Digits
from tui.screens.inside import InsideScreen

RESULTS = {"epoch": 1, "step": 391}
AMOUNTS = {"noise": [0.0, 0.1, 0.2], "rotation": [0.0, 30.0], "shift": [0.0, 2.0], "thickness": [-1.0, 0.0, 1.0]}


def spread() -> dict[str, Any]:
    return {"mean": -0.25, "deviation": 1.5, "low": -3.0, "high": 3.0, "bins": [1] * 12 + [5] * 12}


def layer(**changed: Any) -> dict[str, Any]:
    plain = {
        "activation": "relu",
        "kind": "neurons",
        "units": 128,
        "never": 12,
        "always": 0,
        "above": 0.42,
        "saturated": None,
        "stuck": None,
        "before": spread(),
        "after": spread(),
    }
    return plain | changed


def place(question: Any, epoch: int) -> dict[str, Any]:
    return {"weights": question.weights, "epoch": epoch, "step": epoch * kit.steps_per_epoch(kit.BLOG)}


class Oracle(FakeEngine):
    """Answers every question, of the weights of `epoch`; waits with it while `held`."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.neurons = 1, 60
        self.layers = [layer()]
        self.held: asyncio.Event | None = None
        self.heard: Heard | None = None
        self.given_up = 0
        self.answer = self.tell_of

    async def send(self, command: cmd.Command, heard: Heard | None = None) -> Reply:
        if self.held is not None:
            self.commands.append(command)
            self.heard = heard
            try:
                await self.held.wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
            self.commands.pop()
        return await super().send(command, heard)

    def tell_of(self, question: cmd.Command) -> dict[str, Any]:
        at = place(question, self.epoch)
        match question:
            case cmd.ShowWeights():
                steps = np.full((self.neurons, 28, 28), 127, np.int8)
                return at | {
                    "kind": "neurons",
                    "count": self.neurons,
                    "height": 28,
                    "width": 28,
                    "indices": list(range(self.neurons)),
                    "norms": [2.5] * self.neurons,
                    "scales": [1.0] * self.neurons,
                    "pictures": base64.b64encode(steps.tobytes()).decode(),
                }
            case cmd.MapOcclusion(patch=patch):
                bare, other = np.full(10, 0.01), np.full(10, 0.01)
                bare[9], other[4] = 0.91, 0.91
                covered = np.tile(bare, (784, 1))
                covered[100:103] = other
                return at | {"patch": patch, "probabilities": bare.tolist(), "covered": covered.tolist()}
            case cmd.MeasureActivations():
                return at | {"images": 1000, "layers": self.layers}
            case cmd.MeasureRobustness(corruption=corruption):
                amounts = AMOUNTS[corruption]
                accuracies = [0.97 if a == 0 else 0.5 for a in amounts]
                return at | {
                    "disturbance": corruption,
                    "images": 2000,
                    "amounts": amounts,
                    "accuracies": accuracies,
                }
        raise AssertionError(question)


@pytest.fixture(autouse=True)
def _digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty validation images, of which three are misclassified."""
    images = np.zeros((30, 28, 28), np.uint8)
    images[:, 6:22, 13:15] = 255
    images[:, 0, 0] = np.arange(30)
    found = Digits(images, (np.arange(30) % 10).astype(np.uint8), (17, 4, 9))
    monkeypatch.setattr("tui.screens.inside.find_run", lambda name: name)
    monkeypatch.setattr("tui.screens.inside.find_digits", lambda *_: found)


def trained(epochs: int = 1) -> list[ev.Event]:
    events = kit.opening()
    for epoch in range(1, epochs + 1):
        events += kit.epoch_events(kit.BLOG, epoch)
    return kit.numbered(events)


@contextlib.asynccontextmanager
async def inside(
    oracle: FakeEngine, events: list[ev.Event] | None = None, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[Stage]:
    async with stage(trained() if events is None else events, size=size, ask=oracle.connect, **options) as on:
        await on.press("7")
        await answered(on)
        yield on


async def answered(on: Stage) -> None:
    await on.done("inside")
    await on.settle()


def screen(on: Stage) -> InsideScreen:
    assert isinstance(on.app.screen, InsideScreen)
    return on.app.screen
