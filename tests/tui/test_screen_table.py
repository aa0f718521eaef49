"""A screen is one row of a table, a module and a stylesheet: one that is made up works everywhere, with no digit left for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from engine.help.catalog import find
from tui.keymap.bindings import KEYS
from tui.keymap.screens import SCREENS

PROGRAM = """
import asyncio, sys, types
from tui.keymap import screens

screens.SCREENS += (screens.ScreenSpec("extra", "", "Extra", "a screen that is made up", "made_up:Extra", "dropout"),)

from textual.widgets import Static
from tests.tui.app_kit import stage
from tui.screens.explain import page_for
from tui.screens.page import Page


class Extra(Page):
    HERE = "extra"

    def content(self):
        yield Static("Here it is.")


sys.modules["made_up"] = types.ModuleType("made_up")
sys.modules["made_up"].Extra = Extra


async def main():
    async with stage() as on:
        commands = {each.title: each.callback for each in on.app.get_system_commands(on.app.screen)}
        await commands["Extra: a screen that is made up"]()
        await on.settle()
        print(type(on.app.screen).__name__, page_for(on.app.screen))
        print(on.app.screen.query_one("TitleBar").plain)
        await on.press("1")
        print(type(on.app.screen).__name__)


asyncio.run(main())
"""


def test_a_screen_without_a_digit_is_reached_and_shown(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "MNIST_TUI_HOME": str(tmp_path)}
    command = [sys.executable, "-P", "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    shown, bar, back = done.stdout.splitlines()
    assert shown == "Extra dropout"
    assert " Extra " in bar and "1 Train" in bar
    assert back == "TrainScreen"


def test_every_screen_has_its_key_its_row_in_the_help_and_its_page() -> None:
    assert len({each.name for each in SCREENS}) == len(SCREENS)
    digits = [each.key for each in SCREENS if each.key]
    assert sorted(digits) == list("0123456789")
    for each in SCREENS:
        (key,) = [key for key in KEYS if key.action == f"mode('{each.name}')"]
        assert (key.keys, key.label, key.meaning) == (each.key, each.label, each.meaning)
        assert not each.page or find(each.page)
