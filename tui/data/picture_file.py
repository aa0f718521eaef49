"""A picture that a person brings, by its path as it is typed, pasted, or dropped on the terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt

from engine.dataset.data_files import printable
from engine.errors import PictureProblem
from engine.paths import expanded
from engine.pictures import read_picture


def path_of(text: str) -> Path:
    """The path that is meant: without the quotation marks, backslashes or ``file://`` that terminals and shells put in.

    What names a file as it stands is taken so; ~ is the home folder.
    """
    text = text.strip()
    try:
        plain = expanded(text)
        if plain.exists():
            return plain
        if text.startswith("file://"):
            return Path(unquote(urlsplit(text).path))
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            return expanded(text[1:-1])
        bare = expanded(re.sub(r"\\(.)", r"\1", text))
        return bare if bare.exists() else plain
    except (OSError, ValueError):  # too long, or with a null character: whoever opens it says so
        return Path(text)


def bring(text: str) -> Given:
    """The picture at a path. Reads files: not for the event loop. Raises `PictureProblem`, also where no digit is found."""
    path = path_of(text)
    picture = read_picture(path)
    name = printable(path.name)
    if picture.pixels is None:
        raise PictureProblem(f"There is no digit to read in {name}: {picture.missing}.")
    return Given(name, picture.pixels, picture.said)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A picture that was brought: what the network is to see of it (28, 28), its name, and what was done to it."""

    name: str
    pixels: npt.NDArray[np.uint8]
    said: tuple[str, ...] = ()
