"""Who is attached to a session, and which of the screens steers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from engine.errors import EngineProblem
from engine.protocol import ExperimentOver, Ready, Steers
from engine.worker.server.client_connection import Client


class Audience:
    """The clients in the order they came. Of the screens one steers: the first, until another takes control."""

    def __init__(self) -> None:
        self._clients: dict[Client, None] = {}
        self._steering: Client | None = None

    def __iter__(self) -> Iterator[Client]:
        return iter(list(self._clients))

    def __len__(self) -> int:
        return len(self._clients)

    def welcome(self, client: Client) -> None:
        """A client has come; it has not said yet who it is."""
        self._clients[client] = None

    def part(self, client: Client) -> None:
        """A client has gone."""
        del self._clients[client]
        client.leave()
        self.hand_over(None if client is self._steering else self._steering)

    def joined(self) -> None:
        """A client has said who it is."""
        self.hand_over(self._steering)

    def take_control(self, client: Client) -> None:
        """Have a screen steer; one that only watches is refused."""
        if client.role == "watcher":
            self.require_steering(client)
        self.hand_over(client if client.role == "screen" else self._steering)

    def hand_over(self, to: Client | None) -> None:
        """Have a screen steer (None: the one that is here the longest), and tell all."""
        screens = [c for c in self._clients if c.role in ("screen", "watcher")]
        self._steering = to or next((c for c in screens if c.role == "screen"), None)
        name = self._steering.name if self._steering else ""
        for client in screens:
            steers = Steers(name=name, you=client is self._steering, screens=len(screens))
            if steers != client.told:
                client.told = steers
                client.tell(steers)

    def require_steering(self, client: Client) -> None:
        """Raises `EngineProblem` for a screen that does not steer; scripts give orders beside it."""
        if client.role == "watcher":
            raise EngineProblem("This screen only watches (--read-only).")
        if client.role == "screen" and client is not self._steering:
            name = self._steering.name if self._steering else "another screen"
            raise EngineProblem(f"{name or 'Another screen'} steers; take control first.")

    def tell(self, message: Ready) -> None:
        """Send all a message that belongs to no run; one that has not said who it is gets it with its `Hello`."""
        for client in self:
            if client.role is not None:
                client.tell(message)

    def tell_after(self, message: ExperimentOver | Ready) -> None:
        """The same once each has the events so far."""
        for client in self:
            client.tell_after(message)

    def wake(self) -> None:
        """There are events that they have not been sent."""
        for client in self:
            client.news.set()

    async def served(self, seconds: float) -> None:
        """Close every connection once its client has been sent all there is, but after so many seconds at the latest."""
        clients = list(self)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for client in clients:
                    await client.is_served()
                for client in clients:
                    client.leave()
                    await client.is_gone()
        for client in clients:
            client.leave()
