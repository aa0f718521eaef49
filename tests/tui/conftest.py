"""Every test has a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds runs and settings, empty."""
    for name in ("CONFIG", "PRESET", "THREADS"):
        monkeypatch.delenv(f"MNIST_TUI_{name}", raising=False)
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
