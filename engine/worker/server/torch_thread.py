"""The single thread in which everything that needs torch runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.protocol import Ready
from engine.worker.server import torch_tasks


class TorchThread:
    """Runs functions one after the other, in the order of the calls. Used from the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="trainer")
        self.ready: Ready | None = None
        """Set once torch is loaded, or could not be."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """Queue a call that needs torch. The result raises `EngineProblem` where torch cannot be imported."""
        return self._loop.run_in_executor(self._executor, torch_tasks.guarded, function, *arguments)

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Queue a call that needs torch and wait for its result."""
        return await self.submit(function, *arguments)

    def hold(self, wait: Callable[[], object]) -> None:
        """Block the thread until `wait` returns."""
        self._executor.submit(wait)

    def shutdown(self) -> None:
        """Cancel what is queued; a call in progress is not waited for."""
        self._executor.shutdown(wait=False, cancel_futures=True)
