"""Queries of a session's clients: answered in the torch thread, with progress reports, and cancelable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from engine import commands as cmd
from engine.answers import Answer
from engine.errors import EngineProblem
from engine.protocol import Working
from engine.worker.server.client_connection import ClientConnection

if TYPE_CHECKING:
    from engine.worker.queries import QueryProgress

RunInThread = Callable[..., Awaitable[Any]]
"""Runs a function in the torch thread."""


class QueryQueue:
    """The queries of one session. Used only from its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run_in_thread: RunInThread) -> None:
        self._loop, self._run_in_thread = loop, run_in_thread
        self._pending: dict[tuple[ClientConnection, int], QueryProgress | None] = {}

    async def answer(self, query: cmd.Query, client: ClientConnection) -> Answer:
        """The answer to a query. Raises the `Problem` that it is refused with, and `EngineProblem` if it was canceled."""
        key = (client, query.id)
        self._pending[key] = None

        def report(share: float, text: str) -> None:
            self._loop.call_soon_threadsafe(client.send, Working(id=query.id, share=share, text=text))

        def answer() -> Answer | None:
            from engine.worker.queries import Canceled, QueryProgress, answer  # noqa: PLC0415 - imports torch

            progress = QueryProgress(report)
            if key not in self._pending:
                return None
            self._pending[key] = progress
            try:
                return answer(query, progress.report)
            except Canceled:
                return None

        try:
            found: Answer | None = await self._run_in_thread(answer)
        finally:
            self._pending.pop(key, None)
        if found is None:
            raise EngineProblem("The query was canceled.")
        return found

    def cancel(self, client: ClientConnection, number: int | None = None) -> None:
        """Cancel a client's query with this number, or all of its queries."""
        for key in [key for key in self._pending if key[0] is client and number in (None, key[1])]:
            progress = self._pending.pop(key)
            if progress is not None:
                progress.cancel()
