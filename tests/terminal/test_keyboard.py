"""Keys as real terminals send them: split, in floods, after an escape character."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.runs.folder import all_runs
from tests.terminal.term import Term, app

pytestmark = pytest.mark.timeout(180)
SMALL = ("--preset", "quick", "--train-images", "2000", "--epochs", "3000", "--device", "cpu")


def apart(term: Term, *parts: str) -> None:
    """Type the parts 0.2 s apart, as over a slow line."""
    for part in parts:
        term.key(part)
        end = time.monotonic() + 0.2
        while (left := end - time.monotonic()) > 0:
            term._read(left)


def test_a_paste_starts_stops_and_leaves_nothing(tmp_path: Path) -> None:
    flood = "rsxqd2k\r" * 500
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready", 60)
        term.key(flood)  # as a terminal without bracketed paste sends it
        term.wait("taken in a field alone", 20)
        term.key(f"\x1b[200~{flood}\x1b[201~")
        apart(term, "", "")
        assert all_runs(tmp_path / "runs") == []
        term.key("r")
        term.wait("epoch [1-9]", 90)
        term.key(flood)
        apart(term, "", "")
        assert "of 3000" in term.wait("of 3000", 10)
        term.key("2")
        term.wait("running", 20)
        term.key(flood)
        apart(term, "", "")
        term.key("1")
        term.wait("Hyperparameters", 20)
        (run,) = all_runs(tmp_path / "runs")
        assert run.status() == "running"
        term.key("q")
        term.wait("[Ll]eave it training", 20)
        term.key(flood)
        apart(term, "", "")
        assert term.process.poll() is None
        assert run.status() == "running"
        term.key("a")
        assert term.wait_end(15) == 0


def test_escape_and_arrows_in_parts(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready", 60)
        term.key("o")
        term.wait("lr-too-high", 20)
        apart(term, "\x1b", "[B", "\x1b", "O", "B")  # a split arrow key: the dialog stays open, and no "[B" is typed
        assert "lr-too-high" in term.text
        term.key("\x1bj")  # Escape and a letter at once are no command
        apart(term, "")
        assert all_runs(tmp_path / "runs") == []
        if "lr-too-high" in term.text:
            term.key("o")  # Escape is not the only way
        term.until(lambda text: "lr-too-high" not in text, "the form without the dialog", 20)
        for escaped in "rsxq":
            term.key(f"\x1b{escaped}")
            apart(term, "")
        assert all_runs(tmp_path / "runs") == []
        assert term.process.poll() is None
        term.key("\x1b")
        apart(term, "", "", "")
        term.key("q")
        assert term.wait_end(10) == 0


def test_a_paste_into_a_field_is_its_value(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready", 60)
        term.key("f")
        apart(term, "\t", "\x01")
        term.key("\x0b")  # Ctrl+K
        term.wait("Hidden sizes     neurons", 20)
        term.key("64,64,64\rr\rq\r")
        term.wait("64,64,64", 20)
        apart(term, "")
        assert all_runs(tmp_path / "runs") == []
        term.key("\x1b[200~,32\nr\n\x1b[201~")
        term.wait("64,64,64,32", 20)
        term.key("\x11")
        assert term.wait_end(10) == 0
