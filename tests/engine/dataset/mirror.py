"""A mirror on this machine, which serves files and misbehaves as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers a request as the mirror's table says, else with the file of that name."""

    mirror: Mirror

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.mirror.asked.append(name)
        try:
            self.mirror.answers.get(name, file)(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def body(self) -> bytes:
        return self.mirror.files[self.path.rpartition("/")[2]]

    def start(self, length: int | None, status: int = 200) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Mirror:
    """A running server: its address, what it serves, how it misbehaves, which files it was asked for."""

    address: str
    files: Mapping[str, bytes]
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


def file(handler: Handler) -> None:
    handler.start(len(handler.body()))
    handler.wfile.write(handler.body())


def no_length(handler: Handler) -> None:
    handler.start(None)
    handler.wfile.write(handler.body())


def refuse(status: int) -> Answer:
    return lambda handler: handler.send_error(status)


def page(handler: Handler) -> None:
    content = b"<!DOCTYPE html><html><body>Please log in</body></html>"
    handler.start(len(content))
    handler.wfile.write(content)


def send(content: bytes) -> Answer:
    """Other bytes than the file's."""

    def answer(handler: Handler) -> None:
        handler.start(len(content))
        handler.wfile.write(content)

    return answer


def short(handler: Handler) -> None:
    handler.start(len(handler.body()))
    handler.wfile.write(handler.body()[:100])


def short_without_length(handler: Handler) -> None:
    handler.start(None)
    handler.wfile.write(handler.body()[:100])


def stall(handler: Handler) -> None:
    handler.start(len(handler.body()))
    handler.wfile.write(handler.body()[:100])
    handler.mirror.closing.wait()


def silent(handler: Handler) -> None:
    handler.mirror.closing.wait()


def drip(handler: Handler) -> None:
    """A byte now and then, which keeps the socket's timeout content."""
    handler.start(len(handler.body()))
    for byte in handler.body():
        handler.wfile.write(bytes([byte]))
        if handler.mirror.closing.wait(0.005):
            return


def garble(handler: Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def redirect(location: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.end_headers()

    return answer


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Mirror]:
    """A mirror that runs as long as the block does."""
    handler = type("BoundHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.mirror = mirror = Mirror(f"http://127.0.0.1:{server.server_port}/mnist", files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
