"""The Digits screen, with the keyboard: what is shown, what is asked for, and what stays while the run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig
from engine.errors import RunProblem
from engine.runs.folder import RunFolder, create_run
from engine.runs.test_predictions import TestPredictions, save_test_predictions
from engine.runs.validation_predictions import append_predictions
from tests.events_kit import confusion, ending, epoch_events, numbered, opening
from tests.fake_engine import FakeEngine
from tests.tui.app_kit import Stage, stage
from tests.tui.digits_kit import config, data
from tui.data.predictions import images_of
from tui.screens.digits import DigitsScreen

__all__ = ["config", "data"]

SIZES = [(80, 24), (120, 40)]
STEPS = {1: 16, 2: 32, 3: 48}


@pytest.fixture
def run(config: TrainConfig, data: Path) -> RunFolder:
    """Of 50 images 0 to 19 are wrong at epoch 1, 10 to 19 at epoch 2, and 15 to 19 at epoch 3: each predicted as the next digit."""
    folder = create_run(config, preset="", version="test", name="demo")
    labels = images_of(str(data)).validation_labels
    for epoch, first in ((1, 0), (2, 10), (3, 15)):
        read = labels.copy()
        read[first:20] = (read[first:20] + 1) % 10
        append_predictions(folder.predictions, epoch, STEPS[epoch], read, np.linspace(0.3, 1.0, 50))
    test = images_of(str(data)).test_labels
    likely = np.full((64, 10), 0.01, np.float32)
    likely[np.arange(64), test] = 0.91
    likely[7] = 0.02
    likely[7, (test[7] + 1) % 10] = 0.82
    save_test_predictions(folder.look("best"), TestPredictions(likely, test, 3))
    return folder


def events(config: TrainConfig, epochs: int = 3, *, ended: bool = True) -> list[ev.Event]:
    """The run's, so far."""
    told = [*opening(config, run="demo")]
    for epoch in range(1, epochs + 1):
        told += [_placed(event, epoch) for event in epoch_events(config, epoch)]
    return numbered([*told, *(ending(config, epochs, table=confusion(), run="demo") if ended else [])])


def _placed(event: ev.Event, epoch: int) -> ev.Event:
    if isinstance(event, ev.EpochEnded | ev.CheckpointSaved):
        return msgspec.structs.replace(event, step=STEPS[epoch])
    return event


class Network(FakeEngine):
    """Answers questions with the weights of one epoch: sure of the digit that a picture's place in the question says."""

    def __init__(self, epoch: int = 3) -> None:
        super().__init__()
        self.epoch = epoch
        self.answer = self._read

    def _read(self, command: cmd.Command) -> dict[str, Any]:
        assert isinstance(command, cmd.PredictPictures)
        count = len(command.pixels) // 784
        likely = np.full((count, 10), 0.003)
        likely[np.arange(count), np.arange(count) % 10] = 0.973
        place = {"epoch": self.epoch, "step": STEPS[self.epoch], "weights": command.weights}
        return {**place, "probabilities": likely.tolist()}


def screen(on: Stage) -> DigitsScreen:
    assert isinstance(on.app.screen, DigitsScreen)
    return on.app.screen


