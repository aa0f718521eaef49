"""Without a terminal, the app reports it before drawing anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.term import Term

COMMAND = [sys.executable, "-P", "-m", "tui"]


def test_no_terminal_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    environment = {**os.environ, "MNIST_TUI_HOME": str(tmp_path), "TERM": "xterm-256color"}
    done = subprocess.run(
        COMMAND, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, timeout=30, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "ssh -t" in done.stderr and "docker run -it" in done.stderr and "mnist-tui train" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_gets_no_escape_bytes(tmp_path: Path, term: str) -> None:
    with Term(COMMAND, env={"TERM": term, "MNIST_TUI_HOME": str(tmp_path)}) as terminal:
        assert terminal.wait_end(20) == 2
        assert b"\x1b" not in terminal.sent
        assert b"mnist-tui train" in terminal.sent
