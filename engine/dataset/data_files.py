"""Opening data files with care: regular files only, gunzipped where the content says gzip, never more than asked for."""

from __future__ import annotations

import gzip
import shlex
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from engine.errors import DataProblem

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20
LIMIT = 1 << 30
"""The most bytes of content that any file is read for (1 GiB); MNIST's largest file has 47 MB."""

_PAGE_STARTS = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--")


class Stream(Protocol):
    """Something bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file for reading. Raises DataProblem, also for what goes wrong while it is read, with one sentence."""
    try:
        _expect_file(path)
        with path.open("rb") as file:
            if is_web_page(file.peek(512)):
                raise web_page(path)
            yield file
    except OSError as fault:
        raise DataProblem(f"{show(path)} cannot be read: {fault.strerror or fault}") from fault


@contextmanager
def reading(path: Path) -> Iterator[Stream]:
    """Open a file whose content may be gzipped; the stream gives the content itself.

    The first two bytes decide, not the name. Gzip's own checksum and length are checked when the end is reached.
    Raises DataProblem as `opened` does, and for gzip data that is cut short or damaged.
    """
    with opened(path) as file:
        if not file.peek(2).startswith(GZIP_MAGIC):
            yield file
            return
        try:
            with gzip.GzipFile(fileobj=file) as unzipped:
                yield unzipped
        except EOFError as fault:
            raise DataProblem(
                f"{show(path)} is cut short: its gzip data stops before the end; {replace(path)}"
            ) from fault
        except (gzip.BadGzipFile, zlib.error) as fault:
            raise DataProblem(f"{show(path)} is damaged: its gzip data is wrong ({fault}); {replace(path)}") from fault


def read_up_to(stream: Stream, size: int) -> bytearray:
    """At most `size` bytes. Memory grows with the bytes that come, so that an absurd size costs nothing."""
    content = bytearray()
    while len(content) < size and (chunk := stream.read(min(CHUNK, size - len(content)))):
        content += chunk
    return content


def is_web_page(start: bytes | bytearray) -> bool:
    """Whether a file that starts so is HTML or XML, as servers send instead of a file they do not have."""
    return bytes(start[:512]).removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE_STARTS)


def web_page(path: Path) -> DataProblem:
    """The fault of a file that is a web page."""
    return DataProblem(f"{show(path)} is a web page, not data: a server answered with a page; {replace(path)}")


def show(path: Path) -> str:
    """A path for people: control characters and bytes that are no text appear as escapes."""
    return printable(str(path))


def printable(text: str, longest: int = 4096) -> str:
    """Text from outside, made safe to print: escapes for what is not printable, cut where it is too long."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:longest])
    return shown if len(text) <= longest else f"{shown}…"


def replace(path: Path) -> str:
    """What to do about a damaged file."""
    return f"replace it with a good copy (for MNIST: {fetch_command(path.parent)})"


def fetch_command(folder: Path | None = None) -> str:
    """The command that downloads MNIST into a folder, in backticks; DIR where the folder is the person's choice."""
    return f"`mnist-tui fetch --data-dir {'DIR' if folder is None else shlex.quote(show(folder))}`"


def _expect_file(path: Path) -> None:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise DataProblem(f"{show(path)} is a folder; expected a data file")
    if not stat.S_ISREG(status.st_mode):
        raise DataProblem(f"{show(path)} is a device, pipe or socket; expected a data file")
    if status.st_size == 0:
        raise DataProblem(f"{show(path)} is empty; {replace(path)}")
