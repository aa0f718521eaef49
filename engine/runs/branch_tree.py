"""Runs and their branches as a tree, in lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.runs.folder import RunFolder


def present_names(runs: Sequence[RunFolder]) -> dict[str, str]:
    """The present name of each run by its present name and, where no other run has that, by its first one."""
    return {run.first_name(): run.name for run in runs} | {run.name: run.name for run in runs}


def tree(names: Sequence[str], parents: Mapping[str, str]) -> list[tuple[str, str]]:
    """The names with each branch under its parent, in the order given otherwise, and what stands before each name.

    `parents` are the parents' names by name, of those that have one. One whose parent is not among the names, or that is
    its own forebear, stands by itself.
    """
    known = set(names)
    children: dict[str, list[str]] = {}
    roots = []
    for name in names:
        parent = parents.get(name, "")
        if parent in known and not _is_forebear(name, parent, parents):
            children.setdefault(parent, []).append(name)
        else:
            roots.append(name)
    lines: list[tuple[str, str]] = []
    waiting = [(name, "", "") for name in reversed(roots)]
    while waiting:
        name, before, under = waiting.pop()
        lines.append((name, before))
        below = children.get(name, [])
        for place in reversed(range(len(below))):
            last = place == len(below) - 1
            waiting.append((below[place], under + ("└ " if last else "├ "), under + ("  " if last else "│ ")))
    return lines


def _is_forebear(name: str, of: str, parents: Mapping[str, str]) -> bool:
    """Whether `name` is `of` or one that it comes from."""
    seen = set()
    while of and of not in seen:
        if of == name:
            return True
        seen.add(of)
        of = parents.get(of, "")
    return False
