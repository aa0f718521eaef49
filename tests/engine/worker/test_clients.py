"""The messages that clients of a session get, and their order."""

import asyncio
from pathlib import Path
from typing import Any

from engine import protocol
from engine.protocol import Greeting, Hello, Ready
from engine.worker.server.client_connection import ClientConnection
from engine.worker.server.clients import Clients


class FakeHost:
    """A session without a run."""

    run = log = None
    ready: Ready | None = None

    def hello(self) -> Hello:
        return Hello(version="1", pid=1)

    def on_greeting(self) -> None:
        pass

    async def handle(self, command: Any, client: ClientConnection) -> Any:
        raise AssertionError(command)


async def test_hello_comes_first_though_torch_is_loaded_before_the_greeting(tmp_path: Path) -> None:
    host, clients, connected = FakeHost(), Clients(), asyncio.Event()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = ClientConnection(host, reader, writer)
        clients.add(client)
        connected.set()
        await client.serve()

    async with await asyncio.start_unix_server(welcome, path=str(tmp_path / "sock")):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "sock"))
        await connected.wait()
        host.ready = ready = Ready(torch="2")
        clients.send(ready)  # the client has not sent its greeting
        writer.write(protocol.encode(Greeting(role="script")))
        first, second = [protocol.decode_server(await reader.readline()) for _ in range(2)]
        assert (first, second) == (host.hello(), ready)
        writer.close()
