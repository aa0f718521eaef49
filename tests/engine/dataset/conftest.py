"""What the data set tests share: nothing of the person's own environment reaches them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit import write_tiny_set


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MNIST_TUI_MIRROR", raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A folder with a sound tiny set: 12 training and 4 test images."""
    return write_tiny_set(tmp_path / "tiny", train=12, test=4)
