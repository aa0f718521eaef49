"""The app on all kinds of terminals: no colors, no UTF-8, Linux console, GNU screen, too small."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.term import Term, app

pytestmark = pytest.mark.timeout(120)
SMALL = ("--preset", "quick", "--train-images", "1000", "--epochs", "1", "--device", "cpu")
NO_UTF8: dict[str, Any] = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "LANG": ""}
TRAINED = "finished.*1 of 1 epoch"


def colors(term: Term) -> list[str]:
    """The SGR parameters so far that set a color, a gray, or the default color."""
    found = []
    for parameters in re.findall(rb"\x1b\[([\d;:]*)m", bytes(term.sent)):
        numbers = [int(number or 0) for number in re.split(rb"[;:]", parameters)]
        if any(30 <= number <= 49 or 90 <= number <= 107 for number in numbers):
            found.append(parameters.decode())
    return found


def expect_plain(term: Term, *, boxed: bool = True) -> None:
    """The screen is all ASCII, without replacement characters, and every box is closed."""
    lines = [line.rstrip() for line in term.text.splitlines()]
    assert all(line.isascii() for line in lines), term.text
    assert not re.search(r"\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\?\?", term.text), term.text
    if boxed:
        rows = [line for line in lines if line.startswith(("+", "|"))]
        assert len(rows) > 8
        assert {len(line) for line in rows} == {term.screen.columns}, term.text
        assert all(line[-1] == line[0] for line in rows), term.text


def test_no_color_sends_none_and_all_is_still_told_apart(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, NO_COLOR="1") as term:
        term.wait("engine: ready", 60)
        assert reversed_text(term).startswith(" 1 Train ")
        term.key("r")
        term.wait(TRAINED, 60)
        term.until(lambda _: "✗" in reversed_text(term), "digit misclassified, reversed", 20)
        term.key("2")
        term.until(lambda _: "finished" in reversed_text(term), "run chosen, reversed", 20)
        term.key("1o")
        term.until(lambda _: "quick" in reversed_text(term), "preset chosen, reversed", 20)
        term.key("\x1b")
        term.until(lambda screen: "Hidden sizes" in screen, "form again", 20)
        term.key("q")
        assert term.wait_end(15) == 0
        assert colors(term) == []


def reversed_text(term: Term) -> str:
    cells = (term.screen.buffer[y][x] for y in range(term.screen.lines) for x in range(term.screen.columns))
    return "".join(cell.data for cell in cells if cell.reverse)


@pytest.mark.parametrize(
    ("env", "flags"), [({}, ("--ascii",)), ({"TERM": "linux", "COLORTERM": ""}, ())], ids=["--ascii", "Linux console"]
)
def test_plain_drawing_is_taken(tmp_path: Path, env: dict[str, Any], flags: tuple[str, ...]) -> None:
    with app(tmp_path, *SMALL, *flags, **env) as term:
        term.wait("engine: ready", 60)
        expect_plain(term)
        term.key("f")
        term.until(lambda _: "> " in term.text, "focus", 20)
        expect_plain(term)


def test_without_utf8_everything_is_ascii_and_in_line(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, **NO_UTF8) as term:
        term.wait("engine: ready", 60)
        expect_plain(term)
        term.resize(80, 24)
        term.wait("Form.*Charts.*Digits.*Results", 20)
        term.until(lambda screen: screen.splitlines()[-1].rstrip().endswith("Quit"), "last line", 20)
        term.read_for(0.3)
        expect_plain(term)
        term.key("r")
        term.wait(TRAINED, 60)
        for key, shown in (
            ("d", "validation samples"),
            ("v", "final test"),
            ("f", "hyperparameters"),
            ("2", "runs -"),
            ("3", "log -"),
            ("?", "help -"),
        ):
            term.key(key)
            term.until(lambda screen, shown=shown: shown in screen.lower(), shown, 20)  # type: ignore[misc]
            term.read_for(0.2)
            expect_plain(term)
        term.key("q")
        term.wait("Log -", 20)
        term.resize(120, 35)
        term.key("1")
        term.until(lambda screen: "Hyperparameters" in screen and "misclassified" in screen, "everything", 20)
        term.read_for(0.2)
        expect_plain(term)


def test_gnu_screen_in_a_terminal_of_millions_of_colors_is_sent_256(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, TERM="screen-256color", STY="1.a", TMUX="") as term:
        term.wait("Hyperparameters[^$]*Quit", 60)
        seen = colors(term)
        assert any("38;5;" in each for each in seen)
        assert not any("8;2;" in each for each in seen)


@pytest.mark.parametrize(
    ("kind", "most"), [("screen", 16), ("xterm-16color", 16), ("tmux-256color", 256), ("linux", 16), ("vt220", 16)]
)
def test_no_more_colors_are_sent_than_the_terminal_has(tmp_path: Path, kind: str, most: int) -> None:
    with app(tmp_path, *SMALL, TERM=kind, COLORTERM="") as term:
        term.wait("engine: ready", 60)
        term.key("r")
        term.wait(TRAINED, 60)
        seen = colors(term)
        assert seen
        assert not any("8;2;" in each for each in seen), "millions"
        assert most == 256 or not any("8;5;" in each for each in seen), "256"
        term.key("q")
        assert term.wait_end(15) == 0
        assert term.left_behind() == []


@pytest.mark.parametrize("size", [(1, 1), (40, 12)])
def test_a_start_in_a_small_window_that_grows(tmp_path: Path, size: tuple[int, int]) -> None:
    columns, rows = size
    with app(tmp_path, *SMALL, "--epochs", "500", columns=columns, rows=rows) as term:
        term.wait({(1, 1): "n", (40, 12): r"needs 50×16,\s+this is 40×12\s+q quits"}[size], 60)
        for other in ((5, 2), (60, 20)):
            term.resize(*other)
        term.wait("engine: ready", 60)
        term.key("r")
        term.resize(120, 35)
        wanted = ("Hyperparameters", "What it means", "Loss", "Accuracy", "Validation samples", "of 500", "q Quit")
        term.until(lambda screen: all(each in screen for each in wanted), f"{wanted}", 60)
        term.resize(columns, rows)
        term.key("s")
        term.read_for(0.3)
        term.resize(120, 35)
        term.wait("stopped|finished", 60)
        term.resize(columns, rows)
        term.key("q")
        assert term.wait_end(15) == 0
        assert "Traceback" not in term.text
        assert term.left_behind() == []
