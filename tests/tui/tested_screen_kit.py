"""The test screen on runs that were tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.app_kit import Stage
from tests.tui.tested_kit import Digital
from tui.screens.test import TestScreen

SIZES = [(80, 24), (120, 40), (200, 50), (60, 18)]


@pytest.fixture
def digital(tmp_path: Path) -> Digital:
    return Digital(tmp_path / "digits")


async def go_there(on: Stage, run: str = "") -> TestScreen:
    """Open a run, and go to the test screen."""
    if run:
        on.app.open_run(run)
        await on.done("open")
    await on.press("8")
    await on.done("test")
    assert isinstance(on.app.screen, TestScreen)
    return on.app.screen


# suspect labels


async def suspects(on: Stage, run: str = "brave-otter") -> TestScreen:
    """The pane of suspect labels."""
    screen = await go_there(on, run)
    await on.press("l")
    await on.done("test")
    return screen
