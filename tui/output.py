"""How commands that answer at once print: lines, or one JSON document."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence


def print_lines(lines: Iterable[str]) -> None:
    """Print lines on standard output."""
    print(*lines, sep="\n")


def print_json(value: object) -> None:
    """Print a JSON document, indented, in UTF-8 whatever the locale."""
    import msgspec  # noqa: PLC0415 - not everything that prints needs it

    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


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
