"""What is painted first is what stands there in the end: nothing jumps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.events_kit import whole_run
from tests.tui.app_kit import Stage, stage
from tests.tui.cli_kit import make_run, short_run


@pytest.fixture(autouse=True)
def runs() -> list[Path]:
    """Ten of them, with names of different lengths."""
    names = [f"2026-03-14-15{n:02}-{'very-' * (n % 4)}brave-otter" for n in range(10)]
    return [make_run(short_run(), name).path for name in names]


def painted(on: Stage) -> list[str]:
    """Each picture that is painted from now on; the list grows."""
    frames: list[str] = []
    display = on.app._display

    def note(screen: Any, renderable: Any) -> None:
        display(screen, renderable)
        if not frames or frames[-1] != on.text():
            frames.append(on.text())

    on.app._display = note  # type: ignore[method-assign]
    return frames


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_table_of_runs_is_painted_once(size: tuple[int, int]) -> None:
    async with stage(size=size) as on:
        frames = painted(on)
        await on.press("2")
        await on.done("runs")
        while "started" not in on.text():
            await on.pilot.pause()
        await on.settle()
        tables = [frame for frame in frames if "finished" in frame or "started" in frame]
        assert {heading(frame) for frame in tables} == {heading(on.text())}


def heading(picture: str) -> str:
    """The line with the names of the columns."""
    return next(line for line in picture.splitlines() if "status" in line)


@pytest.mark.parametrize(("size", "panes"), [((80, 24), 1), ((120, 40), 2)])
@pytest.mark.parametrize("key", ["2", "3", "4", "5", "6", "7", "8", "9", "0"])
async def test_a_screen_has_its_arrangement_from_the_first_paint_on(
    key: str, size: tuple[int, int], panes: int
) -> None:
    """Which parts are seen follows from the size, which is known."""
    async with stage(whole_run(epochs=2), size=size) as on:
        frames = painted(on)
        await on.press(key)
        await on.settle()
        assert edges(frames[0])[:panes] == edges(on.text())[:panes]


def edges(picture: str) -> list[list[int]]:
    """Where frames begin and end, in each line that has some."""
    found = [[n for n, sign in enumerate(line) if sign in "╭╮"] for line in picture.splitlines()]
    return [line for line in found if line]


async def test_another_size_is_laid_out_once() -> None:
    async with stage(whole_run(epochs=2), size=(80, 24)) as on:
        await on.press("9")
        frames = painted(on)
        await on.pilot.resize_terminal(120, 40)
        await on.settle()
        whole = [frame for frame in frames if len(frame.splitlines()) == 40]
        assert all(edges(frame) == edges(on.text()) for frame in whole)
