"""The tour of the app: steps ``LANGUAGE/tour/1.md`` and so on, each a title and a short text."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources

from engine.help import page


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its title and what to do, in the Markdown of the help pages."""

    title: str
    text: str


@functools.cache
def tour(language: str = "en") -> tuple[Step, ...]:
    """The steps in order. Raises `ConfigProblem` for an unknown language."""
    page("seed", language)  # raises for an unknown language
    folder = resources.files(__package__) / language / "tour"
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".md"))
    texts = [(folder / name).read_text(encoding="utf-8") for name in files]
    return tuple(Step(title.removeprefix("# "), text.strip()) for title, _, text in (t.partition("\n") for t in texts))
