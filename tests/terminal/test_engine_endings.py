"""However the engine ends, the app reports it, stays open, and offers to resume if possible."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.runs.folder import all_runs
from tests.terminal.term import app, engines
from tests.terminal.under_way import EPOCHS, SMALL, UnderWay, eventually, under_way

pytestmark = pytest.mark.timeout(180)
FAILING = """
import sys
if "engine.worker" in sys.orig_argv:
    import engine.worker.training.optimizer_step as step
    real, done = step.Step.__call__, []
    def fail(self, *given):
        done.append(None)
        if len(done) == 60:
            raise ArithmeticError("boom")
        return real(self, *given)
    step.Step.__call__ = fail
"""
"""A `sitecustomize` that makes training fail in the eighth epoch of `SMALL` in every engine."""


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnderWay]:
    with under_way(tmp_path_factory.mktemp("home")) as found:
        yield found


def test_killed_by_force_then_c_goes_on_to_the_end(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, "--epochs", "30") as term:
        term.wait("Hidden sizes", 60)
        term.key("r")
        term.wait("epoch [4-9] of 30", 90)
        (engine,) = engines(tmp_path)
        engine.send_signal(signal.SIGKILL)
        term.wait(r"SIGKILL.*at epoch \d+\.\d; c: resume from the checkpoint of epoch \d+ ", 30)
        term.wait("c Continue", 10)
        term.key("c")
        wanted = ("finished", "30 of 30 epochs", "test accuracy")
        term.until(lambda screen: all(each in screen for each in wanted), f"{wanted}", 120)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
    (run,) = all_runs(tmp_path / "runs")
    assert run.status() == "finished"
    state = run.state()
    assert [epoch.epoch for epoch in state.epochs] == list(range(1, 31))
    assert [mark.kind for mark in state.marks] == ["resumed"]


def test_left_after_it_was_killed_says_how_to_go_on_and_the_runs_screen_goes_on(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, "--epochs", "3000") as term:
        term.wait("Hidden sizes", 60)
        term.key("r")
        term.wait("epoch [2-9] of 3000", 90)
        (engine,) = engines(tmp_path)
        engine.send_signal(signal.SIGKILL)
        term.wait("SIGKILL", 30)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
        (run,) = all_runs(tmp_path / "runs")
        assert f"mnist-tui resume {run.name}" in " ".join(term.text.split())
    assert run.status() == "interrupted"
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready", 60)
        term.key("2")
        term.wait("interrupted", 20)
        term.key("\r")
        term.wait(r"not finished.*c: resume from the checkpoint of epoch \d+", 20)
        term.key("c")
        term.wait(r"training .* epoch \d+ of 3000", 60)
        term.key("x")
        term.wait("train on", 20)
        term.key("a")
        term.wait("aborted", 20)
    eventually(lambda: engines(tmp_path) == [], "end of the engine", 15)


def test_a_fault_in_training_is_an_end_that_the_screen_tells(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FAILING)
    with app(tmp_path, *SMALL, "--epochs", "3000", PYTHONPATH=str(tmp_path)) as term:
        term.wait("engine: ready", 60)
        term.key("r")
        term.wait("failed.*Training failed: ArithmeticError: boom", 60)
        assert "Traceback" not in term.text
        term.wait("c Continue", 10)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
    (run,) = all_runs(tmp_path / "runs")
    assert run.status() == "failed"
    assert "ArithmeticError: boom" in run.log.read_text()
    eventually(lambda: engines(tmp_path) == [], "end of the engine", 15)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc that tells of open files and maps")
def test_an_engine_in_training_has_no_children_and_no_shared_memory(training: UnderWay) -> None:
    engine = training.engine
    assert engine.children(recursive=True) == []
    maps = Path(f"/proc/{engine.pid}/maps").read_text()
    assert "torch" in maps
    assert "/dev/shm" not in maps
    assert [file.path for file in engine.open_files() if file.path.startswith("/dev/shm")] == []


def test_an_engine_that_is_told_to_end_saves_and_the_screen_says_so(training: UnderWay) -> None:
    with app(training.home, "attach") as term:
        term.wait(rf"epoch \d+ of {EPOCHS}", 60)
        training.engine.send_signal(signal.SIGTERM)
        term.wait("aborted .* c: resume from", 30)
        term.key("q")
        assert term.wait_end(10) == 0
    eventually(lambda: not psutil.pid_exists(training.engine.pid) or engines(training.home) == [], "end", 15)
    assert training.run.status() == "aborted"
