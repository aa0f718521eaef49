"""Checks before a run is created that its device, precision and data can be used for training."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from engine.config import TrainConfig
from engine.dataset import load
from engine.dataset.size import check_size

DATA_SECONDS, DEVICE_SECONDS = 2.0, 20.0
"""How long each check may take. A slower disk or driver is waited for within the run, where it can be stopped."""
RunInThread = Callable[..., Awaitable[Any]]
"""Runs a function in the torch thread."""


async def check_trainable(config: TrainConfig, run_in_thread: RunInThread, *, torch_loaded: bool) -> None:
    """Check the settings that may not work on this machine. Raises `ConfigProblem` or `DataProblem`.

    The defaults, bundled data on the CPU, need no check.
    """
    if config.data_dir or config.train_images:
        await _within(DATA_SECONDS, run_in_thread(_check_data, config) if torch_loaded else _read_data(config))
    if config.device not in ("auto", "cpu") or config.precision != "fp32":
        await _within(DEVICE_SECONDS, run_in_thread(_check_device, config))


async def _within(seconds: float, check: Awaitable[object]) -> None:
    task = asyncio.ensure_future(check)
    task.add_done_callback(lambda late: late.cancelled() or late.exception())  # mark a late exception as retrieved
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(task), seconds)


def _check_device(config: TrainConfig) -> None:
    from engine.worker.model.device import check_precision, choose_device  # noqa: PLC0415 - imports torch

    check_precision(config.precision, choose_device(config.device)[0])


def _check_data(config: TrainConfig) -> None:
    from engine.worker.training.setup import load_data  # noqa: PLC0415 - imports torch

    check_size(config, load_data(config.data_dir))


async def _read_data(config: TrainConfig) -> None:
    """Read the data while torch is being imported."""
    await asyncio.to_thread(lambda: check_size(config, load(Path(config.data_dir) if config.data_dir else None)))
