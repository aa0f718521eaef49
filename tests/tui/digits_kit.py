"""A small data set whose validation images are looked into, and a run on it that is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import TrainConfig, make_config
from tests.kit import write_tiny_set


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 images validate, 64 test."""
    return write_tiny_set(tmp_path_factory.mktemp("data"), train=300, test=64)


@pytest.fixture
def config(data: Path) -> TrainConfig:
    """Of three epochs."""
    return make_config({"data_dir": str(data), "epochs": 3})
