"""Screenshots for the documentation, taken of the app while it trains.

python -m benchmarks.screenshots FOLDER [NAME ...]
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from engine.client import Engine
from engine.settings import effective
from tui.app.app import MnistApp

_FONT_FACES = re.compile(r"@font-face\s*{.*?}", re.DOTALL)
_TEXT = re.compile(r'<text([^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>([^<]*)</text>')
_PARTS = re.compile(r"[ -\u00ff\u2500-\u259f]+|.", re.DOTALL)
"""Letters, lines and blocks, which are one cell wide everywhere; or one other character."""
_FONT = "DejaVu Sans Mono, Menlo, Consolas"
Scene = Callable[[Pilot[None]], Awaitable[None]]


def picture(app: MnistApp) -> str:
    """The screen as SVG without external fonts, aligned in every renderer."""
    svg = _FONT_FACES.sub("", app.export_screenshot(title="mnist-tui"))
    return _TEXT.sub(_without_edges, svg).replace("Fira Code", _FONT)


def _without_edges(match: re.Match[str]) -> str:
    """A stretch of text without the spaces around it, which some renderers drop, so that the rest would move.

    Characters that a font may draw wider or narrower than letters (dots, signs) are placed cell by cell, because not every
    renderer respects `textLength`.
    """
    head, x, middle, length, tail, text = match.groups()
    words = html.unescape(text)
    if not words.strip("\xa0"):
        return ""
    cell = float(length) / len(words)
    parts = []
    for part in _PARTS.finditer(words):
        bare = part.group().strip("\xa0")
        if not bare:
            continue
        place = part.start() + len(part.group()) - len(part.group().lstrip("\xa0"))
        shown = html.escape(bare, quote=False).replace("\xa0", "&#160;")
        at = f'x="{float(x) + place * cell:.1f}"{middle}textLength="{len(bare) * cell:.1f}"'
        parts.append(f"<text{head}{at}{tail}>{shown}</text>")
    return "".join(parts)


async def until(pilot: Pilot[None], happened: Callable[[MnistApp], bool]) -> None:
    """Wait for a condition in the app."""
    assert isinstance(pilot.app, MnistApp)
    while not happened(pilot.app):
        await pilot.pause(0.2)
    await pilot.pause(0.5)


def trained(epochs: float) -> Callable[[MnistApp], bool]:
    return lambda app: app.snapshot.state.position >= epochs


def finished(app: MnistApp) -> bool:
    return app.snapshot.state.finished is not None


async def shoot(
    folder: Path, name: str, size: tuple[int, int], theme: str, preset: str, *scenes: tuple[str, Scene]
) -> None:
    """Open the app and take a screenshot after each scene."""
    app = MnistApp(effective(preset=preset), Engine.start, theme=theme)
    async with app.run_test(size=size) as pilot:
        for suffix, scene in scenes:
            await scene(pilot)
            path = folder / f"{name}{suffix}.svg"
            path.write_text(picture(app), encoding="utf-8")


def performed(app: MnistApp) -> bool:
    return app.snapshot.experiment_over is not None


def start_and_wait(happened: Callable[[MnistApp], bool]) -> Scene:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("r")
        await until(pilot, happened)

    return scene


def keep_waiting(happened: Callable[[MnistApp], bool]) -> Scene:
    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, happened)

    return scene


def press(*keys: str) -> Scene:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.pause(0.5)

    return scene


def then(*scenes: Scene) -> Scene:
    """Take all screenshots one after the other."""

    async def scene(pilot: Pilot[None]) -> None:
        for each in scenes:
            await each(pilot)

    return scene


async def settle(pilot: Pilot[None]) -> None:
    """Wait for the answer to a screen's query."""
    await pilot.pause(6.0)


SEVEN = ("up",) * 8 + ("left",) * 6 + ("d",) + ("right",) * 12 + ("end", "down") * 7 + ("d",)
"""A seven drawn on the canvas."""


@dataclass(frozen=True, slots=True)
class Shots:
    """Screenshots of one app session: preset, size and theme, and the keys before each."""

    preset: str
    size: tuple[int, int]
    theme: str
    scenes: tuple[tuple[str, Scene], ...]


RAISED = then(start_and_wait(trained(2.2)), press("right_square_bracket"), keep_waiting(trained(4.5)))
"""A run whose learning rate is raised after two epochs."""
PICTURES: dict[str, Shots] = {
    "train": Shots(
        "blog-adam",
        (120, 35),
        "dark",
        (
            ("-live", start_and_wait(trained(4.5))),
            ("", keep_waiting(finished)),
            ("-help", press("question_mark")),
        ),
    ),
    "experiment": Shots(
        "blog-adam",
        (120, 40),
        "dark",
        (("", then(press("0"), press("enter"), press("y"), keep_waiting(performed))),),
    ),
    "look": Shots(
        "quick",
        (120, 40),
        "dark",
        (
            ("-digits", then(start_and_wait(finished), press("4"), settle)),
            ("-confusion", then(press("5"), settle)),
            ("-calibration", press("g")),
            ("-draw", then(press("6", *SEVEN), settle)),
            ("-weights", then(press("7", "w"), settle)),
            ("-occlusion", then(press("o"), settle)),
            ("-activations", then(press("a"), settle)),
            ("-robustness", then(press("r"), settle, settle, settle)),
            ("-test", then(press("8"), settle)),
        ),
    ),
    "steer": Shots(
        "blog-adam",
        (120, 40),
        "dark",
        (
            ("", RAISED),
            ("-explain", press("h")),
            ("-cursor", press("escape", "comma", "less_than_sign", "less_than_sign", "plus")),
            ("-curves", press("w", "escape", "9")),
            ("-histograms", press("d")),
            ("-range", then(press("escape", "1", "y"), settle, settle)),
        ),
    ),
    "steer-why": Shots("blog-sgd", (120, 40), "dark", (("", then(start_and_wait(trained(2.3)), press("i"))),)),
    "steer-small": Shots("blog-adam", (80, 24), "dark", (("", then(RAISED, press("9", "comma", "less_than_sign"))),)),
    "steer-light": Shots("blog-adam", (200, 50), "light", (("", then(RAISED, press("9"))),)),
    "look-light": Shots("quick", (120, 40), "light", (("", then(start_and_wait(finished), press("5"), settle)),)),
    "look-small": Shots("quick", (80, 24), "dark", (("", then(start_and_wait(finished), press("4"), settle)),)),
    "light": Shots("quick", (120, 35), "light", (("", start_and_wait(finished)), ("-presets", press("o")))),
    "small": Shots("quick", (80, 24), "dark", (("", start_and_wait(finished)),)),
}


async def main(folder: Path, names: Sequence[str]) -> None:
    """Take the named screenshots, or all."""
    for name in names or PICTURES:
        shots = PICTURES[name]
        await shoot(folder, name, shots.size, shots.theme, shots.preset, *shots.scenes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["MNIST_TUI_HOME"] = home
        target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
        target.mkdir(parents=True, exist_ok=True)
        asyncio.run(main(target, sys.argv[2:]))
