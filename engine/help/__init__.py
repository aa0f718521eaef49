"""Help pages of hyperparameters, ``LANGUAGE/NAME.md``: meaning, formula, effect on the curves, something to try.

``LANGUAGE/diagnosis/RULE.md`` has a page for each rule of `engine.diagnosis`.

Pages use a subset of Markdown: paragraphs, lists with "-", fenced formulas, ``**bold**`` and code in backticks.
"""

from __future__ import annotations

import difflib
import functools
from importlib import resources
from importlib.resources.abc import Traversable

from engine.errors import ConfigProblem

_SUFFIX = ".md"


def page(name: str, language: str = "en") -> str:
    """The Markdown of a hyperparameter's page. Raises `ConfigProblem` for an unknown hyperparameter or language."""
    known = pages(language)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = (
            f"did you mean '{close[0]}'?" if close else f"expected the name of a hyperparameter, such as '{known[0]}'."
        )
        raise ConfigProblem(f"There is no help page '{name[:40]}'; {hint}")
    return (_languages()[language] / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def pages(language: str = "en") -> tuple[str, ...]:
    """The names with a page, in alphabetical order. Raises `ConfigProblem` for an unknown language."""
    languages = _languages()
    if language not in languages:
        raise ConfigProblem(f"There is no help in the language '{language[:40]}'; expected {', '.join(languages)}.")
    return _names(languages[language])


def diagnosis_page(rule: str, language: str = "en") -> str:
    """The Markdown of a diagnosis rule's page. Raises `ConfigProblem` for an unknown language or rule."""
    pages(language)
    found = _languages()[language] / "diagnosis" / f"{rule}{_SUFFIX}"
    if not rule.isidentifier() or not found.is_file():
        raise ConfigProblem(f"There is no page on the diagnosis '{rule[:40]}' in the language '{language}'.")
    return found.read_text(encoding="utf-8")


@functools.cache
def _languages() -> dict[str, Traversable]:
    """The folder of each language, by its code."""
    folders = (entry for entry in resources.files(__name__).iterdir() if entry.is_dir())
    return {folder.name: folder for folder in sorted(folders, key=lambda folder: folder.name) if _names(folder)}


def _names(folder: Traversable) -> tuple[str, ...]:
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in folder.iterdir() if entry.name.endswith(_SUFFIX)))
