"""The app with a real terminal, a real engine and real digits."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.runs.folder import all_runs
from tests.terminal.term import app, engines

pytestmark = pytest.mark.timeout(180)
SMALL = ("--preset", "quick", "--train-images", "2000", "--device", "cpu")


def test_r_alone_goes_from_the_form_to_the_final_test(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("Learning rate|Hidden sizes", 20)
        term.key("r")
        wanted = ("test accuracy", "95% interval", "10,000")
        term.until(lambda screen: all(each in screen for each in wanted), f"{wanted}", 120)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
    (run,) = all_runs(tmp_path / "runs")
    assert run.status() == "finished"
    _, alive = psutil.wait_procs(engines(tmp_path), timeout=5)
    assert alive == []


def test_a_run_left_training_goes_on_and_attach_shows_it_again(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, "--epochs", "3000") as term:
        term.wait("Hidden sizes", 20)
        term.key("r")
        term.wait("epoch [2-9] of 3000|epoch [1-9][0-9]+ of 3000", 90)
        term.key("q")
        term.wait("leave it training|Leave it training", 10)
        term.key("l")
        assert term.wait_end(10) == 0
        assert "attach" in term.text
        assert term.left_behind() == []
    (run,) = all_runs(tmp_path / "runs")
    assert run.status() == "running"
    with app(tmp_path, "attach", columns=80, rows=24) as term:
        term.wait("of 3000", 30)
        term.key("q")
        term.wait("[Ll]eave it training", 10)
        term.key("a")
        assert term.wait_end(15) == 0
    assert run.status() == "aborted"
    _, alive = psutil.wait_procs(engines(tmp_path), timeout=5)
    assert alive == []
