"""The bytes of a person's picture: regular files alone, never waited for, never more than a picture of a digit takes."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, Protocol

from engine.dataset.data_files import is_web_page, printable
from engine.errors import PictureProblem, reason

LARGEST_FILE = 64 * 1000 * 1000
"""Bytes; a phone's photo has 20 million at most."""

EXPECTED = "a picture (PNG, JPEG, GIF, BMP, TIFF, WebP or PNM)"

_NOT_OURS = (
    (b"%PDF", "a PDF document", "take a picture of the page instead, such as a screenshot"),
    (b"<svg", "an SVG drawing", "export it as PNG"),
    (b"%!PS", "a PostScript document", "export it as PNG"),
)
_FTYP = slice(4, 12)
_HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1", b"ftypheim", b"ftypheis")


class Input(Protocol):
    """Something bytes are read from, such as standard input."""

    def read(self, size: int, /) -> bytes | None: ...


def read_file(path: Path) -> bytes:
    """What is in a file. Raises `PictureProblem` for all but a regular file of a sane size, without waiting for a pipe."""
    name = printable(str(path))
    try:
        _expect_file(path.stat(), name)
        # Between the look and the opening the path may have become a pipe: opened so, that one does not block either.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _expect_file(os.fstat(descriptor), name)
            return read_input(file, name)
    except FileNotFoundError as fault:
        raise PictureProblem(f"There is no file {name}.") from fault
    except OSError as fault:
        raise PictureProblem(f"{name} cannot be read: {reason(fault)}.") from fault
    except ValueError as fault:  # a null character in the name
        raise PictureProblem(f"{name} is no name of a file.") from fault


def read_input(file: Input | BinaryIO, name: str) -> bytes:
    """All of an open file that is called `name`. Raises `PictureProblem` where it is none or too much, `OSError`."""
    content = file.read(LARGEST_FILE + 1)
    if not content:
        raise PictureProblem(f"{name} is empty; expected {EXPECTED}.")
    if len(content) > LARGEST_FILE:
        raise _too_large(name)
    return content


def what_else(content: bytes) -> str:
    """What a file is that is no picture, with what to do about it; empty where that is not known."""
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, what, advice in _NOT_OURS:
        if start.startswith(magic) or (magic == b"<svg" and start.startswith(b"<") and magic in start.lower()):
            return f"{what}; {advice}"
    if content[_FTYP] in _HEIC:
        return "a HEIC photo; save it as JPEG or PNG (on an iPhone: Settings, Camera, Formats, Most Compatible)"
    if is_web_page(start):
        return f"a web page; expected {EXPECTED}"
    if b"\0" not in start and "".join(start.decode("utf-8", "ignore").split()).isprintable():
        return f"text; expected {EXPECTED}"
    return ""


def _expect_file(status: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise PictureProblem(f"{name} is a folder; name the pictures in it, as in {name.rstrip('/')}/*.png.")
    if not stat.S_ISREG(status.st_mode):
        raise PictureProblem(f"{name} is a device, pipe or socket; expected {EXPECTED}.")
    if status.st_size > LARGEST_FILE:
        raise _too_large(name)


def _too_large(name: str) -> PictureProblem:
    return PictureProblem(
        f"{name} has more than {LARGEST_FILE // 10**6} million bytes; expected a picture of one digit, which takes less."
    )
