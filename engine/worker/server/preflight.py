"""What is refused before there is a run: a device, a precision or data that it cannot be trained with."""

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
"""How long is waited for an answer. A disk or a driver that takes longer is waited for in the run, where it can be stopped."""
Work = Callable[..., Awaitable[Any]]
"""Does something in the trainer's thread."""


async def refuse(config: TrainConfig, work: Work, *, warm: bool) -> None:
    """Look at what may be wrong with the settings on this machine. Raises `ConfigProblem` or `DataProblem`.

    `warm`: torch is there. What is usual takes no time: the shipped data, the processor.
    """
    if config.data_dir or config.train_images:
        await _within(DATA_SECONDS, work(_check_data, config) if warm else _read(config))
    if config.device not in ("auto", "cpu") or config.precision != "fp32":
        await _within(DEVICE_SECONDS, work(_check_device, config))


async def _within(seconds: float, answer: Awaitable[object]) -> None:
    asked = asyncio.ensure_future(answer)
    asked.add_done_callback(lambda late: late.cancelled() or late.exception())  # seen, also where nobody waits any more
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asked), seconds)


def _check_device(config: TrainConfig) -> None:
    from engine.worker.model.device import check_precision, choose_device  # noqa: PLC0415 - brings torch in

    check_precision(config.precision, choose_device(config.device)[0])


def _check_data(config: TrainConfig) -> None:
    from engine.worker.training.setup import load_data  # noqa: PLC0415 - brings torch in

    check_size(config, load_data(config.data_dir))


async def _read(config: TrainConfig) -> None:
    """Read the data beside the import of torch."""
    await asyncio.to_thread(lambda: check_size(config, load(Path(config.data_dir) if config.data_dir else None)))
