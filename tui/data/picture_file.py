"""A user's picture, opened by a path that was typed, pasted, or dropped on the terminal."""

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
    """The path without the quotation marks, backslashes or ``file://`` that terminals and shells add.

    Text that names an existing file is used as it is; ~ is the home folder.
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
    except (OSError, ValueError):  # too long, or contains a null character: opening it reports that
        return Path(text)


def open_picture(text: str) -> Given:
    """The picture at a path. Raises `PictureProblem`, also if it contains no digit. Must not run in the event loop."""
    path = path_of(text)
    picture = read_picture(path)
    name = printable(path.name)
    if picture.pixels is None:
        raise PictureProblem(f"No digit found in {name}: {picture.missing}.")
    return Given(name, picture.pixels, picture.said)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A picture as the network gets it (28, 28), its name, and the preprocessing applied."""

    name: str
    pixels: npt.NDArray[np.uint8]
    said: tuple[str, ...] = ()
