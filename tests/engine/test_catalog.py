"""All pages that can be asked for: complete, well-formed, and found by the names that people have for them."""

from __future__ import annotations

import re
import typing
import unicodedata
from importlib import resources
from itertools import pairwise

import pytest

from engine.config import HYPERPARAMETERS
from engine.diagnosis import RULES
from engine.errors import ConfigProblem
from engine.experiments import experiments
from engine.help.catalog import catalog, find, matching, of_choice, plain
from engine.settings import presets
from tests.each import each

FENCE = "```"
WIDEST, LONGEST, WIDEST_FORMULA, WIDEST_SUMMARY = 100, 25, 46, 65
TOPICS = resources.files("engine.help") / "en" / "topics"
ENTRIES = catalog()
topics = each("name", [e.name for e in ENTRIES.values() if e.kind == "topic"])
every_page = each("name", ENTRIES)
CHOICES = [(name, choice) for name, about in HYPERPARAMETERS.items() for choice in about.choices]
EXPLAINED = ("activation", "optimizer", "loss", "schedule", "model", "init")


def source(name: str) -> str:
    return (TOPICS / f"{name}.md").read_text(encoding="utf-8")


def formulas(text: str) -> list[str]:
    return [line for inside in text.split(FENCE)[1::2] for line in inside.strip("\n").split("\n")]


def test_every_file_is_in_the_catalog_once_and_so_are_the_fields_and_presets() -> None:
    files = {entry.name.removesuffix(".md") for entry in TOPICS.iterdir()}
    assert {e.name for e in ENTRIES.values() if e.kind == "topic"} == files
    assert {e.name for e in ENTRIES.values() if e.kind == "field"} == set(HYPERPARAMETERS)
    assert {e.title for e in ENTRIES.values() if e.kind == "preset"} == set(presets())
    assert [e.name for e in ENTRIES.values() if e.kind == "hint"] == [f"hint_{rule.name}" for rule in RULES]
    assert not files & set(HYPERPARAMETERS)


@pytest.mark.parametrize(("field", "choice"), [pair for pair in CHOICES if pair[0] in EXPLAINED])
def test_every_value_of_a_choice_has_a_page_that_its_fields_page_leads_to(field: str, choice: str) -> None:
    entry = of_choice(field, choice)
    assert entry.name == field == "init" or entry.name in ENTRIES[field].see
    assert choice == "auto" or choice.replace("_", "") in plain(entry.name + entry.title).replace("_", "")


@topics
def test_a_topic_begins_with_its_title_and_ends_with_what_to_try(name: str) -> None:
    lines = source(name).splitlines()
    assert re.fullmatch(r"# [A-Z0-9].*[^.]", lines[0])
    assert lines[1] == ""
    assert sum(line.startswith(("**Try**: ", "**Try:**")) for line in lines) == 1
    assert source(name).rstrip("\n").split("\n\n")[-1].startswith("**Try**: ")


@topics
def test_a_topic_is_short_and_its_lines_are(name: str) -> None:
    lines = source(name).splitlines()
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= WIDEST
    assert source(name) == source(name).strip() + "\n"
    assert all(line == line.rstrip() for line in lines)
    assert len(ENTRIES[name].summary) <= WIDEST_SUMMARY


@topics
def test_formulas_are_closed_and_fit_a_small_window(name: str) -> None:
    text = source(name)
    assert text.count(FENCE) % 2 == 0
    assert re.findall(rf"(?m)^{FENCE}.+$", text) == []
    lines = formulas(text)
    assert [line for line in lines if len(line) > WIDEST_FORMULA] == []
    assert [c for c in text if unicodedata.combining(c) or unicodedata.east_asian_width(c) in "WF"] == []


@topics
def test_a_topic_keeps_to_the_little_markdown_that_is_shown(name: str) -> None:
    for block in ENTRIES[name].text.split(FENCE)[::2]:
        for paragraph in block.split("\n\n"):
            assert paragraph.count("`") % 2 == 0
            bare = re.sub(r"`[^`]+`", "", paragraph)
            assert not re.search(r"[*_#<\[\]]|https?:", re.sub(r"\*\*\w+\*\*", "", bare)), paragraph


@every_page
def test_links_lead_to_pages_and_not_to_the_same_one(name: str) -> None:
    see = ENTRIES[name].see
    assert see
    assert set(see) <= set(ENTRIES) - {name}
    assert len(set(see)) == len(see)


def test_every_page_is_linked_to() -> None:
    linked = {name for entry in ENTRIES.values() for name in entry.see}
    alone = {"data_dir", "preset_cnn", "time_left", "images_seen", "sample_digits", "occlusion"}
    assert set(ENTRIES) - linked <= alone


@every_page
def test_presets_that_are_named_are_there(name: str) -> None:
    text = ENTRIES[name].text
    named = re.findall(r"presets? `([^`]+)`", text) + re.findall(r"`([a-z]+-[a-z-]+)`", text)
    assert set(named) - {"mnist-tui"} <= set(presets()) | set(experiments())


