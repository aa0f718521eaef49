"""Every test has its own home."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui import idle


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for runs and settings."""
    for name in ("CONFIG", "PRESET", "THREADS"):
        monkeypatch.delenv(f"MNIST_TUI_{name}", raising=False)
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def idleness(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause of Textual's pilot lasts as long as the event loop has work."""
    for module in ("pilot", "app"):
        monkeypatch.setattr(f"textual.{module}.wait_for_idle", idle.wait_for_idle)
