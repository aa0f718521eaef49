"""All pages there are to read: the tutorial's subjects, what is on the screen, the hyperparameters, hints and presets.

A language's folder holds ``contents.toml`` (the order, what to read beside each page, other names), a page for each
hyperparameter, and ``topics/NAME.md``, whose first line is the title. The page of a preset is made from its file, that
of a hint is what the hint itself shows (``diagnosis/RULE.md``).
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
"""What the names of the pages of presets and of hints begin with."""
_WORD = 4
"""Letters of a word that says what is meant; "the" and "of" alone do not."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page: its name, a title, and its first sentence. `see`: the names of pages to read beside it."""

    name: str
    kind: Kind
    group: str
    title: str
    summary: str
    text: str
    see: tuple[str, ...]
    others: tuple[str, ...]
    """Other names that people ask for it by."""

    @property
    def asked(self) -> str:
        """The name as it is typed on a command line."""
        return f"preset {self.title}" if self.kind == "preset" else self.name.replace("_", "-")


def catalog(language: str = "en") -> Mapping[str, Entry]:
    """Every page by its name, group by group. Raises `ConfigProblem` for a language there is no help in."""
    return _read(language)


@functools.cache
def _read(language: str) -> Mapping[str, Entry]:
    contents = _contents(language)
    groups = [(group["title"], group["pages"]) for group in contents["group"]]
    groups.append((contents["presets"], [PRESET + name for name in presets()]))
    return {name: _entry(name, title, contents, language) for title, names in groups for name in names}


def find(asked: str, language: str = "en") -> Entry:
    """The page that is meant: by its name, its title, another name, a field and its value, the beginning or the words of one.

    Capitals, spaces, hyphens and underscores do not matter. Raises `ConfigProblem` that offers what is near.
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
    """A name without what does not matter in it: "Leaky-ReLU" is "leaky_relu"."""
    return re.sub(r"[^\w%.]+|_+", "_", text.casefold().replace("'", "")).strip("_.")


def of_choice(field: str, choice: str, language: str = "en") -> Entry:
    """The page of one value of a hyperparameter that is a choice. Raises `ConfigProblem` where there is none."""
    return find(f"{field} {choice}", language)


def matching(typed: str, language: str = "en") -> list[Entry]:
    """The pages that what is typed so far may mean, all of them for nothing, in the order of the catalog."""
    wanted = plain(typed)
    if not wanted:
        return list(catalog(language).values())
    words = wanted.split("_")

    def fits(entry: Entry) -> bool:
        keys = "_".join(map(plain, (entry.name, entry.title, *entry.others)))
        return all(word in keys for word in words)

    return [entry for entry in catalog(language).values() if fits(entry)]


def _beginning(wanted: str, own: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """The pages whose name begins so; where there are none, those with another name that does."""
    found = [name for name in own if plain(name).startswith(wanted)]
    return found or list(dict.fromkeys(name for key, name in names.items() if key.startswith(wanted)))


def _with_words(wanted: str, names: Mapping[str, str]) -> list[str]:
    """The pages with a name in which all these words stand, whole: those of "waiting core" have "waiting for a core"."""
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
    """Page by everything it can be asked for by; a name counts before another's second name, that before a title."""
    entries = catalog(language).values()
    found: dict[str, str] = {}
    for keys in (lambda e: (e.name,), lambda e: e.others, lambda e: (e.title,)):
        for entry in entries:
            for key in keys(entry):
                found.setdefault(plain(key), entry.name)
    return found


@functools.cache
def _contents(language: str) -> dict[str, Any]:
    page("seed", language)  # refuses a language there is not
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
    """A preset as a page: what it is for, what to watch, how it differs from the defaults, and how to start it."""
    preset = presets()[name]
    changed = differences(preset.config)
    lines = [f"{HYPERPARAMETERS[key].about.label}: {HYPERPARAMETERS[key].format(v)}" for key, v in changed.items()]
    settings = ["It differs from the defaults in:", "", "```", *lines, "```", ""] if lines else []
    try_it = f"**Try**: `mnist-tui --preset {name}`, or `o` on the train screen."
    return "\n".join([preset.comment, "", f"**Watch**: {preset.watch}", "", *settings, try_it, ""])
