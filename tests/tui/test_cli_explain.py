"""`mnist-tui explain`: the list, a page, and unknown names."""

from __future__ import annotations

import re

import pytest

from engine.help.catalog import catalog, find
from tests.each import each
from tests.tui.cli_kit import home
from tests.tui.test_cli_start import run_program
from tui.cli.main import main
from tui.views.help_page import METRICS
from tui.views.printed import WIDEST, contents_lines, page_lines, styled

__all__ = ["home"]


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("line", ["explain", "explain relu", "explain --help"])
def test_it_loads_nothing_heavy(line: str) -> None:
    done = run_program(*line.split())
    assert done.stdout
    assert done.stderr == "0 []\n"


def test_without_a_name_every_page_has_a_line_under_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    out = explain(capsys)
    for entry in catalog().values():
        shown = entry.title if entry.kind == "preset" else entry.asked
        assert re.search(rf"(?m)^  {re.escape(shown)} +\S", out), shown
        assert f"{entry.group}\n" in out
    assert max(map(len, out.splitlines())) <= WIDEST


def test_a_page_that_is_piped_is_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    out = explain(capsys, "relu")
    assert out.startswith(f"ReLU  · Activations\n\n{find('relu').summary}")
    assert "  f(x)  = max(0, x)\n" in out
    assert "⠉⠉⠉" in out
    assert out.endswith("See: leaky-relu, dead-relu, he\n")
    assert not re.search(r"[*`#\x1b]", out)


def test_a_hyperparameter_says_what_it_takes_and_what_its_default_is(capsys: pytest.CaptureFixture[str]) -> None:
    out = explain(capsys, "lr")
    assert out.startswith("Learning rate  ")
    assert "Takes a number from 0 to 1000000. Default: 0.001." in out


def test_several_words_are_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(capsys, "schedule", "step") == explain(capsys, "step-schedule")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("dropuot", "mnist-tui: There is no page 'dropuot'; did you mean 'dropout'?\n"),
        ("xyzzy", "mnist-tui: There is no page 'xyzzy'; `mnist-tui explain` lists them all.\n"),
        ("valid", "mnist-tui: 'valid' could be 'validation-loss' or 'validation-accuracy'.\n"),
    ],
)
def test_a_name_without_a_page_is_a_fault_of_usage(
    capsys: pytest.CaptureFixture[str], name: str, sentence: str
) -> None:
    assert main(["explain", name]) == 2
    assert capsys.readouterr() == ("", sentence)


@pytest.mark.parametrize("width", [40, WIDEST])
@each("name", catalog())
def test_every_page_keeps_to_the_width_loses_its_markup_and_can_be_said_in_ascii(name: str, width: int) -> None:
    lines = page_lines(catalog()[name], width)
    prose = [line for line in lines if not line.startswith("  ")]
    assert max(map(len, prose)) <= width
    assert not any(mark in line for line in prose for mark in ("**", "`"))
    plain = "\n".join(page_lines(catalog()[name], width, ascii_only=True))
    assert plain.isascii()
    assert "?" not in re.sub(r"\w\?|\w\"\?", "", plain)


def test_a_terminal_gets_styles_around_the_same_text() -> None:
    entry = find("gelu")
    lines = page_lines(entry, 60, styled)
    assert "\x1b[1mGELU\x1b[0m" in lines[0]
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines] == page_lines(entry, 60)
    contents = contents_lines(60, styled)
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in contents] == contents_lines(60)


@pytest.mark.parametrize("figure", [name for name, _ in METRICS])
def test_every_figure_of_the_help_has_a_page(figure: str) -> None:
    assert find(figure)
