"""Names that what was typed is likely a slip of."""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS_A_SLIP = 4
"""So many letters are typed for each slip that is forgiven. Names that have more in common than that by chance are rare:
"branch" and "batch" are two slips apart."""
_MOST = 3
_LONGEST = 40
"""Nobody types a longer name, and comparing takes time with the square of the length."""


def nearest(typed: str, names: Iterable[str]) -> list[str]:
    """The names that few enough slips lead to, the nearest first; none for something too short to tell."""
    allowed = min(len(typed) // _LETTERS_A_SLIP, _MOST)
    if not allowed or len(typed) > _LONGEST:
        return []
    found = [(slips(typed, name), name) for name in names if abs(len(name) - len(typed)) <= allowed]
    return [name for count, name in sorted(found, key=lambda one: one[0]) if count <= allowed]


def slips(typed: str, meant: str) -> int:
    """How many letters were left out, put in, taken for another, or swapped with their neighbor.

    The optimal string alignment distance (Damerau 1964, without later changes to what was swapped).
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
