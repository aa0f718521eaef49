"""The clients attached to a session, and which of the screens steers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from engine.errors import EngineProblem
from engine.protocol import ExperimentOver, Ready, Steers
from engine.worker.server.client_connection import ClientConnection


class Clients:
    """The clients in order of arrival. One of the screens steers: the first, until another takes control."""

    def __init__(self) -> None:
        self._clients: dict[ClientConnection, None] = {}
        self._steering: ClientConnection | None = None

    def __iter__(self) -> Iterator[ClientConnection]:
        return iter(list(self._clients))

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, client: ClientConnection) -> None:
        """Add a client that has not sent its greeting yet."""
        self._clients[client] = None

    def remove(self, client: ClientConnection) -> None:
        """Close a client's connection. If it was steering, the next screen steers."""
        del self._clients[client]
        client.close()
        if client is self._steering:
            self._steering = None
        self.assign_steering()

    def take_control(self, client: ClientConnection) -> None:
        """Let a screen steer. Raises `EngineProblem` for a watcher; without effect for a script."""
        if client.role == "watcher":
            self.require_steering(client)
        if client.role == "screen":
            self._steering = client
        self.assign_steering()

    def assign_steering(self) -> None:
        """Let the first screen steer if none does, and notify all screens."""
        screens = [c for c in self._clients if c.role in ("screen", "watcher")]
        self._steering = self._steering or next((c for c in screens if c.role == "screen"), None)
        name = self._steering.name if self._steering else ""
        for client in screens:
            steers = Steers(name=name, you=client is self._steering, screens=len(screens))
            if steers != client.last_steers:
                client.last_steers = steers
                client.send(steers)

    def require_steering(self, client: ClientConnection) -> None:
        """Raise `EngineProblem` for a screen that does not steer. Scripts may always send commands."""
        if client.role == "watcher":
            raise EngineProblem("This screen is read-only (--read-only).")
        if client.role == "screen" and client is not self._steering:
            name = self._steering.name if self._steering else "another screen"
            raise EngineProblem(f"{name or 'Another screen'} has control; take control first.")

    def send(self, message: Ready) -> None:
        """Send a message that belongs to no run. A client that has not sent its greeting gets it after its `Hello`."""
        for client in self:
            if client.role is not None:
                client.send(message)

    def send_after_events(self, message: ExperimentOver | Ready) -> None:
        """Send each client a message after all events logged so far."""
        for client in self:
            client.send_after_events(message)

    def notify(self) -> None:
        """Wake the clients' tasks: the log has new events."""
        for client in self:
            client.has_events.set()

    async def drain(self, seconds: float) -> None:
        """Close every connection once all events have been sent, or after `seconds`."""
        clients = list(self)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for client in clients:
                    await client.wait_up_to_date()
                for client in clients:
                    client.close()
                    await client.wait_closed()
        for client in clients:
            client.close()
