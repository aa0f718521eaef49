"""Serializes key and paste events: each is handled completely before the next is dispatched."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode

_LOST_SECONDS = 0.25
"""Interval for checking that the widgets a key passes through still exist; a removed one drops its messages."""
_PATIENCE = 20
"""Checks after which a key is given up if a widget does not finish handling it."""


class QueuedInputApp(App[None]):
    """An app that dispatches a key only after the previous one has been handled.

    Textual sends a key to the widget that has the focus when it arrives; an unhandled key bubbles up, and bindings run at
    the end. If a Tab and a digit arrive in one read, as over a slow line, both would go to the field that has the focus
    before the Tab: the digit would be lost, or trigger a binding.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._typed: deque[events.Event] = deque()
        self._is_dispatching = False
        self._path_number = 0

    async def on_event(self, event: events.Event) -> None:
        """Queue keys and pastes; handle everything else immediately."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if not self._is_dispatching:
            self._is_dispatching = True
            await self._next()

    async def _next(self) -> None:
        """Dispatch the next event, after the focused widget has handled its messages: they may move the focus."""
        while self._typed and self.is_stale(self._typed[0]):
            self._typed.popleft()
        if not self._typed:
            self._is_dispatching = False
            self.keys_done()
        elif (focused := self.focused) is not None:
            self._follow([focused], lambda: self._dispatch(focused))
        else:
            await self._dispatch(None)

    def is_stale(self, event: events.Event) -> bool:
        """Whether a queued event is outdated and must be dropped."""
        return False

    def keys_done(self) -> None:
        """Called when all queued keys have been handled."""

    async def _dispatch(self, focused: DOMNode | None) -> None:
        if self.focused is not focused:
            await self._next()
            return
        path = list((focused or self.screen).ancestors_with_self)
        await super().on_event(self._typed.popleft())
        self._follow(path, self._next)

    def _follow(self, nodes: Sequence[DOMNode], then: Callable[[], Awaitable[None]]) -> None:
        """Call `then` once each node in turn has handled its pending messages."""
        self._path_number = number = self._path_number + 1

        def end() -> None:
            if number == self._path_number:
                self._path_number += 1
                self.call_later(then)

        def visit(rest: Sequence[DOMNode]) -> None:
            for at, node in enumerate(rest, 1):
                if node.call_later(visit, rest[at:]):
                    return
            end()

        def check(left: int) -> None:
            if number != self._path_number:
                return
            if left and all(node.is_running and node.is_attached for node in nodes):  # just slow
                asyncio.get_running_loop().call_later(_LOST_SECONDS, check, left - 1)
            else:
                end()

        asyncio.get_running_loop().call_later(_LOST_SECONDS, check, _PATIENCE)
        visit(nodes)
