"""An app whose engine cannot import torch, or hangs importing it: the app reports it, stays usable, and quits."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runs.folder import all_runs
from tests.broken_torch import HANGS, broken_torch
from tests.terminal.term import Term, app, engines
from tests.terminal.under_way import eventually

pytestmark = pytest.mark.timeout(120)


def opened(home: Path, how: str) -> Term:
    return app(home, "--device", "cpu", PYTHONPATH=broken_torch(home, how))


def left(term: Term, home: Path) -> None:
    term.key("q")
    assert term.wait_end(15) == 0
    assert term.left_behind() == []
    eventually(lambda: engines(home) == [], "end of the engine", 10)


def test_a_fault_of_torch_is_told_at_once_and_the_app_stays_usable(tmp_path: Path) -> None:
    with opened(tmp_path, "ImportError") as term:
        error = "torch cannot be imported .ImportError: libcudart.so.12"
        term.wait(error, 20)
        term.key("r")
        term.wait(error, 20)
        term.key("2")
        term.wait("No runs yet|failed", 10)
        term.key("1")
        term.wait(error, 10)
        left(term, tmp_path)


@pytest.mark.parametrize("how", HANGS)
@pytest.mark.parametrize("key", ["s", "x"])
def test_a_run_that_waits_for_torch_ends_when_it_is_told_to(tmp_path: Path, how: str, key: str) -> None:
    with opened(tmp_path, how) as term:
        term.wait("loading torch", 20)
        term.key("r")
        term.wait("x Abort|then it begins", 10)
        term.wait("x Abort", 10)
        term.key(key)
        if key == "x":
            term.wait("End .* without a test|ended", 10)
            term.key("a")
        term.wait("aborted|The engine was ended", 20)
        left(term, tmp_path)
    assert all(run.status() in ("aborted", "interrupted") for run in all_runs(tmp_path / "runs"))


@pytest.mark.parametrize("how", HANGS)
def test_an_app_whose_engine_hangs_is_left_like_any_other(tmp_path: Path, how: str) -> None:
    with opened(tmp_path, how) as term:
        term.wait("loading torch", 20)
        left(term, tmp_path)
