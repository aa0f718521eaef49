"""What one screen looks like is no concern of another's: names of widgets, stylesheets, and the order of visits."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import textual.widgets
from textual.css.model import SelectorType
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkerCancelled, WorkerFailed

import tui
from engine import commands as cmd
from engine.errors import EngineProblem
from tests.tui.app_kit import Stage, stage
from tests.tui.inside_kit import Oracle
from tests.tui.tested_kit import Digital

ORDER = tuple("1234567890")


def all_widgets() -> list[type[Widget]]:
    """Every class of widgets and screens, Textual's among them."""
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in textual.widgets.__all__:
        getattr(textual.widgets, name)
    return [each for each in below(Widget) if each.__module__.startswith(("tui.", "textual."))]


def below(base: type[Widget]) -> Iterator[type[Widget]]:
    """The class, and all that are made from it, each once."""
    return iter(dict.fromkeys(chain([base], *(below(each) for each in base.__subclasses__()))))


def test_no_two_widgets_have_one_name() -> None:
    """A stylesheet selects by the names of classes, whatever modules they are in."""
    ours = [each for each in all_widgets() if each.__module__.startswith("tui.")]
    names = Counter(each.__name__ for each in all_widgets())
    assert {each.__qualname__: each.__module__ for each in ours if names[each.__name__] > 1} == {}


async def test_every_rule_of_a_screens_stylesheet_begins_with_that_screen() -> None:
    """A stylesheet stays loaded: a rule without the name of its screen would be one for all screens."""
    screens = [each for each in all_widgets() if each.__module__.startswith("tui.") and issubclass(each, Screen)]
    styled = [each for each in screens if "CSS_PATH" in vars(each)]
    assert len(styled) > 10
    async with stage() as on:
        variables = on.app.get_css_variables()
    strangers = []
    for screen in styled:
        path = Path(importlib.import_module(screen.__module__).__file__ or "").parent / str(screen.CSS_PATH)
        sheet = Stylesheet(variables=variables)
        sheet.read(path)
        for rule in sheet.rules:
            for chosen in rule.selector_set:
                first = chosen.selectors[0]
                if first.type is not SelectorType.TYPE or first.name != screen.__name__:
                    strangers.append(f"{path.name}: {rule.selectors}")
    assert strangers == []


class Answering(Oracle):
    """Knows what is inside the network, and nothing of single pictures."""

    def tell_of(self, question: cmd.Command) -> dict[str, Any]:
        if isinstance(question, cmd.PredictPictures):
            raise EngineProblem("No weights are here.")
        return super().tell_of(question)


@pytest.fixture
def digital(tmp_path: Path) -> Digital:
    """A run to look at, and another one beside it."""
    digital = Digital(tmp_path / "digits")
    digital.run("calm-heron", test=digital.off(digital.test, 1, 7, by=3))
    digital.run("brave-otter", test=digital.off(digital.test, 3, 4, 9), validation=digital.off(digital.validation, 5))
    return digital


async def picture(on: Stage, key: str) -> str:
    """What a screen looks like, once it knows all that it shows."""
    await on.press(key)
    while busy := [each for each in on.app.workers if each.group != "engine" and not each.is_finished]:
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await on.app.workers.wait_for_complete(busy)
    await on.settle()
    return on.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_screen_looks_the_same_whatever_was_visited_before(digital: Digital, size: tuple[int, int]) -> None:
    """Of any two screens each is the first once: the first time forwards, or backwards. The second time all were seen."""
    assert digital
    seen: dict[str, set[str]] = {key: set() for key in ORDER}
    for walk in (ORDER + ORDER[:-1], ORDER[::-1]):
        async with stage(size=size, run="brave-otter", ask=Answering().connect) as on:
            await on.done("open")
            for key in walk:
                seen[key].add(await picture(on, key))
    assert all("60 neurons" in picture and picture.count("#") > 500 for picture in seen["7"])
    assert {key: pictures for key, pictures in seen.items() if len(pictures) > 1} == {}
