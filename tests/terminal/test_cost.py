"""Terminal output of the app: little while training, none while nothing changes."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from tests.terminal.term import Term, app

pytestmark = pytest.mark.timeout(180)
SMALL = ("--preset", "quick", "--train-images", "2000", "--epochs", "3000", "--device", "cpu")
QUIET = 1.5
TRAINING = 3.0


def sent_in(term: Term, seconds: float) -> int:
    """Bytes received in that time."""
    before, end = len(term.sent), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        term._read(left)
    return len(term.sent) - before


def settle(term: Term) -> None:
    """Read until there is no output for a while."""
    end = time.monotonic() + 40
    while sent_in(term, 2.0) and time.monotonic() < end:
        pass


def test_bytes_are_sent_for_changes_alone(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, columns=120, rows=40) as term:
        term.wait("engine: ready", 60)
        settle(term)
        process = psutil.Process(term.process.pid)
        before = sum(process.cpu_times()[:2])
        assert sent_in(term, QUIET) == 0
        assert sum(process.cpu_times()[:2]) - before < 0.1 * QUIET
        term.key("r")
        term.wait("epoch +[2-9]", 90)
        assert (
            0 < sent_in(term, TRAINING) / TRAINING < 20_000
        )  # a tiny data set is the worst case: epochs are very short
        term.key("p")
        term.wait("paused", 20)
        settle(term)
        assert sent_in(term, QUIET) == 0
        term.key("s")
        term.wait("95% interval", 60)
        settle(term)
        assert sent_in(term, QUIET) == 0
        term.key("q")
        assert term.wait_end(10) == 0


def test_a_slow_line_is_not_flooded(tmp_path: Path) -> None:
    with app(tmp_path, "--slow", *SMALL, columns=80, rows=24) as term:
        term.wait("engine: ready", 60)
        term.key("r")
        term.wait("epoch +[2-9]", 120)
        sent_in(term, 3.0)
        one_painting = 4000  # one paint may fall into the measured time
        assert sent_in(term, 8.0) <= 1000 * 8.0 + one_painting
        assert "validation" in term.text
        term.key("q")
        term.wait("[Ll]eave it training", 20)
        term.key("a")
        assert term.wait_end(15) == 0


def test_what_another_program_wrote_over_the_screen_is_painted_over(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready", 60)
        settle(term)
        before = term.text
        term._stream.feed(b"\x1b[5;5HBroadcast message from root\x1b[12;40Hgarbage")
        assert term.text != before
        term.key("\x0c")
        term.until(lambda text: text == before, "the picture as it was", 10)
        term.key("q")
        assert term.wait_end(10) == 0
