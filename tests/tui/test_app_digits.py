"""From a cell of the confusion matrix to its digits and to one digit's history, with the keyboard alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import events as ev
from engine.client import EngineLike
from engine.config import TrainConfig
from engine.runs.folder import RunFolder, create_run
from engine.runs.test_predictions import TestPredictions, save_test_predictions
from engine.runs.validation_predictions import append_predictions
from tests.events_kit import confusion, ending, epoch_events, numbered, opening
from tests.fake_engine import FakeEngine
from tests.tui.app_kit import Stage, stage
from tests.tui.digits_kit import config, data
from tui.data.predictions import images_of

__all__ = ["config", "data"]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)


@pytest.fixture
def run(config: TrainConfig, data: Path) -> RunFolder:
    """Of each of three epochs what was read: image 0 is learned at epoch 2; two of one digit are always misread."""
    folder = create_run(config, preset="", version="test", name="demo")
    labels = images_of(str(data)).validation_labels
    label, prediction = mistaken(data)
    for epoch in (1, 2, 3):
        read = labels.copy()
        read[np.flatnonzero(labels == label)[:2]] = prediction
        if epoch == 1:
            read[0] = (labels[0] + 1) % 10
        append_predictions(folder.predictions, epoch, 16 * epoch, read, np.linspace(0.5, 0.9, len(read)))
    images = images_of(str(data))
    likely = np.full((64, 10), 0.001, np.float32)
    likely[np.arange(64), images.test_labels] = 0.991
    likely[5] = 0.0
    likely[5, (images.test_labels[5] + 1) % 10] = 1.0
    save_test_predictions(folder.look("best"), TestPredictions(likely, images.test_labels, 3))
    return folder


def mistaken(data: Path) -> tuple[int, int]:
    """A digit that image 0 is not, and what is read in two images of it."""
    first = int(images_of(str(data)).validation_labels[0])
    return (first + 3) % 10, (first + 5) % 10


def story(config: TrainConfig, epochs: int = 3) -> list[ev.Event]:
    told = [e for n in range(1, epochs + 1) for e in epoch_events(config, n)]
    end = ending(config, 3, table=confusion(), run="demo") if epochs == 3 else []
    return numbered([*opening(config, run="demo"), *told, *end])


class Network(FakeEngine):
    """Answers every question as the weights of epoch 3 do."""

    def __init__(self, likely: list[float] | None = None) -> None:
        super().__init__()
        self.answer = lambda command: {
            "probabilities": [likely or [0.91] + [0.01] * 9],
            "epoch": 3,
            "step": 48,
            "weights": command.weights,  # type: ignore[union-attr]
        }


def asking(engine: FakeEngine) -> dict[str, Any]:
    async def connect() -> EngineLike:
        return engine

    return {"ask": connect}


async def shown(on: Stage, *words: str) -> str:
    """Wait until the screen shows these."""
    try:
        async with asyncio.timeout(20):
            while not all(word in on.text() for word in words):
                await on.settle()
    except TimeoutError:
        raise AssertionError(f"no {words} on the screen:\n{on.text()}") from None
    return on.text()


@SIZES
async def test_from_a_cell_to_its_digits_to_the_history_of_one(
    run: RunFolder, config: TrainConfig, data: Path, size: tuple[int, int]
) -> None:
    label, prediction = mistaken(data)
    engine = Network()
    async with stage(story(config), size=size, **asking(engine)) as on:
        await on.press("5")
        await shown(on, f"{label} predicted as {prediction}")  # the cursor begins at the commonest mistake
        await on.press("enter")
        text = await shown(on, f"{label}s predicted as {prediction}", "1–2 of 2")
        assert "validation" in text and "epoch 3 of 3" in text
        await shown(on, "Misclassified in all 3 epochs")
        await on.press("a", "o", "o", "o", "home")
        await shown(on, "validation image 0", "First correct at epoch 2.", "correct")
        await on.press("comma", "comma")
        await shown(on, "epoch 1 of 3", "predicted as", "validation image 0")


async def test_before_the_first_epoch_there_is_a_sentence(config: TrainConfig) -> None:
    create_run(config, preset="", version="test", name="demo")
    async with stage(numbered(opening(config, run="demo")), size=(80, 24)) as on:
        for key in ("4", "5"):
            await on.press(key)
            await shown(on, "No predictions yet")
    async with stage([], size=(80, 24)) as on:
        await on.press("4")
        await shown(on, "No run yet")
