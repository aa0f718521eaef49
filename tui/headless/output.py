"""Output of commands: lines or JSON. Everything a command prints goes through here.

Text from outside (folder, file and host names, settings, logged events) is printed without control characters. Output
that cannot be written raises `Problem`.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from engine.errors import Problem, reason

READER_GONE = 141
"""Exit status after a broken pipe (128 + SIGPIPE, as for the shell's own tools)."""

_CONTROLS = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""Control characters that JSON does not escape, in UTF-8: DEL, C1, line separators, and bidirectional controls."""


def print_lines(lines: Iterable[str], *, styled: bool = False) -> None:
    """Print lines on standard output. `styled` lines contain our own escape sequences and no text from outside."""
    given = lines if styled else map(clean, lines)
    with writing():
        print(*given, sep="\n")


def print_json(value: object, *, indented: bool = True) -> None:
    """Print a JSON document, indented or on one line, in UTF-8 whatever the locale."""
    import msgspec  # noqa: PLC0415 - only needed for JSON

    document = msgspec.json.encode(value)
    with writing():
        sys.stdout.flush()
        sys.stdout.buffer.write(clean_json(msgspec.json.format(document, indent=2) if indented else document) + b"\n")


def print_message(text: str) -> None:
    """Print a line for the user on standard error. Failures are ignored."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(clean(text), file=sys.stderr, flush=True)


def flush() -> None:
    """Flush standard output. Raises `Problem` if that fails."""
    with writing():
        sys.stdout.flush()


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn an OSError while writing standard output into a `Problem`, except BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        drop(sys.stdout)
        raise Problem(cannot_be_written(fault)) from fault


def cannot_be_written(fault: OSError) -> str:
    """The message for output that cannot be written."""
    return f"The output cannot be written: {reason(fault)}."


def drop(stream: TextIO) -> None:
    """Redirect a stream to /dev/null, including the interpreter's final flush."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def clean(text: str) -> str:
    """The text on one line and of the same length, with spaces or '?' for control and invisible characters."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else " " if c.isspace() else "?" for c in text
    )


def clean_json(document: bytes) -> bytes:
    """The JSON document with every control character escaped."""
    return _CONTROLS.sub(lambda found: b"\\u%04x" % ord(found[0].decode()), document)


def size(octets: int) -> str:
    """A number of bytes in decimal megabytes: "11.0 MB"."""
    return f"{octets / 1e6:.1f} MB"


def columns(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Rows as lines with aligned cells. Columns whose index is in `right` are right-aligned."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    on_right = set(right)

    def line(row: Sequence[str]) -> str:
        cells = (c.rjust(w) if i in on_right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        return "  ".join(cells).rstrip()

    return [line(row) for row in rows]


def print_error(sentence: str) -> None:
    """Print an error message on standard error."""
    print_message(f"mnist-tui: {sentence}")
