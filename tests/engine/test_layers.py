"""What imports what: the screen never waits for torch, and the engine runs without a screen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_LOADED = """
import importlib, sys
for name in sys.argv[2].split(): importlib.import_module(name)
print(*sorted(set(sys.argv[1].split()) & {name.partition(".")[0] for name in sys.modules}))
"""


def loaded(imported: str, wanted: str) -> list[str]:
    """Which packages of `wanted` a new interpreter has loaded once it has imported the modules `imported`."""
    arguments = [sys.executable, "-c", _LOADED, wanted, imported]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    "imported",
    [
        "engine engine.client engine.runs.folder engine.settings engine.state.run_state engine.dataset",
        # the engine process answers its first client before it has loaded torch
        "engine.worker.server.session",
    ],
)
def test_the_engines_contract_loads_neither_torch_nor_a_screen(imported: str) -> None:
    assert loaded(imported, "engine torch textual rich plotext") == ["engine"]


def test_the_app_waits_neither_for_torch_nor_for_numpy() -> None:
    assert loaded("tui.app.app", "tui engine textual torch numpy plotext") == ["engine", "textual", "tui"]


def test_the_import_contracts_are_kept() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if command is None:
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [command, "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
