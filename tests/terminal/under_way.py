"""A run that trains as long as a test needs it, without an app."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.runs.folder import RunFolder, all_runs
from tests.terminal.term import engines

EPOCHS = 10_000
MODEST = 10
"""Niceness of an engine that only has to keep training: the test itself has priority."""
SMALL = ("--preset", "quick", "--train-images", "2000", "--device", "cpu")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run in training: its home, its folder and its engine."""

    home: Path
    run: RunFolder
    engine: psutil.Process

    @property
    def words(self) -> str:
        """The final message of an app that leaves it training."""
        return f"{self.run.name} is training. Come back with: mnist-tui attach {self.run.name}"


@contextlib.contextmanager
def under_way(home: Path) -> Iterator[UnderWay]:
    """Train a run below `home` that has a checkpoint; its engine is killed at the end."""
    environment = {**os.environ, "MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "tui", "train", "--quiet", *SMALL, "--epochs", str(EPOCHS)]
    starter = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        eventually(lambda: any(run.checkpoint("last").exists() for run in all_runs(home / "runs")), "a checkpoint")
        (engine,), (run,) = engines(home), all_runs(home / "runs")
        starter.kill()
        engine.nice(MODEST)
        yield UnderWay(home, run, engine)
    finally:
        starter.kill()
        starter.wait()
        for left in engines(home):
            left.kill()
            left.wait()


def eventually(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"no {what} after {seconds} s"
        time.sleep(0.05)
