"""Suggestions for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS_PER_TYPO = 4
"""Typed letters per tolerated typo. Unrelated names rarely are that similar: "branch" and "batch" are two typos apart."""
_MAX_TYPOS = 3
_LONGEST = 40
"""No name is longer, and the time to compare grows with the square of the length."""


def nearest(typed: str, names: Iterable[str]) -> list[str]:
    """The names within the tolerated number of typos, nearest first; none for a text that is too short."""
    allowed = min(len(typed) // _LETTERS_PER_TYPO, _MAX_TYPOS)
    if not allowed or len(typed) > _LONGEST:
        return []
    found = [(distance(typed, name), name) for name in names if abs(len(name) - len(typed)) <= allowed]
    return [name for count, name in sorted(found, key=lambda one: one[0]) if count <= allowed]


def distance(typed: str, meant: str) -> int:
    """The optimal string alignment distance (restricted Damerau-Levenshtein, Damerau 1964).

    It counts omitted, inserted and replaced letters, and swaps of neighbors.
    """
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for at, letter in enumerate(typed, 1):
        earlier, before, row = before, row, [at]
        for to, other in enumerate(meant, 1):
            best = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == meant[to - 2] and typed[at - 2] == other:
                best = min(best, earlier[to - 2] + 1)
            row.append(best)
    return row[-1]
