"""The questions that clients of a session wait for: answered in the worker's thread, told how far they are, given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from engine import commands as cmd
from engine.errors import EngineProblem
from engine.protocol import Working
from engine.worker.server.client_connection import Client

if TYPE_CHECKING:
    from engine.worker.queries import Answering

Work = Callable[..., Awaitable[Any]]
"""Runs a function in the worker's thread."""


class Questions:
    """Of one session. Only its event loop calls this."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Work) -> None:
        self._loop, self._work = loop, work
        self._asked: dict[tuple[Client, int], Answering | None] = {}

    async def answer(self, question: cmd.Question, client: Client) -> dict[str, Any]:
        """The answer. Raises the `Problem` it is refused with, which a question that was given up is, too."""
        key = (client, question.id)
        self._asked[key] = None

        def tell(share: float, text: str) -> None:
            self._loop.call_soon_threadsafe(client.tell, Working(id=question.id, share=share, text=text))

        def answer() -> dict[str, Any] | None:
            from engine.worker.queries import Answering, GivenUp, answer  # noqa: PLC0415 - brings torch in

            answering = Answering(tell)
            if key not in self._asked:
                return None
            self._asked[key] = answering
            try:
                return answer(question, answering.report)
            except GivenUp:
                return None

        try:
            found: dict[str, Any] | None = await self._work(answer)
        finally:
            self._asked.pop(key, None)
        if found is None:
            raise EngineProblem("The question was taken back.")
        return found

    def give_up(self, client: Client, number: int | None = None) -> None:
        """Forget a client's question of this number, or all of them."""
        for key in [key for key in self._asked if key[0] is client and number in (None, key[1])]:
            answering = self._asked.pop(key)
            if answering is not None:
                answering.give_up()
