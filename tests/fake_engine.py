"""An engine without a process: emits the events pushed to it and records its commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

import msgspec

from engine.client import EngineLike, Heard, Lost, Message
from engine.commands import Command
from engine.errors import EngineProblem, Problem
from engine.protocol import Ready, Reply


class FakeEngine:
    """Has the interface of `engine.client.Engine`.

    `push` tells more, `end` is the sentinel after which `events` ends. `commands` are the ones it was sent. `answer`,
    where it is given, is called with each: it may push events, or raise the `Problem` to refuse with.
    """

    def __init__(self, events: Iterable[Message] = (), *, ready: bool = True) -> None:
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self.commands: list[Command] = []
        self.closed = self.ended = self.started = False
        self.ready = ready
        self.answer: Callable[[Command], object] | None = None
        if ready:
            self.push(Ready(torch="2.13.0"))
        self.push(*events)

    def push(self, *messages: Message) -> None:
        """Emit these messages in order."""
        for message in messages:
            self._queue.put_nowait(message)

    def end(self) -> None:
        """End the stream after what was pushed."""
        self._queue.put_nowait(None)

    async def connect(self) -> EngineLike:
        """The function that an app uses to connect."""
        return self

    async def events(self) -> AsyncIterator[Message]:
        """All pushed messages, until the sentinel or `Lost`."""
        while True:
            message = await self._queue.get()
            try:
                if message is None:
                    return
                yield message
            finally:
                self._queue.task_done()
            if isinstance(message, Lost):
                return

    async def told(self) -> None:
        """Wait until every pushed message was consumed, unless there is no consumer left."""
        if not self.closed:
            await self._queue.join()

    async def send(self, command: Command, heard: Heard | None = None) -> Reply:
        """Record the command and accept it unless `answer` refuses; a dict from `answer` is the reply's result."""
        if self.closed:
            raise EngineProblem("The engine is gone.")
        self.commands.append(command)
        result = self.answer(command) if self.answer is not None else None
        return Reply(id=command.id, result=result if isinstance(result, dict) else {})

    async def end_process(self) -> None:
        """Record that the engine was killed."""
        self.ended = True
        self.push(Lost("The engine was ended."))

    async def close(self) -> None:
        """Close the connection."""
        self.closed = True
        self.end()


def refusing(problem: Problem) -> Callable[[Command], object]:
    """An `answer` that refuses everything."""

    def refuse(command: Command) -> object:
        raise problem

    return refuse


def kinds(commands: Iterable[Command]) -> list[type[msgspec.Struct]]:
    """The types of commands, in order."""
    return [type(command) for command in commands]
