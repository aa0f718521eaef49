"""How `train` and its engine handle signals: the table of docs/cli.md, checked with the real program."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.runs.folder import RunFolder, all_runs
from tests.kit import write_tiny_set
from tests.terminal.under_way import eventually

pytestmark = pytest.mark.timeout(120)
DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
_STEP = re.compile(r"`(SIG\w+)` to the (command|engine)")


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    steps: tuple[tuple[signal.Signals, str], ...]
    status: int | None
    words: str
    becomes: str

    def __str__(self) -> str:
        return ", ".join(f"{number.name} {who}" for number, who in self.steps)


def rows() -> list[Row]:
    found = []
    for line in DOCS.read_text().partition("\n## Signals\n")[2].partition("\n## ")[0].splitlines():
        if line.startswith("| `SIG"):
            what, status, words, becomes = (cell.strip() for cell in line.strip("|").split("|"))
            steps = tuple((signal.Signals[name], who) for name, who in _STEP.findall(what))
            found.append(Row(steps, int(status) if status else None, words, becomes))
    return found


@dataclass(frozen=True)
class Training:
    """A running `mnist-tui train --json`."""

    command: subprocess.Popen[bytes]
    engine: int
    run: RunFolder
    out: Path
    err: Path

    def count(self, kind: str) -> int:
        return self.out.read_bytes().count(b'"type":"%s"' % kind.encode())

    def send(self, number: signal.Signals, who: str) -> None:
        pid = self.command.pid if who == "command" else self.engine
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Training]:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    data = write_tiny_set(tmp_path / "data", train=600, test=64)
    words = ["train", "--json", "--model", "linear", "--batch", "8", "--threads", "1", "--epochs", "10000"]
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        command = subprocess.Popen(
            [sys.executable, "-P", "-m", "tui", *words, "--device", "cpu", "--data-dir", str(data)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
    engine = 0
    try:
        eventually(lambda: b'"type":"checkpoint_saved"' in out.read_bytes() or command.poll() is not None, "checkpoint")
        (run,) = all_runs(tmp_path / "runs")
        session = run.named_session()
        assert session is not None
        engine = session.pid
        yield Training(command, engine, run, out, err)
    finally:
        for pid in (command.pid, engine):
            with contextlib.suppress(ProcessLookupError):
                if pid:
                    os.kill(pid, signal.SIGKILL)
        command.wait()


@pytest.mark.parametrize("row", rows(), ids=str)
def test_signals_do_what_the_table_says(training: Training, row: Row) -> None:
    for number, who in row.steps:
        training.send(number, who)
    if row.status is None:
        before = training.count("epoch_ended")
        eventually(lambda: training.count("epoch_ended") > before, "later epoch", 20)
        assert training.command.poll() is None
    else:
        status = training.command.wait(20)
        assert status == row.status or status == 128 - row.status  # for a killed process
        lines = training.err.read_text().splitlines()
        pattern = re.escape(row.words).replace("RUN", training.run.name).replace("\\ E\\.", r"\ \d+\.\d\.")
        assert re.fullmatch(pattern, lines[-1] if lines else ""), training.err.read_text()
        assert "Traceback" not in training.err.read_text()
        if row.status == 130 and "did not respond" not in row.words:
            last = json.loads(training.out.read_text().splitlines()[-1])
            assert (last["type"], last["outcome"]) == ("finished", "aborted")
    eventually(lambda: training.run.status() == row.becomes, row.becomes, 10)


def test_ctrl_z_says_that_the_run_goes_on_and_the_command_does_too_after_fg(training: Training) -> None:
    training.send(signal.SIGTSTP, "command")
    eventually(
        lambda: b"continues while this command is stopped; `fg` shows it again." in training.err.read_bytes(),
        "words",
        20,
    )
    training.send(signal.SIGCONT, "command")
    before = training.count("epoch_ended")
    eventually(lambda: training.count("epoch_ended") > before, "later epoch", 20)
