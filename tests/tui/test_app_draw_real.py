"""A seven drawn with keys, and one drawn with the mouse, read by a network that was trained on some of MNIST."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events

from engine.runs.folder import find_run
from tests.kit import home_of_our_own
from tests.tui.app_kit import Stage, stage
from tui.screens.draw import DrawScreen
from tui.views.opinion import Opinion

pytestmark = pytest.mark.timeout(120)

KEYS = ("up",) * 8 + ("left",) * 6 + ("d",) + ("right",) * 12 + ("end", "down") * 7 + ("d",)
MOUSE = ((10, 4), (22, 4), (19, 8), (16, 12), (15, 15))
"""Cells of a pad of 38 × 19."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a run that has seen a fifth of MNIST twice."""
    home = tmp_path_factory.mktemp("home")
    with home_of_our_own(home):
        command = ["-P", "-m", "tui", "train", "--quiet", "--preset", "quick", "--name", "seven", "--device", "cpu"]
        command += ["--train-images", "10000", "--epochs", "2"]
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
        assert find_run("seven").checkpoint("last").exists()
    yield home


async def read(on: Stage, screen: DrawScreen) -> Opinion:
    await on.done("draw")
    answer = screen.answer.answer
    assert isinstance(answer, Opinion), answer
    return answer


async def test_sevens_are_read_as_sevens(trained: Path) -> None:
    with home_of_our_own(trained):
        async with stage(run="seven", size=(80, 24)) as on:
            await on.done("open")
            await on.press("6")
            screen = on.app.screen
            assert isinstance(screen, DrawScreen)
            await on.press(*KEYS)
            with_keys = await read(on, screen)
            assert (with_keys.prediction, with_keys.epoch, with_keys.uncertain) == (7, 2, False)
            await on.press("c")
            left, top = screen.pad.content_region.offset
            for kind, (x, y) in zip([events.MouseDown, *[events.MouseMove] * (len(MOUSE) - 1)], MOUSE, strict=True):
                at = (left + x, top + y)
                screen._forward_event(kind(None, *at, 0, 0, 1, False, False, False, *at))
                await on.pilot.pause()
            with_mouse = await read(on, screen)
            assert (with_mouse.prediction, with_mouse.uncertain) == (7, False)
            assert "Predicted: 7" in on.text()
