"""What in a folder is nearly a data set: names in capitals, links that lead nowhere, sets a folder deeper, archives."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from engine.dataset.data_files import printable
from engine.dataset.mnist import NAMES

_MOST_LISTED: Final = 6
_MOST_LOOKED_AT: Final = 2000
"""Entries of a folder that are looked at."""
_ARCHIVES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".7z", ".rar")
_FILES: Final = (".npz", ".pkl", ".pkl.gz")


def near_misses(folder: Path, besides: Sequence[str] = ()) -> str:
    """What was nearly found in a folder, in words that go on a sentence; empty where there is nothing of the kind.

    `besides` are names of files that are right.
    """
    found: list[str] = []
    for path in _entries(folder):
        if path.name in besides:
            continue
        if (said := _said(path)) or (path.is_dir() and (said := _below(path))):
            found.append(said)
    if not found:
        return ""
    more = f", and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return f"; near misses there: {', '.join(found[:_MOST_LISTED])}{more}"


def _said(path: Path) -> str:
    """What is nearly right about an entry, and what is not; empty where it is nothing of the kind."""
    name, lower = printable(path.name, 100), path.name.lower()
    wanted = _wanted(lower)
    if path.is_symlink() and not path.exists():
        return f"{name} is a link to {printable(_target(path), 200)}, which is not there" if wanted else ""
    if wanted:
        return f"{name} (the name should be {wanted})" if path.is_file() else ""
    if lower.endswith(_FILES) and path.is_file():
        return f"{name} (--data-dir takes the file itself)" if path.name == lower or not _is_known(path.name) else ""
    if lower.endswith(_ARCHIVES) and ("mnist" in lower or "images" in lower or "ubyte" in lower) and path.is_file():
        return f"{name} (an archive: unpack it)"
    return ""


def _wanted(lower: str) -> str:
    """The name that one in small letters comes near to; empty where it comes near to none."""
    packed = ".gz" if lower.endswith((".gz", ".gzip", ".z")) else ""
    stem = lower
    for suffix in (".gz", ".gzip", ".z", ".bin", ".idx", ".txt"):
        stem = stem.removesuffix(suffix)
    plain = "".join(c for c in stem if c.isalnum())
    for wanted in NAMES:
        short = wanted.replace("t10k", "test")
        if plain in {"".join(c for c in each if c.isalnum()) for each in (wanted, short)}:
            return wanted + packed
        if plain == "".join(c for c in wanted.split("-idx")[0] if c.isalnum()):
            return wanted + packed
    return "mnist.npz" if lower == "mnist.npz" else "mnist.pkl.gz" if lower == "mnist.pkl.gz" else ""


def _is_known(name: str) -> bool:
    return name in ("mnist.npz", "mnist.pkl.gz")


def _below(folder: Path) -> str:
    """That a subfolder, or one within it, has files of a set under their names."""
    for place in (folder, *(each for each in _entries(folder) if each.is_dir())):
        names = {path.name for path in _entries(place)}
        there = sum(any(f"{each}{end}" in names for each in _spellings(name) for end in ("", ".gz")) for name in NAMES)
        if there or names & {"mnist.npz", "mnist.pkl.gz"}:
            what = f"{there} of the four files" if there else "a data set"
            return f"its subfolder {printable(str(place.relative_to(folder.parent)), 200)} has {what}"
    return ""


def _spellings(name: str) -> tuple[str, str]:
    return name, name.replace("-idx", ".idx")


def _target(path: Path) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 - as it stands in the link
    except OSError:
        return "?"


def _entries(folder: Path) -> Iterator[Path]:
    """The entries of a folder by name, as many as are looked at; none where it cannot be read."""
    try:
        with os.scandir(folder) as found:
            names = [entry.name for _, entry in zip(range(_MOST_LOOKED_AT), found, strict=False)]
    except OSError:
        return
    yield from (folder / name for name in sorted(names))
