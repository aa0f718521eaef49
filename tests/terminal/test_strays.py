"""Warnings and output of libraries never reach the screen; the Log screen shows them with their origin."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

import pytest

from tests.terminal.term import app

pytestmark = pytest.mark.timeout(180)
SMALL = ("--preset", "quick", "--train-images", "2000", "--epochs", "3000", "--device", "cpu")
NOISE = """
import os, sys, threading, warnings

def speak():
    who = "ENGINE" if "engine.worker" in " ".join(sys.orig_argv) else "SCREEN"
    tick, count = threading.Event(), 0
    while not tick.wait(0.5):
        count += 1
        print(f"STRAY print of {who}")
        print(f"STRAY error of {who}", file=sys.stderr)
        warnings.warn(f"STRAY warning {count} of {who}")
        os.system(f"echo STRAY child of {who}; echo STRAY grandchild of {who} >&2")

if any(part in " ".join(sys.orig_argv) for part in ("engine.worker", "-m tui")):
    threading.Thread(target=speak, daemon=True).start()
"""
"""A module that Python imports at startup (sitecustomize)."""


def tells(pattern: str, screen: str) -> bool:
    """Whether the log shows it; lines may wrap anywhere, depending on the length of the path."""
    return re.search(pattern, " ".join(screen.replace("│", " ").split())) is not None


def test_nothing_but_the_app_is_on_the_screen(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NOISE)
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    with app(tmp_path / "home", *SMALL, PYTHONPATH=path, PYTHONWARNINGS="always") as term:
        term.wait("Hyperparameters", 60)
        begun = len(term.sent)  # earlier output was painted over
        term.wait("engine: ready", 60)
        term.key("r")
        term.wait("epoch [1-9]", 60)
        term.read_for(3)
        assert b"STRAY" not in bytes(term.sent[begun:]), term.text
        assert "STRAY" not in term.text
        term.key("3")
        for who in ("ENGINE", "SCREEN"):
            for what in ("print", "error", "child", "grandchild", "warning \\d+"):
                term.until(functools.partial(tells, f"STRAY {what} of {who}"), f"{what} of {who}", 20)
        term.key("1q")
        term.wait("stay here", 20)
        term.key("a")
        assert term.wait_end(15) == 0
        assert "of SCREEN" in term.text, "captured output is printed at the end"
        assert term.left_behind() == []
