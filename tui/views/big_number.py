"""A figure three rows high, to be read from across the room."""

from __future__ import annotations

_GLYPHS = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", "▀▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    ".": (" ", " ", "▀"),
    "%": ("▀ █", "▄▀ ", "▀ ▀"),
    " ": (" ", " ", " "),
}


def big(metric: str, *, ascii_only: bool = False) -> tuple[str, ...]:
    """The figure in large characters, as rows of equal length; on one row where only ASCII can be shown."""
    if ascii_only or not all(character in _GLYPHS for character in metric):
        return (metric,)
    return tuple(" ".join(_GLYPHS[character][row] for character in metric) for row in range(3))
