"""An engine for questions alone, started when the first is asked, so that the one that trains is left in peace."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from engine.client import Connect, EngineLike, Heard, Lost
from engine.commands import Query
from engine.errors import EngineProblem


class Asker:
    """Answers to questions about runs. Use it in one event loop."""

    def __init__(self, start: Connect) -> None:
        self._start = start
        self._engine: EngineLike | None = None
        self._starting: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._answered: EngineLike | None = None

    @property
    def ready(self) -> bool:
        """Whether its engine has answered once, so that it need not start or load torch for the next answer."""
        return self._engine is not None and self._answered is self._engine

    async def ask(self, question: Query, heard: Heard | None = None) -> dict[str, Any]:
        """The answer. Raises the `Problem` it is refused with. `heard` is told how far it is; canceling gives it up."""
        engine = await self._connected()
        reply = await engine.send(question, heard)
        self._answered = engine
        return reply.result

    async def _connected(self) -> EngineLike:
        """The engine; one that is being started is waited for, also where the question it is started for is given up."""
        while self._engine is None:
            if self._starting is None or self._starting.done():
                self._starting = asyncio.create_task(self._begin(), name="question engine")
            await asyncio.shield(self._starting)
        return self._engine

    async def _begin(self) -> None:
        self._engine = engine = await self._start()
        self._listening = asyncio.create_task(self._listen(engine), name="questions")

    async def _listen(self, engine: EngineLike) -> None:
        """Take what it tells, which is nothing, until it is gone: the next question starts another."""
        async for message in engine.events():
            if isinstance(message, Lost):
                break
        if self._engine is engine:
            self._engine = None

    async def close(self) -> None:
        """Leave the engine; it ends by itself."""
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
        engine, self._engine = self._engine, None
        if self._listening is not None:
            self._listening.cancel()
        if engine is not None:
            with contextlib.suppress(EngineProblem, OSError):
                await engine.close()
