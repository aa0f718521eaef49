"""Helpers for tests of fetching: a tiny set, its checksums, and a mirror that has it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.dataset import fetch
from tests.engine.dataset.mirror import Mirror, serving
from tests.kit import TRAIN_IMAGES, tiny_contents

CONTENTS = tiny_contents(train=30, test=6)
SUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}
FILES = {f"{name}.gz": gzip.compress(content) for name, content in CONTENTS.items()}
FIRST = f"{TRAIN_IMAGES}.gz"


@pytest.fixture(scope="module")
def server() -> Iterator[Mirror]:
    with serving(FILES) as mirror:
        yield mirror


@pytest.fixture
def mirror(server: Mirror) -> Mirror:
    """A mirror that has all files and behaves, until told otherwise."""
    server.answers.clear()
    server.asked.clear()
    return server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mnist"


def get(target: Path, *mirrors: str, timeout: float = 5) -> list[Path]:
    return fetch(target, mirrors, timeout=timeout, sha256=SUMS)


def expect_complete(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