@every_page
def test_a_page_is_found_by_its_name_its_title_and_however_it_is_written(name: str) -> None:
    entry = ENTRIES[name]
    assert find(name) is find(entry.asked) is find(name.upper().replace("_", " ")) is entry
    assert find(entry.title).title.casefold() == entry.title.casefold()
    for other in entry.others:
        assert find(other) is entry, other


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("lr", "learning_rate"),
        ("learning rate", "learning_rate"),
        ("CE", "cross_entropy"),
        ("f1", "precision_recall_f1"),
        ("backprop", "backpropagation"),
        ("images/s", "images_per_second"),
        ("95% interval", "wilson_interval"),
        ("McNemar's test", "mcnemar"),
        ("ECE", "calibration"),
        ("step", "step"),
        ("schedule step", "step_schedule"),
        ("init torch", "torch_init"),
        ("optimizer adam", "adam"),
        ("quick", "preset_quick"),
        ("preset cnn", "preset_cnn"),
        ("dropo", "dropout"),
        ("vani", "vanishing_gradient"),
        ("vanishing", "vanishing_gradient"),
        ("waiting core", "hint_oversubscribed"),
        ("annealing", "cosine"),
    ],
)
def test_names_that_people_have(asked: str, name: str) -> None:
    assert find(asked).name == name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("lr finder, range test, lrfind, finder, find a learning rate", "range_test"),
        ("branch, parent", "branch"),
        ("replay, train again", "replay"),
        ("roll back, rollback", "roll_back"),
        ("undo, live change, set, steering, take control", "live_change"),
        ("hint, hints, diagnosis, remedy, silence", "hints"),
        ("cursor, zoom, window, follow, log axis, marks", "charts"),
        ("smoothing, exponential moving average, EMA, band", "smoothing"),
        ("pause, resume, stop, abort", "pause"),
        ("saturated", "hint_saturated"),
        ("oversubscribed", "hint_oversubscribed"),
        ("GPU waiting", "hint_gpu_waiting"),
        ("rate too high", "hint_rate_high"),
        ("dead relu", "dead_relu"),
        ("overfitting", "overfitting"),
    ],
)
def test_words_that_stand_on_the_screens_have_a_page(words: str, name: str) -> None:
    assert {word: find(word).name for word in words.split(", ")} == dict.fromkeys(words.split(", "), name)


def test_the_page_of_a_hint_says_what_the_hint_says() -> None:
    text = ENTRIES["hint_gpu_waiting"].text
    assert text.startswith("A GPU is given its work step by step")
    assert "{" not in "".join(e.text for e in ENTRIES.values() if e.kind == "hint")
    assert ENTRIES["hint_gpu_waiting"].title == "Hint: the GPU waits"


def test_a_beginning_that_fits_several_is_answered_with_them() -> None:
    with pytest.raises(ConfigProblem, match=r"^'valid' could be 'validation-loss' or 'validation-accuracy'\.$"):
        find("valid")


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("dropuot", "dropout"),
        ("momemtum", "momentum"),
        ("sofmax", "softmax"),
        ("pauze", "pause"),
        ("vlaidation los", "validation-loss"),
        ("replya", "replay"),
    ],
)
def test_a_name_nearly_right_is_offered(asked: str, near: str) -> None:
    with pytest.raises(ConfigProblem, match=rf"^There is no page '{asked}'; did you mean .*'{near}'.*\?$"):
        find(asked)


@pytest.mark.parametrize("asked", ["", " ", "xyzzy", "../en/seed", "%", "\x1b[31m", "a" * 5000])
def test_an_unknown_name_is_refused_in_a_sentence_that_can_be_printed(asked: str) -> None:
    with pytest.raises(ConfigProblem) as refused:
        find(asked)
    assert str(refused.value).endswith((".", "?"))
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("asked", ["xyzzyq", "planch", "digestion", "paws", "rlu", "the", "of"])
def test_what_is_near_by_chance_alone_is_not_offered(asked: str) -> None:
    with pytest.raises(ConfigProblem, match=rf"^There is no page '{asked}'; `mnist-tui explain` lists them all\.$"):
        find(asked)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ConfigProblem, match="There is no help in the language 'xx'"):
        catalog("xx")


def test_what_is_typed_narrows_the_list_down() -> None:
    assert matching("") == list(ENTRIES.values())
    assert [e.name for e in matching("dead re")] == ["dead_relu", "hint_dead_relus"]
    assert "learning_rate" in [e.name for e in matching("LR")]
    assert matching("qqq") == []


def test_groups_are_each_in_one_piece() -> None:
    groups = [entry.group for entry in ENTRIES.values()]
    assert len([a for a, b in pairwise(groups) if a != b]) + 1 == len(set(groups))


@pytest.mark.parametrize("entry", [e for e in ENTRIES.values() if e.kind == "preset"], ids=lambda e: e.title)
def test_the_page_of_a_preset_says_what_to_watch_and_what_it_sets(entry: typing.Any) -> None:
    preset = presets()[entry.title]
    assert preset.comment in entry.text
    assert preset.watch in entry.text
    assert f"Batch size: {preset.config.batch_size}" in entry.text or preset.config.batch_size == 64
    assert f"`mnist-tui --preset {preset.name}`" in entry.text
