"""A real engine in a home of its own, and what it tells."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from engine import events as ev
from engine.client import Engine, Message
from engine.config import TrainConfig, make_config
from tests.engine.steered_kit import an_engine
from tests.kit import home_of_our_own, write_tiny_set


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for runs and sockets of our own, for engine processes too."""
    folder = tmp_path_factory.mktemp("home")
    with home_of_our_own(folder):
        yield folder


@pytest.fixture(scope="module")
def config(home: Path) -> TrainConfig:
    """A run that takes a moment."""
    data = write_tiny_set(home / "data", train=300, test=64)
    return make_config({"hidden": (16,), "batch_size": 16, "epochs": 3, "device": "cpu", "data_dir": str(data)})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    """One engine for every test that leaves it as it found it: torch takes seconds to load."""
    async with an_engine("screen") as started:
        yield started


async def until(engine: Engine, wanted: Callable[[Message], bool]) -> list[Any]:
    """The messages up to the first that is wanted."""
    seen = []
    async for message in engine.events():
        seen.append(message)
        if wanted(message):
            return seen
    raise AssertionError(f"never came; last was {seen[-1]}")


def is_a(*kinds: type) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, kinds)


def events(messages: list[Any]) -> list[Any]:
    return [m for m in messages if isinstance(m, ev.Base)]


async def gone(pid: int) -> bool:
    """Whether the process ends within five seconds."""
    process = psutil.Process(pid) if psutil.pid_exists(pid) else None
    with contextlib.suppress(psutil.TimeoutExpired):
        if process:
            await asyncio.to_thread(process.wait, 5)
        return True
    return False
