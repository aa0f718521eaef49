"""CSS is parsed once for each theme, and colors still follow the theme."""

from __future__ import annotations

import pytest
from textual.css.errors import StylesheetError
from textual.css.parse import parse as textual_parse
from textual.css.stylesheet import StylesheetParseError
from textual.css.tokenizer import TokenError

from tests.tui.app_kit import stage
from tui.terminal.parsed_stylesheet import ParsedStylesheet

DARK, LIGHT = {"ink": "#112233"}, {"ink": "#ddeeff"}


def background(sheet: ParsedStylesheet) -> str:
    (rule,) = sheet.rules
    return rule.styles.background.hex


def sheet(variables: dict[str, str], css: str = "Widget { background: $ink; }") -> ParsedStylesheet:
    made = ParsedStylesheet(variables=variables)
    made.add_source(css, read_from=("here.tcss", ""))
    return made


def test_new_variables_change_the_rules_and_the_old_ones_bring_them_back() -> None:
    made = sheet(DARK)
    assert background(made) == "#112233"
    made.set_variables(LIGHT)
    made.reparse()
    assert background(made) == "#DDEEFF"
    made.set_variables(DARK)
    made.reparse()
    assert background(made) == "#112233"


def test_the_same_css_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    monkeypatch.setattr("textual.css.stylesheet.parse", lambda *a, **k: parsed.append(a) or textual_parse(*a, **k))
    variables = {"ink": "#123123"}
    for _ in range(3):
        again = sheet(variables)
        again.reparse()
        assert background(again) == "#123123"
    assert len(parsed) == 1


@pytest.mark.parametrize("css", ["Widget { background: nonsense(; }", "Widget { dock: upwards; }"])
def test_invalid_css_raises_each_time_and_leaves_the_rules_alone(css: str) -> None:
    made = sheet(DARK)
    before = made.rules
    made.add_source(css, read_from=("broken.tcss", ""))
    with pytest.raises((StylesheetError, StylesheetParseError, TokenError)):
        made.reparse()
    assert made._rules is before


async def test_a_theme_that_was_left_comes_back_as_it_was() -> None:
    async with stage() as on:
        first = on.app.screen.styles.background, on.train.results.styles.border_title_color
        await on.press("t")
        assert (on.app.screen.styles.background, on.train.results.styles.border_title_color) != first
        for _ in range(3):
            await on.press("t")
        assert (on.app.screen.styles.background, on.train.results.styles.border_title_color) == first
