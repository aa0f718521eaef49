"""The Inside screen on answers that are made up: what its panes show."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine import commands as cmd
from tests.tui.inside_kit import Oracle, _digits, answered, inside, layer, screen

__all__ = ["_digits"]


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
        assert "image 17, a 7" in text and "reads 9" in text and "error 1 of 3" in text
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
        assert "Hidden layers on 1,000 validation images" in text
        assert "12 of 128 neurons of layer 1 never fire" in text
        assert "42%" in text and "-0.25" in text and "█" in text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"never": 0}, "All 128 neurons of layer 1 fire"),
        ({"never": 1}, "1 of 128 neurons of layer 1 never fires"),
        ({"activation": "leaky_relu"}, "a hundredth of the signal"),
        ({"activation": "gelu", "kind": "channels"}, "12 of 128 channels of layer 1 never rise above 0"),
        ({"always": 3}, "3 of 128 neurons are always above 0"),
        ({"activation": "tanh", "saturated": 0.4, "stuck": 2}, "within 0.05 of -1 or 1"),
        ({"activation": "sigmoid", "saturated": 0.4, "stuck": 1}, "1 of 128 neurons is saturated on all 1,000 images"),
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
        asked = [c.corruption for c in oracle.commands if isinstance(c, cmd.MeasureRobustness)]
        assert asked == ["noise", "rotation", "shift", "thickness"]
        text = on.text()
        for words in ("Noise", "Rotation", "Shift", "Strokes", "Validation accuracy, 2,000 corrupted images", "100%"):
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
        asked = [c.corruption for c in oracle.commands if isinstance(c, cmd.MeasureRobustness)]
        assert asked == ["rotation", "shift", "thickness"]
        assert "no data yet" not in on.text()


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
