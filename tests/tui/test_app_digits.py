"""From a cell of the confusion matrix to its digits and to one digit's history, with the keyboard alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import EngineLike
from engine.config import TrainConfig, make_config
from engine.errors import RunProblem
from engine.looks import Look, keep_look
from engine.readings import keep_readings
from engine.runs import RunFolder, create_run
from tests.events_kit import confusion, ending, epoch_events, numbered, opening
from tests.fake_engine import FakeEngine
from tests.kit import write_tiny_set
from tests.tui.app_kit import Stage, stage
from tui.inspected import images_of
from tui.screens.digits import DigitsScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 images validate, 64 test."""
    return write_tiny_set(tmp_path_factory.mktemp("data"), train=300, test=64)


@pytest.fixture
def config(data: Path) -> TrainConfig:
    return make_config({"data_dir": str(data), "epochs": 3})


@pytest.fixture
def run(config: TrainConfig, data: Path) -> RunFolder:
    """Of each of three epochs what was read: image 0 is learned at epoch 2; two of one digit are always misread."""
    folder = create_run(config, preset="", version="test", name="demo")
    labels = images_of(str(data)).validation_labels
    label, reading = mistaken(data)
    for epoch in (1, 2, 3):
        read = labels.copy()
        read[np.flatnonzero(labels == label)[:2]] = reading
        if epoch == 1:
            read[0] = (labels[0] + 1) % 10
        keep_readings(folder.readings, epoch, 16 * epoch, read, np.linspace(0.5, 0.9, len(read)))
    images = images_of(str(data))
    likely = np.full((64, 10), 0.001, np.float32)
    likely[np.arange(64), images.test_labels] = 0.991
    likely[5] = 0.0
    likely[5, (images.test_labels[5] + 1) % 10] = 1.0
    keep_look(folder.look("best"), Look(likely, images.test_labels, 3))
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
    async with asyncio.timeout(10):
        while not all(word in on.text() for word in words):
            await on.settle()
    return on.text()


@SIZES
async def test_from_a_cell_to_its_digits_to_the_history_of_one(
    run: RunFolder, config: TrainConfig, data: Path, size: tuple[int, int]
) -> None:
    label, reading = mistaken(data)
    engine = Network()
    async with stage(story(config), size=size, **asking(engine)) as on:
        await on.press("5")
        await shown(on, f"{label} read as {reading}")  # the cursor begins at the commonest mistake
        await on.press("enter")
        text = await shown(on, f"{label}s read as {reading}", "1–2 of 2")
        assert "validation" in text and "epoch 3 of 3" in text
        await shown(on, "91.0 %", "Never read rightly in 3 epochs, always")
        assert [type(c) for c in engine.commands] == [cmd.ReadPictures]
        await on.press("right")
        await on.press("c")
        text = await shown(on, "all digits, by number")
        await on.press("home")
        await shown(on, "validation image 0:", "Learned at epoch 2.", "✓ read rightly")
        await on.press("comma", "comma")
        text = await shown(on, "epoch 1 of 3", "✗ read as")
        assert "All ten" in text


async def test_filters_and_orders_by_keys(run: RunFolder, config: TrainConfig) -> None:
    async with stage(story(config), size=(120, 40), **asking(Network())) as on:
        await on.press("4")
        await shown(on, "read wrongly, surest first", "1–2 of 2")
        await on.press("v")
        await shown(on, "read rightly, surest first")
        await on.press("v", "d")
        await shown(on, "0s, surest first")
        await on.press("D", "a", "o", "o")
        await shown(on, "read as 0, greatest loss first", "loss: −ln p")
        await on.press("c")
        await shown(on, "all digits, by number", "of 50")
        await on.press("end")
        await shown(on, "validation image 49:")
        await on.press("pageup", "home", "down")
        screen = on.app.screen
        assert isinstance(screen, DigitsScreen)
        assert screen._index == screen.gallery.grid.per_row


async def test_the_test_set_once_it_was_looked_at_shows_the_very_probabilities(
    run: RunFolder, config: TrainConfig
) -> None:
    engine = Network()
    async with stage(story(config), size=(120, 40), **asking(engine)) as on:
        await on.press("4")
        await shown(on, "2 wrong of 50", "91.0 %")
        engine.commands.clear()
        await on.press("w")
        text = await shown(on, "test", "1 wrong of 64", "test image 5:")
        assert "100.0 %" in text
        assert engine.commands == []
        await on.press("w")
        await shown(on, "2 wrong of 50")


async def test_before_the_first_epoch_there_is_a_sentence(config: TrainConfig) -> None:
    create_run(config, preset="", version="test", name="demo")
    async with stage(numbered(opening(config, run="demo")), size=(80, 24)) as on:
        for key in ("4", "5"):
            await on.press(key)
            await shown(on, "Nothing has been read yet")
    async with stage([], size=(80, 24)) as on:
        await on.press("4")
        await shown(on, "No run yet")


async def test_a_new_epoch_is_followed_and_the_focus_stays(run: RunFolder, config: TrainConfig) -> None:
    events = story(config, epochs=2)
    async with stage(events, size=(120, 40), **asking(Network())) as on:
        await on.press("4", "c")
        await shown(on, "epoch 2 of 3")
        await on.press("right", "right")
        await shown(on, "validation image 2:")
        more = numbered(epoch_events(config, 3), first=len(events))
        await on.tell(*more)
        await shown(on, "epoch 3 of 3", "validation image 2:")


async def test_what_the_network_cannot_answer_is_said_in_its_place(run: RunFolder, config: TrainConfig) -> None:
    engine = Network()

    def refuse(_command: object) -> object:
        raise RunProblem("demo has no weights yet.")

    engine.answer = refuse
    async with stage(story(config), size=(120, 40), **asking(engine)) as on:
        await on.press("4")
        await shown(on, "demo has no weights yet.")
        assert on.notices == []


async def test_moving_on_quickly_never_shows_one_digits_probabilities_for_another(
    run: RunFolder, config: TrainConfig
) -> None:
    """Each answer is for the picture that was asked about."""
    engine = Network()
    pixels: Callable[[object], int] = lambda command: int(np.frombuffer(command.pixels, np.uint8).sum())  # type: ignore[attr-defined]  # noqa: E731
    engine.answer = lambda command: {
        "probabilities": [[(pixels(command) % 97) / 100] + [0.0] * 9],
        "epoch": 3,
        "step": 48,
        "weights": "last",
    }
    async with stage(story(config), size=(120, 40), **asking(engine)) as on:
        await on.press("4", "c", "right", "right", "right")
        images = images_of(config.data_dir).validation
        await shown(on, "validation image 3:", f"{int(images[3].sum()) % 97}.0 %")
