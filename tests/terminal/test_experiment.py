"""Guided experiments in the app and on the command line, with a real engine."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from engine.runs.folder import all_runs
from tests.kit import write_tiny_set
from tests.terminal.term import Term, app, engines

pytestmark = pytest.mark.timeout(180)


def test_0_and_enter_train_both_runs_and_say_what_was_seen_and_show_prints_it_again(tmp_path: Path) -> None:
    data = write_tiny_set(tmp_path / "data", train=600, test=64)
    with app(tmp_path, "--data-dir", str(data), "--device", "cpu") as term:
        term.wait("Hidden sizes", 20)
        term.key("0")
        term.wait("does Adam get further", 20)
        term.key("\r")
        term.wait("not now", 10)
        term.key("y")
        wanted = ("finished", "After 25 epochs at a rate of 0.001, Adam reads")
        term.until(lambda screen: all(each in screen for each in wanted) and "So far" not in screen, f"{wanted}", 120)
        assert term.text.count("finished") == 2
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
    assert [run.name for run in all_runs(tmp_path / "runs")] == ["sgd-vs-adam-1.1-sgd", "sgd-vs-adam-1.2-adam"]
    _, alive = psutil.wait_procs(engines(tmp_path), timeout=5)
    assert alive == []

    command = [
        sys.executable,
        "-P",
        "-m",
        "tui",
        "experiment",
        "dropout-small-set",
        "--epochs",
        "2",
        "--train-images",
        "0",
    ]
    home = {"MNIST_TUI_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    with Term([*command, "--data-dir", str(data), "--device", "cpu"], 80, 100, home) as term:
        assert term.wait_end(60) == 0
        screen = term.text
    assert screen.count("epoch 1/2") == screen.count("epoch 2/2") == 2
    assert "dropout-small-set-1: Does dropout help" in screen
    assert "⠤◆⠤ dropout 0 " in screen and "⠤▲⠤ dropout 0.5 " in screen
    assert "All its runs were trained with epochs 2 and train images 0" in " ".join(screen.split())