async def until(on: Stage, true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(30):
        while not true():
            await on.done("inspect")


async def digits(on: Stage, words: str = "wrong of") -> DigitsScreen:
    """Go there, and wait for the digits and for what is asked about them."""
    await on.press("4")
    await until(on, lambda: words in on.text())
    await on.done("probabilities")
    return screen(on)


def looked_at(on: Stage) -> int:
    """The image that is shown large."""
    image = screen(on)._cursor.image
    assert image is not None
    return image


@pytest.mark.parametrize("size", SIZES)
async def test_the_wrong_ones_come_first_the_surest_of_them_at_the_front(
    run: RunFolder, config: TrainConfig, size: tuple[int, int]
) -> None:
    network = Network()
    async with stage(events(config), size=size, ask=network.connect) as on:
        await digits(on)
        text = on.text()
        for words in ("validation", "epoch 3 of 3", "5 wrong of 50", "Misclassified, most confident first", "1–5 of 5"):
            assert words in text
        assert "validation image 19" in text
        assert "Misclassified in all 3 epochs" in text
        await on.press("right")
        assert "validation image 18" in on.text()
        await on.press("home", "left", "end")
        assert "validation image 15" in on.text()


@pytest.mark.parametrize("size", SIZES)
async def test_filters_order_and_pages(run: RunFolder, config: TrainConfig, data: Path, size: tuple[int, int]) -> None:
    labels = images_of(str(data)).validation_labels
    async with stage(events(config), size=size, ask=Network().connect) as on:
        gallery = (await digits(on)).gallery
        await on.press("v")
        assert "Correct, most confident first" in on.text()
        await on.press("v", "o", "o", "o")
        assert "All digits, by number" in on.text()
        assert f"1–{gallery.page_size} of 50" in on.text()
        assert looked_at(on) == 0
        await on.press("pagedown")
        assert looked_at(on) == gallery.page_size
        await on.press("pageup", "down", "right")
        assert looked_at(on) == gallery.per_row + 1
        await on.press("l")
        assert f"1–{min((labels == 0).sum(), gallery.page_size)} of {(labels == 0).sum()}" in on.text()
        await on.press("R")
        assert "0s predicted as 9, by number" in on.text()
        assert "Nothing here: no 0s predicted as 9." in " ".join(on.text().split())
        assert "image" not in on.text()
        await on.press("right", "pagedown", "end")
        await on.press("a")
        assert "All digits, by number" in on.text()
        assert looked_at(on) == 0


async def test_the_image_stays_while_epochs_are_stepped_through(run: RunFolder, config: TrainConfig) -> None:
    async with stage(events(config), size=(80, 24), ask=Network().connect) as on:
        await digits(on)
        await on.press("comma")
        await until(on, lambda: "epoch 2 of 3" in on.text())
        await on.press("end")
        assert looked_at(on) == 10
        assert "First correct at epoch 3." in on.text()
        await on.press("full_stop")
        await until(on, lambda: "epoch 3 of 3" in on.text())
        assert looked_at(on) == 10
        assert "not among these" in on.text()
        await on.press("right")
        assert looked_at(on) in range(15, 20)
        assert "not among these" not in on.text()


async def test_a_new_epoch_is_followed_with_the_same_image(run: RunFolder, config: TrainConfig) -> None:
    everything = events(config, ended=False)
    first = events(config, 2, ended=False)
    async with stage(first, size=(80, 24), ask=Network(2).connect) as on:
        await digits(on)
        assert "epoch 2 of 3" in on.text()
        await on.press("right")
        assert looked_at(on) == 18
        await on.tell(*everything[len(first) :])
        await until(on, lambda: "epoch 3 of 3" in on.text())
        assert looked_at(on) == 18


async def test_readings_that_are_kept_after_the_end_of_an_epoch_is_told_are_shown(
    run: RunFolder, config: TrainConfig, data: Path
) -> None:
    told = events(config, ended=False)
    saved = next(n for n, e in reversed(list(enumerate(told))) if isinstance(e, ev.EpochEnded)) + 1
    whole = run.predictions.read_bytes()
    run.predictions.write_bytes(whole[: -(8 + 2 * 50)])
    async with stage(told[:saved], size=(80, 24), ask=Network(2).connect) as on:
        await digits(on)
        assert "epoch 2 of 3" in on.text()
        run.predictions.write_bytes(whole)
        await on.tell(*told[saved:])
        await until(on, lambda: "epoch 3 of 3" in on.text())


async def test_all_of_a_page_is_asked_for_at_once(run: RunFolder, config: TrainConfig, data: Path) -> None:
    images = images_of(str(data)).validation
    network = Network()
    async with stage(events(config), size=(120, 40), ask=network.connect) as on:
        await digits(on)
        (question,) = network.commands
        assert isinstance(question, cmd.PredictPictures)
        assert (question.run, question.weights, question.exact) == ("demo", "best", True)
        assert question.pixels == images[[19, 18, 17, 16, 15]].tobytes()
        assert "97.3%" in on.text()
        label = int(images_of(str(data)).validation_labels[19])
        assert f"loss {-np.log(0.973 if label == 0 else 0.003):.4f}" in on.text()
        await on.press("right", "left", "end", "home")
        await on.done("probabilities")
        assert len(network.commands) == 1


async def test_while_the_answer_is_awaited_nobody_elses_figures_are_shown(run: RunFolder, config: TrainConfig) -> None:
    network, may = Network(), asyncio.Event()
    answer = network.send

    async def late(command: cmd.Command, heard: Any = None) -> Any:
        await may.wait()
        return await answer(command, heard)

    network.send = late  # type: ignore[method-assign]
    async with stage(events(config), size=(120, 40), ask=network.connect) as on:
        await on.press("4")
        await until(on, lambda: "being worked out" in on.text())
        assert "97.3%" not in on.text()
        for _ in range(3):
            await on.press("right")
        await on.press("v")
        assert "being worked out" in on.text()
        may.set()
        await on.done("probabilities")
        assert "being worked out" not in on.text()
        assert "97.3%" in on.text()
        pictures = [c.pixels[:784] for c in network.commands if isinstance(c, cmd.PredictPictures)]
        assert len(pictures) == 2  # what was looked at first, and what is looked at now


async def test_other_weights_are_shown_as_such(run: RunFolder, config: TrainConfig) -> None:
    async with stage(events(config), size=(120, 40), ask=Network(3).connect) as on:
        await digits(on)
        assert "The bars are of" not in on.text()
        await on.press("comma")
        await until(on, lambda: "epoch 2 of 3" in on.text())
        await on.done("probabilities")
        text = " ".join(on.text().split())
        assert "The bars are of epoch 3" in text
        assert "loss at least" in text


async def test_weights_that_were_kept_later_are_asked_again(run: RunFolder, config: TrainConfig) -> None:
    """An epoch is told before its weights are kept."""
    told = events(config, ended=False)
    saved = next(n for n, e in reversed(list(enumerate(told))) if isinstance(e, ev.EpochEnded)) + 1
    network = Network(2)
    async with stage(told[:saved], size=(120, 40), ask=network.connect) as on:
        await digits(on)
        assert "The bars are of epoch 2" in " ".join(on.text().split())
        network.epoch = 3
        await on.tell(*told[saved:])
        await on.done("probabilities")
        assert "The bars are of" not in on.text()


async def test_a_refusal_is_said_and_not_asked_again(run: RunFolder, config: TrainConfig) -> None:
    network = Network()

    def refuse(command: cmd.Command) -> object:
        raise RunProblem("demo has no weights.")

    network.answer = refuse
    async with stage(events(config), size=(80, 24), ask=network.connect) as on:
        await digits(on)
        assert "demo has no weights." in on.text()
        await on.press("right", "right")
        assert "demo has no weights." in on.text()
        assert len(network.commands) == 1


async def test_the_test_set_has_its_own_probabilities_and_no_history(run: RunFolder, config: TrainConfig) -> None:
    network = Network()
    async with stage(events(config), size=(120, 40), ask=network.connect) as on:
        await digits(on)
        asked = len(network.commands)
        await on.press("w")
        await until(on, lambda: "1 wrong of 64" in on.text())
        text = on.text()
        assert "test image 7" in text
        assert "82.0%" in text
        assert "no history" in " ".join(text.split())
        await on.press("o", "o")
        assert "ln p of the true digit" in on.text()
        assert len(network.commands) == asked


async def test_the_way_in_from_other_screens(run: RunFolder, config: TrainConfig, data: Path) -> None:
    labels = images_of(str(data)).validation_labels
    label = int(labels[17])
    async with stage(events(config), size=(80, 24), ask=Network().connect) as on:
        on.app.show_digits(label=label, prediction=(label + 1) % 10)
        await until(on, lambda: "wrong of" in on.text())
        assert f"{label}s predicted as {(label + 1) % 10}" in on.text()
        assert "17" in [str(n) for n in screen(on)._cursor.order]
        await on.press("1")
        on.app.show_digits(label=label, prediction=label)
        await on.settle()
        assert f"{label}s predicted as {label}" in on.text()
        on.app.show_digit(3)
        await on.settle()
        assert "validation image 3" in on.text()


async def test_one_image_from_elsewhere_before_anything_was_shown(run: RunFolder, config: TrainConfig) -> None:
    async with stage(events(config), size=(80, 24), ask=Network().connect) as on:
        on.app.show_digit(30)
        await until(on, lambda: "wrong of" in on.text())
        assert "validation image 30" in on.text()
        assert "All digits, by number" in on.text()


async def test_without_a_run_it_says_why_there_is_nothing() -> None:
    network = Network()
    async with stage(size=(80, 24), ask=network.connect) as on:
        await on.press("4")
        await until(on, lambda: "No run yet" in on.text())
        await on.press("right", "v", "l", "r", "o", "a", "pagedown")
        assert network.commands == []


@pytest.mark.parametrize("size", [(50, 16), (60, 18), (76, 20), (80, 24), (100, 30), (80, 50), (120, 40), (200, 50)])
@pytest.mark.parametrize("plain", [False, True])
async def test_every_size_has_digits_the_large_one_and_its_story(
    run: RunFolder, config: TrainConfig, size: tuple[int, int], plain: bool
) -> None:
    async with stage(events(config), size=size, ascii=plain, ask=Network().connect) as on:
        shown = await digits(on)
        text = on.text()
        assert shown.gallery.page_size >= 4
        assert shown.detail.picture.size.width >= 20
        for words in ("Misclassified in all", "5 wrong of 50", "misclassified", "97"):
            assert words.lower() in text.lower()
        for part in (shown.gallery, shown.detail, shown.detail.picture, shown.detail.bars, shown.detail.below):
            assert shown.region.contains_region(part.region)
            assert part.region.height > 0
        assert shown.detail.bars.size.height >= 10
        if plain:
            assert text.isascii()


async def test_a_click_looks_at_a_digit_and_the_wheel_turns_the_page(run: RunFolder, config: TrainConfig) -> None:
    async with stage(events(config), size=(80, 24), ask=Network().connect) as on:
        gallery = (await digits(on)).gallery
        x, y = gallery._grid.place(2)
        await on.pilot.click(gallery, offset=(x + 2, y + 2))
        await on.settle()
        assert looked_at(on) == 17
        await on.press("a")
        gallery.post_message(gallery.Turned(1))
        await on.settle()
        assert f"{gallery.page_size + 1}–" in on.text()


async def test_what_is_as_before_is_not_painted_again(
    run: RunFolder, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(events(config), size=(80, 24), ask=Network().connect) as on:
        shown = await digits(on)
        await on.done("inspect")
        painted: list[object] = []
        parts = [shown.gallery, shown.detail.picture, shown.detail.bars, shown.detail.below, shown.status]
        for part in parts:
            monkeypatch.setattr(part, "refresh", lambda *regions, part=part, **_: painted.append(part) or part)
        on.app.inspect()
        await on.done("inspect")
        assert painted == []
        await on.press("right")
        assert set(painted) >= {shown.gallery, shown.detail.picture}
        assert shown.status not in painted
