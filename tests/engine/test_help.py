"""The help pages: one for each hyperparameter, in the shape and the little Markdown that the help pane shows."""

from __future__ import annotations

import re
import unicodedata

import pytest

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from engine.help import page, pages
from engine.settings import presets
from tests.each import each

FENCE = "```"
WIDEST_FORMULA = 29
"""Columns that are left of the narrowest help pane (34) beside its padding, scroll bar and indent."""

every_page = each("name", HYPERPARAMETERS)


def formulas(text: str) -> list[str]:
    """The lines between fences."""
    return [line for inside in text.split(FENCE)[1::2] for line in inside.strip("\n").split("\n")]


def prose(text: str) -> list[str]:
    """The lines outside fences, without the empty ones."""
    return [line for outside in text.split(FENCE)[::2] for line in outside.split("\n") if line]


def bullets(text: str) -> list[str]:
    return [line.removeprefix("- ") for line in prose(text) if line.startswith("- ")]


def sections(text: str) -> list[str]:
    """The bold words that begin a paragraph: Higher, Lower, Try."""
    return [found[1] for line in prose(text) if (found := re.match(r"\*\*(\w+)\*\*: ", line))]


def test_every_hyperparameter_has_a_page_and_every_page_a_hyperparameter() -> None:
    assert pages() == tuple(sorted(HYPERPARAMETERS))
    assert all(page(name) for name in HYPERPARAMETERS)


@every_page
def test_a_page_says_what_it_is_first_and_what_to_try_last(name: str) -> None:
    lines = prose(page(name))
    assert re.match(r"[A-Z]", lines[0])
    assert lines[-1].startswith("**Try**: ")
    assert sections(page(name)).count("Try") == 1


@every_page
def test_a_number_says_what_a_higher_and_a_lower_one_do(name: str) -> None:
    if HYPERPARAMETERS[name].kind in ("int", "float", "ints"):
        assert sections(page(name)) == ["Higher", "Lower", "Try"]
        assert not bullets(page(name))


@every_page
def test_a_choice_is_explained_option_by_option_in_the_order_of_the_form(name: str) -> None:
    parameter = HYPERPARAMETERS[name]
    options = ("true", "false") if parameter.kind == "bool" else parameter.choices
    if options:
        assert [line.split(": ")[0] for line in bullets(page(name))] == [f"`{option}`" for option in options]
        assert sections(page(name)) == ["Try"]


@pytest.mark.parametrize(
    ("name", "forms"),
    [("device", ["auto", "cpu", "cuda", "cuda:1", "mps"]), ("data_dir", ["mnist.npz", "mnist.pkl.gz", "IDX", "Empty"])],
)
def test_a_text_says_what_can_be_written_there(name: str, forms: list[str]) -> None:
    assert [form for form in forms if form not in "\n".join(bullets(page(name)))] == []


@every_page
def test_a_page_is_short(name: str) -> None:
    assert 40 <= len(page(name).replace(FENCE, "").split()) <= 160


@every_page
def test_formulas_fit_the_narrowest_pane(name: str) -> None:
    lines = formulas(page(name))
    assert [line for line in lines if len(line) > WIDEST_FORMULA] == []
    assert [c for c in "".join(lines) if unicodedata.combining(c) or unicodedata.east_asian_width(c) in "WF"] == []


@every_page
def test_a_page_keeps_to_the_little_markdown_the_pane_shows(name: str) -> None:
    text = page(name)
    assert text.endswith("\n")
    assert text.strip() + "\n" == text
    assert text.count(FENCE) % 2 == 0
    for line in prose(text):
        assert line == line.strip()
        assert not re.match(r"#|>|\+ |\* |\d+[.)] |\|.*\|$", line), line
        assert line.count("`") % 2 == 0
        bare = re.sub(r"`[^`]+`", "", line)
        assert not re.search(r"[*_#<\[\]]|https?:", re.sub(r"\*\*\w+\*\*", "", bare)), line


@every_page
def test_paragraphs_lists_and_formulas_have_an_empty_line_between_them(name: str) -> None:
    def kind(block: str) -> str:
        return "formula" if block.startswith(FENCE) else "list" if block.startswith("- ") else "paragraph"

    for block in page(name).rstrip("\n").split("\n\n"):
        lines = block.split("\n")
        match kind(block):
            case "formula":
                assert lines[0] == lines[-1] == FENCE
                assert len(lines) > 2
            case "list":
                assert all(line.startswith("- ") for line in lines)
            case "paragraph":
                assert len(lines) == 1


@every_page
def test_presets_to_try_are_there(name: str) -> None:
    named = re.findall(r"presets? `([^`]+)`", page(name)) + re.findall(r"`([a-z]+-[a-z-]+)`", page(name))
    assert set(named) - {"mnist-tui"} <= set(presets())


@pytest.mark.parametrize("name", ["", "learning rate", "../en/seed", "seed.md", "__init__", "SEED"])
def test_an_unknown_name_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ConfigProblem, match=rf"^There is no help page '{re.escape(name)}'; .*[.?]$"):
        page(name)


def test_a_name_nearly_right_is_offered() -> None:
    with pytest.raises(ConfigProblem, match=r"did you mean 'learning_rate'\?$"):
        page("learning-rate")


@pytest.mark.parametrize("language", ["", "xx", "..", "__pycache__"])
def test_an_unknown_language_is_refused_with_those_there_are(language: str) -> None:
    sentence = rf"^There is no help in the language '{re.escape(language)}'; expected .*\ben\b.*\.$"
    with pytest.raises(ConfigProblem, match=sentence):
        pages(language)
    with pytest.raises(ConfigProblem, match=sentence):
        page("seed", language)
