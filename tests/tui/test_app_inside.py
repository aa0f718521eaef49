"""The Inside screen on answers that are made up: its panes, progress, giving up, faults in words."""

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
from engine.errors import DataProblem, EngineProblem, RunProblem
from engine.protocol import Reply, Working
from tests import events_kit as kit
from tests.fake_engine import FakeEngine, kinds, refusing
from tests.tui.app_kit import Stage, stage
from tui.occluded import Digits
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
            case cmd.MeasureRobustness(disturbance=disturbance):
                amounts = AMOUNTS[disturbance]
                accuracies = [0.97 if a == 0 else 0.5 for a in amounts]
                return at | {
                    "disturbance": disturbance,
                    "images": 2000,
                    "amounts": amounts,
                    "accuracies": accuracies,
                }
        raise AssertionError(question)


@pytest.fixture(autouse=True)
def _digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty validation images, of which three are read wrongly."""
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


async def test_only_the_pane_that_is_seen_is_asked_for_and_only_once() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        assert kinds(oracle.commands) == [cmd.ShowWeights]
        await on.press("a")
        await answered(on)
        assert kinds(oracle.commands) == [cmd.ShowWeights, cmd.MeasureActivations]
        await on.press("w", "1", "7")
        await answered(on)
        assert len(oracle.commands) == 2
        assert "60 neurons" in on.text()


async def test_the_arrows_turn_the_panes() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        seen = []
        for _ in range(4):
            seen.append(screen(on).pane)
            await on.press("right")
            await answered(on)
        assert seen == ["weights", "occlusion", "activations", "robustness"]
        assert screen(on).pane == "weights"
        await on.press("left")
        assert screen(on).pane == "robustness"


async def test_weights_are_a_gallery_that_pages() -> None:
    async with inside(Oracle()) as on:
        text = on.text()
        assert "First layer's weights: 60 neurons" in text
        assert "epoch 1's weights (last)" in text
        assert "ink is for the neuron" in text and "1–10 of 60" in text
        assert "0 · 2.50" in text and "9 · 2.50" in text and "10 · 2.50" not in text
        await on.press("down")
        assert "11–20 of 60" in on.text() and "10 · 2.50" in on.text()
        await on.press("pagedown")
        assert "51–60 of 60" in on.text()
        await on.press("down", "up")
        assert "41–50 of 60" in on.text()


async def test_a_page_that_a_larger_window_does_not_have_becomes_its_last() -> None:
    async with inside(Oracle()) as on:
        await on.press("pagedown")
        await on.pilot.resize_terminal(200, 50)
        await on.settle()
        assert "59 · 2.50" in on.text()


async def test_occlusion_begins_with_the_surest_mistake_and_steps_through_them() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        await on.press("o")
        await answered(on)
        text = on.text()
        assert "image 17, a 7" in text and "reads 9" in text and "mistake 1 of 3" in text
        assert "9 loses up to 90 points" in text
        assert "on 3 of 784 pixels it reads another digit: 4 (3)" in text
        for image in ("image 4, a 4", "image 9, a 9", "image 9, a 9"):
            await on.press("down")
            await answered(on)
            assert image in on.text()
        asked = [c for c in oracle.commands if isinstance(c, cmd.MapOcclusion)]
        assert [c.pixels[0] for c in asked] == [17, 4, 9]
        await on.press("up")
        await answered(on)
        assert "image 4, a 4" in on.text()
        assert len([c for c in oracle.commands if isinstance(c, cmd.MapOcclusion)]) == 3


async def test_occlusion_of_every_image_of_the_right_digit_and_with_another_patch() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        await on.press("o")
        await answered(on)
        await on.press("d")
        assert "what 7 hangs on" in on.text()
        await on.press("e", "down")
        await answered(on)
        assert "image 18, a 8" in on.text() and "all 30 images" in on.text()
        await on.press("z")
        await answered(on)
        last = oracle.commands[-1]
        assert isinstance(last, cmd.MapOcclusion) and last.patch == 7
        assert "patch 7×7" in on.text()
        await on.press("e")
        await answered(on)
        assert "image 17, a 7" in on.text()


async def test_dead_neurons_are_told_of_in_words() -> None:
    async with inside(Oracle()) as on:
        await on.press("a")
        await answered(on)
        text = on.text()
        assert "Hidden layers on 1 000 validation images" in text
        assert "12 of 128 neurons of layer 1 never fire" in text
        assert "42 %" in text and "-0.25" in text and "█" in text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"never": 0}, "All 128 neurons of layer 1 fire"),
        ({"never": 1}, "1 of 128 neurons of layer 1 never fires"),
        ({"activation": "leaky_relu"}, "a hundredth of the signal"),
        ({"activation": "gelu", "kind": "channels"}, "12 of 128 channels of layer 1 never rise above 0"),
        ({"always": 3}, "3 of 128 neurons are always above 0"),
        ({"activation": "tanh", "saturated": 0.4, "stuck": 2}, "within 0.05 of -1 or 1"),
        ({"activation": "sigmoid", "saturated": 0.4, "stuck": 1}, "1 of 128 neurons is saturated on all 1 000 images"),
    ],
    ids=str,
)
async def test_every_activation_is_told_of_in_its_own_words(changed: dict[str, Any], words: str) -> None:
    oracle = Oracle()
    oracle.layers = [layer(**changed)]
    async with inside(oracle, size=(200, 24)) as on:
        await on.press("a")
        await answered(on)
        assert words in " ".join(on.text().replace("│", " ").split())


async def test_many_layers_are_stepped_through() -> None:
    oracle = Oracle()
    oracle.layers = [layer() for _ in range(9)]
    async with inside(oracle) as on:
        await on.press("a")
        await answered(on)
        assert "Layer 1 " in on.text() and "Layer 9 " not in on.text()
        await on.press("pagedown")
        assert "Layer 1 " not in on.text() and "Layer 9 " in on.text()
        await on.press("up")
        assert "Layer 9 " not in on.text()


async def test_a_linear_network_has_no_hidden_layer() -> None:
    oracle = Oracle()
    oracle.layers = []
    async with inside(oracle) as on:
        await on.press("a")
        await answered(on)
        assert "A linear network has no hidden layer" in on.text()


async def test_robustness_asks_one_disturbance_after_the_other() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        await on.press("r")
        await answered(on)
        asked = [c.disturbance for c in oracle.commands if isinstance(c, cmd.MeasureRobustness)]
        assert asked == ["noise", "rotation", "shift", "thickness"]
        text = on.text()
        for words in ("Noise", "Rotation", "Shift", "Strokes", "Validation accuracy, 2 000 disturbed images", "100%"):
            assert words in text
        assert "noise σ 0 · rotation 0° · shift 0 px · strokes 0 to +0 px" in text


async def test_each_curve_is_seen_as_soon_as_it_is_there() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        oracle.held = asyncio.Event()
        await on.press("r")
        assert on.text().count("no data yet") == 0 and "Asking" in on.text()
        first, oracle.held = oracle.held, asyncio.Event()
        first.set()
        await on.settle()
        assert on.text().count("no data yet") == 3
        await on.press("escape")
        assert on.text().count("no data yet") == 3
        assert "Given up; enter asks for the rest." in on.text()
        oracle.held = None
        oracle.commands.clear()
        await on.press("enter")
        await answered(on)
        asked = [c.disturbance for c in oracle.commands if isinstance(c, cmd.MeasureRobustness)]
        assert asked == ["rotation", "shift", "thickness"]
        assert "no data yet" not in on.text()


async def test_progress_is_told_and_escape_gives_up() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        oracle.held = asyncio.Event()
        await on.press("a")
        assert oracle.heard is not None
        oracle.heard(Working(id=1, share=0.34))
        await on.settle()
        assert "34 %" in on.text() and "escape gives up" in on.text()
        await on.press("escape")
        assert oracle.given_up == 1
        assert "Given up; enter asks again." in on.text()
        assert "34 %" not in on.text()
        oracle.held = None
        await on.press("enter")
        await answered(on)
        assert "never fire" in on.text()


@pytest.mark.parametrize("away", ["w", "1", "right", "question_mark"])
async def test_whoever_leaves_gives_up(away: str) -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        oracle.held = asyncio.Event()
        await on.press("a")
        oracle.held = None
        await on.press(away)
        assert oracle.given_up == 1


async def test_newer_weights_are_told_of_and_asked_about_with_enter() -> None:
    oracle = Oracle()
    events = trained(2)
    first = len(trained(1))
    async with inside(oracle, events[:first]) as on:
        assert "is there" not in on.text()
        await on.tell(*events[first:])
        assert "epoch 2 is there: enter asks again" in on.text()
        assert "epoch 1's weights (last)" in on.text()
        assert len(oracle.commands) == 1
        oracle.epoch = 2
        await on.press("enter")
        await answered(on)
        assert "epoch 2's weights (last)" in on.text()
        assert "is there" not in on.text()


async def test_best_and_last_weights_are_both_kept() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        await on.press("b")
        await answered(on)
        assert "epoch 1's weights (best)" in on.text()
        await on.press("b")
        await answered(on)
        assert "epoch 1's weights (last)" in on.text()
        assert [c.weights for c in oracle.commands if isinstance(c, cmd.ShowWeights)] == ["last", "best"]


@pytest.mark.parametrize(
    ("pane", "fault"),
    [
        ("w", RunProblem("There is no such run.")),
        ("o", EngineProblem("Gone.")),
        ("a", DataProblem("The data are gone.")),
        ("r", OSError("The disk is gone.")),
    ],
    ids=str,
)
async def test_a_refusal_stands_in_the_pane_as_a_sentence(pane: str, fault: Any) -> None:
    oracle = Oracle()
    oracle.answer = refusing(fault)
    async with inside(oracle) as on:
        await on.press(pane)
        await answered(on)
        assert str(fault) in on.text()
        oracle.answer = oracle.tell_of
        await on.press("enter")
        await answered(on)
        assert str(fault) not in on.text()
        assert "epoch 1's weights" in on.text()


async def test_without_a_run_or_weights_it_says_so_and_asks_nothing() -> None:
    oracle = Oracle()
    async with inside(oracle, []) as on:
        assert "No run yet" in on.text()
        await on.tell(*kit.numbered(kit.opening()))
        assert "No weights yet" in on.text()
        await on.press("enter", "o", "escape", "b", "down", "e", "d", "z", "w", "b")
        assert oracle.commands == []
        await on.tell(*trained()[len(kit.opening()) :])
        await answered(on)
        assert kinds(oracle.commands) == [cmd.ShowWeights]
        assert "60 neurons" in on.text()


async def test_another_run_has_answers_of_its_own() -> None:
    oracle = Oracle()
    async with inside(oracle) as on:
        other = [*kit.opening(run="other-owl"), *kit.epoch_events(kit.BLOG, 1)]
        oracle.neurons = 32
        await on.tell(*kit.numbered(other, time=1_773_600_000.0))
        await answered(on)
        assert len(oracle.commands) == 2
        assert {c.run for c in oracle.commands if isinstance(c, cmd.ShowWeights)} == {kit.RUN, "other-owl"}
        assert "32 neurons" in on.text()


@pytest.mark.parametrize(
    ("size", "ascii_only"),
    [((50, 16), True), ((60, 18), False), ((80, 24), True), ((120, 40), True), ((200, 50), False)],
)
async def test_every_pane_at_every_size(size: tuple[int, int], ascii_only: bool) -> None:
    async with inside(Oracle(), size=size, ascii=ascii_only) as on:
        for pane, words in (("w", "2.50"), ("o", "reads 9"), ("a", "Layer 1"), ("r", "Noise")):
            await on.press(pane)
            await answered(on)
            text = on.text()
            assert words in text
            assert len(text.splitlines()) == size[1]
            assert [c for c in text if not c.isascii()] == [] or not ascii_only
            await on.press("down", "up", "t")
        for small in ((5, 2), (1, 1)):
            await on.pilot.resize_terminal(*small)
            await on.settle()


async def test_nothing_is_painted_when_nothing_changed() -> None:
    async with inside(Oracle()) as on:
        for pane in "woar":
            await on.press(pane)
            await answered(on)
            shown = screen(on)
            painted: list[object] = []
            for widget in filter(lambda each: each.display, shown.query("*")):
                widget.refresh = lambda *regions, _to=painted, _by=widget, **_options: _to.append(_by)  # type: ignore[method-assign]
            shown.show(on.app.snapshot)
            shown._draw()
            for widget in filter(lambda each: each.display, shown.query("*")):
                del widget.refresh
            assert painted == []
