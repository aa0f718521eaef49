"""How commands print: lines, or JSON. All output of a command goes through here.

Text from outside (names of folders, files and hosts, settings, events of a log) never reaches a terminal with control
characters in it, and output that cannot be written is a `Problem`.
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
"""Exit status where the program that read the output has gone (128 + SIGPIPE, as the shell's own tools end)."""

_CONTROLS = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""The control characters that JSON leaves as they are, in UTF-8: DEL, C1, and those of lines and of directions."""


def print_lines(lines: Iterable[str], *, styled: bool = False) -> None:
    """Print lines on standard output. `styled`: they have escape sequences of our own, and nothing from outside."""
    given = lines if styled else map(clean, lines)
    with writing():
        print(*given, sep="\n")


def print_json(value: object, *, indented: bool = True) -> None:
    """Print a JSON document, indented or on one line, in UTF-8 whatever the locale."""
    import msgspec  # noqa: PLC0415 - not everything that prints needs it

    document = msgspec.json.encode(value)
    with writing():
        sys.stdout.flush()
        sys.stdout.buffer.write(clean_json(msgspec.json.format(document, indent=2) if indented else document) + b"\n")


def tell(text: str) -> None:
    """Print a line for the person on standard error; where that cannot be written, nobody is there to be told."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(clean(text), file=sys.stderr, flush=True)


def flush() -> None:
    """Write what was printed so far."""
    with writing():
        sys.stdout.flush()


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """What cannot be written meanwhile on standard output is a `Problem`; a reader that has gone stays a BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        drop(sys.stdout)
        raise Problem(cannot_be_written(fault)) from fault


def cannot_be_written(fault: OSError) -> str:
    """The sentence for output that cannot be written."""
    return f"The output cannot be written: {reason(fault)}."


def drop(stream: TextIO) -> None:
    """Let all that is still printed on a stream, the interpreter's own last flush included, go nowhere without a word."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def clean(text: str) -> str:
    """The text on one line and as long as before, without control characters and others that are not to be seen."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else " " if c.isspace() else "?" for c in text
    )


def clean_json(document: bytes) -> bytes:
    """The same JSON with an escape for every control character."""
    return _CONTROLS.sub(lambda found: b"\\u%04x" % ord(found[0].decode()), document)


def size(octets: int) -> str:
    """A number of bytes: "11.0 MB" (a million bytes each)."""
    return f"{octets / 1e6:.1f} MB"


def columns(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Rows as lines, their cells aligned; the columns whose numbers are in `right` on the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    on_right = set(right)

    def line(row: Sequence[str]) -> str:
        cells = (c.rjust(w) if i in on_right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        return "  ".join(cells).rstrip()

    return [line(row) for row in rows]


def complain(sentence: str) -> None:
    """Print a fault for the person."""
    tell(f"mnist-tui: {sentence}")
