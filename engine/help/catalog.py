"""All help pages: topics, hyperparameters, hints and presets.

A language's folder holds ``contents.toml`` (order, related pages, synonyms), a page for each hyperparameter, and
``topics/NAME.md``, whose first line is the title. A preset's page is generated from its file; a hint's page is the
explanation that the hint itself shows (``diagnosis/RULE.md``).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from engine.config import HYPERPARAMETERS, differences
from engine.errors import ConfigProblem
from engine.fields import short
from engine.help import diagnosis_page, page
from engine.help.suggestions import nearest
from engine.settings import presets

Kind = Literal["topic", "field", "hint", "preset"]
PRESET, HINT = "preset_", "hint_"
"""Prefixes of the names of preset and hint pages."""
_WORD = 4
"""Minimum length of a word that identifies a page: not "the" or "of"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page. `summary` is its first sentence, `see` the names of related pages."""

    name: str
    kind: Kind
    group: str
    title: str
    summary: str
    text: str
    see: tuple[str, ...]
    others: tuple[str, ...]
    """Synonyms."""

    @property
    def asked(self) -> str:
        """The name as typed on the command line."""
        return f"preset {self.title}" if self.kind == "preset" else self.name.replace("_", "-")


def catalog(language: str = "en") -> Mapping[str, Entry]:
    """Every page by name, ordered by group. Raises `ConfigProblem` for an unknown language."""
    return _read(language)


@functools.cache
def _read(language: str) -> Mapping[str, Entry]:
    contents = _contents(language)
    groups = [(group["title"], group["pages"]) for group in contents["group"]]
    groups.append((contents["presets"], [PRESET + name for name in presets()]))
    return {name: _entry(name, title, contents, language) for title, names in groups for name in names}


def find(asked: str, language: str = "en") -> Entry:
    """Find a page by name, title, synonym, field and value, or the beginning or whole words of one of these.

    Ignores case, spaces, hyphens and underscores. Raises `ConfigProblem` that suggests similar names.
    """
    entries, names = catalog(language), _names(language)
    wanted = plain(asked)
    if wanted in names:
        return entries[names[wanted]]
    for field, about in HYPERPARAMETERS.items():
        value = wanted.removeprefix(f"{field}_")
        if value != wanted and value in about.choices and value in names:
            return entries[names[value]]
    begin = (_beginning(wanted, entries, names) or _with_words(wanted, names)) if wanted else []
    if len(begin) == 1:
        return entries[begin[0]]
    if begin:
        raise ConfigProblem(f"'{short(asked)}' could be {_one_of(entries[name].asked for name in begin)}.")
    near = list(dict.fromkeys(names[key] for key in nearest(wanted, names)))[:3]
    hint = (
        f"did you mean {_one_of(entries[name].asked for name in near)}?"
        if near
        else "`mnist-tui explain` lists them all."
    )
    raise ConfigProblem(f"There is no page '{short(asked)}'; {hint}")


def plain(text: str) -> str:
    """The normalized name: "Leaky-ReLU" is "leaky_relu"."""
    return re.sub(r"[^\w%.]+|_+", "_", text.casefold().replace("'", "")).strip("_.")


def of_choice(field: str, choice: str, language: str = "en") -> Entry:
    """The page of one value of a choice. Raises `ConfigProblem` if there is none."""
    return find(f"{field} {choice}", language)


def matching(typed: str, language: str = "en") -> list[Entry]:
    """The pages that match the text typed so far, in the order of the catalog; all of them for an empty text."""
    wanted = plain(typed)
    if not wanted:
        return list(catalog(language).values())
    words = wanted.split("_")

    def fits(entry: Entry) -> bool:
        keys = "_".join(map(plain, (entry.name, entry.title, *entry.others)))
        return all(word in keys for word in words)

    return [entry for entry in catalog(language).values() if fits(entry)]


def _beginning(wanted: str, own: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """The pages whose name begins with `wanted`, or else those with a title or synonym that does."""
    found = [name for name in own if plain(name).startswith(wanted)]
    return found or list(dict.fromkeys(name for key, name in names.items() if key.startswith(wanted)))


def _with_words(wanted: str, names: Mapping[str, str]) -> list[str]:
    """The pages with a name that contains all words of `wanted`: "waiting core" matches "waiting for a core"."""
    words = {word for word in wanted.split("_") if word.isalpha()}
    if not words or max(map(len, words)) < _WORD:
        return []
    return list(dict.fromkeys(name for key, name in names.items() if words <= set(key.split("_"))))


def _one_of(names: Iterable[str]) -> str:
    shown = [f"'{name}'" for name in names]
    if len(shown) > 6:
        shown = [*shown[:5], "others"]
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


@functools.cache
def _names(language: str) -> Mapping[str, str]:
    """Page names by every normalized name, synonym and title; names take precedence over synonyms, synonyms over titles."""
    entries = catalog(language).values()
    found: dict[str, str] = {}
    for keys in (lambda e: (e.name,), lambda e: e.others, lambda e: (e.title,)):
        for entry in entries:
            for key in keys(entry):
                found.setdefault(plain(key), entry.name)
    return found


@functools.cache
def _contents(language: str) -> dict[str, Any]:
    page("seed", language)  # raises for an unknown language
    return tomllib.loads((resources.files(__package__) / language / "contents.toml").read_text(encoding="utf-8"))


def _entry(name: str, group: str, contents: Mapping[str, Any], language: str) -> Entry:
    kind: Kind
    see, others = contents["see"].get(name, []), tuple(contents["synonyms"].get(name, ()))
    if name.startswith(PRESET):
        preset = presets()[name.removeprefix(PRESET)]
        return Entry(name, "preset", group, preset.name, preset.comment, _preset_page(preset.name), tuple(see), others)
    if name in HYPERPARAMETERS:
        about = HYPERPARAMETERS[name].about
        return Entry(name, "field", group, about.label, about.meaning, page(name, language), tuple(see), others)
    if name.startswith(HINT):
        rule = name.removeprefix(HINT)
        kind, title = "hint", contents["hints"][rule]
        _, _, text = diagnosis_page(rule, language).partition("\n\n")
    else:
        path = resources.files(__package__) / language / "topics" / f"{name}.md"
        kind, (title, _, text) = "topic", path.read_text(encoding="utf-8").partition("\n")
    text = text.strip("\n") + "\n"
    summary = re.split(r"(?<=\.)\s", " ".join(text.split("\n\n", 1)[0].split()), maxsplit=1)[0]
    return Entry(name, kind, group, title.removeprefix("# "), summary, text, tuple(see), others)


def _preset_page(name: str) -> str:
    """The page of a preset: purpose, what to watch, differences from the defaults, and how to start it."""
    preset = presets()[name]
    changed = differences(preset.config)
    lines = [f"{HYPERPARAMETERS[key].about.label}: {HYPERPARAMETERS[key].format(v)}" for key, v in changed.items()]
    settings = ["It differs from the defaults in:", "", "```", *lines, "```", ""] if lines else []
    try_it = f"**Try**: `mnist-tui --preset {name}`, or `o` on the train screen."
    return "\n".join([preset.comment, "", f"**Watch**: {preset.watch}", "", *settings, try_it, ""])
