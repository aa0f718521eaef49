"""Output for terminals without colors or with ASCII only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tests import events_kit as kit
from tests.tui.app_kit import Stage, stage
from tui.app.themes import THEMES
from tui.terminal.capabilities import correct_color_variables, has_few_characters
from tui.terminal.line_filters import AsciiFilter, MonochromeFilter, install_filters, uncolored

PAPER, CURSOR = "#000000", "#ffffff"


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("#ffffff on #000000", ""),
        ("bold #5cc8ff on #000000", "bold"),
        ("#2a2a2a on #000000", "dim"),
        ("#000000 on #ffffff", "reverse"),
        ("#000000 on #5cc8ff", "reverse"),
        ("reverse #ff6b6b on #000000", "reverse"),
        ("reverse #000000 on #ffffff", ""),
        ("underline #ffffff on #1a1a1a", "underline"),
        ("reverse", "reverse"),
    ],
)
def test_what_stood_out_by_its_color_is_reversed_or_faint(style: str, shown: str) -> None:
    plain = uncolored(Style.parse(style), PAPER, CURSOR)
    assert plain.color is plain.bgcolor is None
    assert [name for name in ("bold", "dim", "underline", "reverse") if getattr(plain, name)] == shown.split()


def test_what_a_click_does_is_kept() -> None:
    style = Style.from_meta({"action": "app.help"}) + Style.parse("red on blue")
    assert uncolored(style, PAPER, CURSOR).meta == {"action": "app.help"}


@pytest.mark.parametrize(("text", "shown"), [("abc", "abc"), ("a…★", "a.*"), ("数字", "????"), ("e\u0301", "e")])
def test_every_other_character_gets_ascii_in_as_many_cells(text: str, shown: str) -> None:
    [segment] = AsciiFilter().apply([Segment(text)], Color.parse("black"))
    assert segment.text == shown


@pytest.mark.parametrize("name", THEMES)
async def test_without_any_color_all_is_still_told_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves and digits differ by marks, an invalid field by its sign, the selection by reversed text."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with stage(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)]), theme=name) as on:
        shown = list(uncolored_lines(on))
        text = "\n".join("".join(part for part, _ in line) for line in shown)
        assert " 1 Train " in reversed_parts(shown)
        assert "■⠤ train" in text
        assert "●⠤ valid" in text
        assert text.count("★") >= 2
        assert (text.count("✓ "), text.count("✗ ")) == (9, 1)
        assert any("✗" in part for part in reversed_parts(shown))
        install_filters(on.app, colors=False, ascii_only=False)
        await on.press("q")
        assert any(" l " in part for part in reversed_parts(list(uncolored_lines(on))))
    async with stage(theme=name) as on:
        await on.press("f", "tab", *"9,a")
        assert "▸✗Hidden sizes" in on.text()


def uncolored_lines(on: Stage) -> Iterator[list[tuple[str, Style]]]:
    """The lines on the screen without colors."""
    filtered = MonochromeFilter(on.app)
    for strip in on.app.screen._compositor.render_strips():
        yield [(part.text, part.style or Style()) for part in filtered.apply(list(strip), Color.parse("black"))]


def reversed_parts(lines: list[list[tuple[str, Style]]]) -> list[str]:
    return [text for line in lines for text, style in line if style.reverse and text.strip()]


@pytest.mark.parametrize(
    ("term", "few"),
    [("linux", True), ("linux-16color", True), ("vt220", True), ("xterm", False), ("screen.linux", False), ("", False)],
)
def test_which_terminals_have_few_characters(term: str, few: bool) -> None:
    assert has_few_characters({"TERM": term}) is few


@pytest.mark.parametrize(
    ("environ", "colors", "left"),
    [
        ({"NO_COLOR": "1"}, False, {"NO_COLOR": "1"}),
        ({"NO_COLOR": ""}, True, {}),
        ({"TERM": "screen", "STY": "1.a", "COLORTERM": "truecolor"}, True, {"TERM": "screen", "STY": "1.a"}),
        (
            {"TERM": "screen", "STY": "1.a", "TMUX": "/s,1,0", "COLORTERM": "truecolor"},
            True,
            {"TERM": "screen", "STY": "1.a", "TMUX": "/s,1,0", "COLORTERM": "truecolor"},
        ),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, True, {"TERM": "xterm", "COLORTERM": "truecolor"}),
    ],
)
def test_how_many_colors_textual_is_told_of(environ: dict[str, str], colors: bool, left: dict[str, str]) -> None:
    assert correct_color_variables(environ) is colors
    assert environ == left
