"""A window that is resized continuously: nothing ends or is lost, and the final size is painted correctly."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from engine.runs.folder import all_runs
from tests.terminal.term import Term, app

pytestmark = pytest.mark.timeout(180)
EPOCHS = 60
SMALL = ("--preset", "quick", "--train-images", "1000", "--epochs", str(EPOCHS), "--device", "cpu")
RESIZES = 200


def storm(term: Term, seed: int) -> None:
    """All sizes from the smallest to a large one, one every 20 ms, with occasional keys."""
    chance = random.Random(seed)
    for count in range(RESIZES):
        columns, rows = chance.choice(
            [(1, 1), (5, 2), (20, 5), (200, 60), (chance.randint(20, 200), chance.randint(5, 60))]
        )
        term.resize(columns, rows)
        if count % 20 == 10:
            term.key(chance.choice("123t"))
        term.read_for(0.02)


def test_a_storm_of_sizes_costs_a_run_nothing(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, columns=5, rows=2) as term:
        term.resize(120, 35)
        term.wait("engine: ready", 60)
        term.key("r")
        term.wait(f"epoch [1-9]\\d* of {EPOCHS}", 60)
        storm(term, 7)
        assert term.process.poll() is None, term.text
        term.resize(100, 30)
        term.key("1")
        term.wait(f"finished.*{EPOCHS} of {EPOCHS}", 60)
        (run,) = all_runs(tmp_path / "runs")
        assert [epoch.epoch for epoch in run.state().epochs] == list(range(1, EPOCHS + 1))
        with app(tmp_path, "attach", run.name, columns=100, rows=30) as other:
            other.wait(f"finished.*{EPOCHS} of {EPOCHS}", 60)
            painted = re.compile(r"by epoch.*training loss.*New run.*q Quit", re.DOTALL)  # to its last row
            afresh = other.until(lambda text: painted.search(text) is not None, "charts", 20)
            below_the_title = slice(101, None)
            term.until(lambda text: text[below_the_title] == other.text[below_the_title], f"screen as\n{afresh}", 20)
        term.key("q")
        assert term.wait_end(15) == 0
