"""Keys and pastes one after the other, each when the one before has had its effect."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode

_LOST_SECONDS = 0.25
"""How often it is looked whether the way of a key is still there: a widget that goes away takes along what waits in it."""
_PATIENCE = 20
"""Looks after which a key is given up that a widget does not get done with."""


class InTurn(App[None]):
    """An app that keeps each key until the one before has gone all its way.

    Textual hands a key to the widget that has the focus when it comes; one that is not taken there goes up from widget to
    widget, and what is bound to it happens at the end. Of a Tab and a digit that come in one read, as over a slow line,
    both would be handed to the field before the Tab, and the digit be lost or be a key of the program's.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._typed: deque[events.Event] = deque()
        self._under_way = False
        self._way = 0

    async def on_event(self, event: events.Event) -> None:
        """Put a key or a paste at the end of the line; everything else is handled at once."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if not self._under_way:
            self._under_way = True
            await self._next()

    async def _next(self) -> None:
        """Let what has the focus take notice of that first: it may pass it on."""
        while self._typed and self.is_stale(self._typed[0]):
            self._typed.popleft()
        if not self._typed:
            self._under_way = False
            self.keys_done()
        elif (focused := self.focused) is not None:
            self._follow([focused], lambda: self._hand_out(focused))
        else:
            await self._hand_out(None)

    def is_stale(self, event: events.Event) -> bool:
        """Whether a key or a paste that waited is not meant for the app any more."""
        return False

    def keys_done(self) -> None:
        """Each key that was typed so far has had its effect."""

    async def _hand_out(self, focused: DOMNode | None) -> None:
        if self.focused is not focused:
            await self._next()
            return
        way = list((focused or self.screen).ancestors_with_self)
        await super().on_event(self._typed.popleft())
        self._follow(way, self._next)

    def _follow(self, nodes: Sequence[DOMNode], then: Callable[[], Awaitable[None]]) -> None:
        """Go on when each of the nodes, in this order, has handled what waits in it."""
        self._way = way = self._way + 1

        def end() -> None:
            if way == self._way:
                self._way += 1
                self.call_later(then)

        def hop(rest: Sequence[DOMNode]) -> None:
            for at, node in enumerate(rest, 1):
                if node.call_later(hop, rest[at:]):
                    return
            end()

        def look(left: int) -> None:
            if way != self._way:
                return
            if left and all(node.is_running and node.is_attached for node in nodes):  # a busy machine, no more
                asyncio.get_running_loop().call_later(_LOST_SECONDS, look, left - 1)
            else:
                end()

        asyncio.get_running_loop().call_later(_LOST_SECONDS, look, _PATIENCE)
        hop(nodes)
