"""Whether the libraries that are installed are those that this version of mnist-tui needs, from their metadata alone.

Nothing is imported, torch least of all: the names of the folders that installers leave beside a library
(``plotext-5.3.2.dist-info``) tell its version in a millisecond.
"""

from __future__ import annotations

import operator
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from engine.errors import Problem
from engine.fields import short

_PROJECT = "mnist_tui"
_IMPORTED_AS = {"pillow": "PIL"}
_PLACES = ("site-packages", "dist-packages")
_COMPARES: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Library:
    """A library that mnist-tui needs: `wanted` is a condition such as ``>=5.3,<6``; `version` is empty where none is
    installed. `folder` is where it lies; `shadow` a file of another kind that is imported in its place."""

    name: str
    wanted: str
    version: str = ""
    folder: str = ""
    shadow: str = ""

    @property
    def fits(self) -> bool:
        """Whether it is there, in a version that is wanted. One that cannot be told is taken to be."""
        return bool(self.version) and not self.shadow and _satisfies(self.version, self.wanted)

    @property
    def module(self) -> str:
        """What it is imported as."""
        return _imported_as(self.name)


def libraries() -> list[Library]:
    """Every library that mnist-tui needs, as it is here. Empty where mnist-tui itself has no metadata."""
    path = [_Entry(folder) for folder in dict.fromkeys(sys.path)]
    return [_found(name, wanted, path) for name, wanted in _requirements(path)]


def expect_libraries() -> None:
    """Raises `Problem`, with the command that puts it right, where a library is missing or of another version."""
    if wrong := [each for each in libraries() if not each.fits]:
        raise Problem(sentence(wrong))


def sentence(wrong: Sequence[Library]) -> str:
    """What is wrong with these, and what to do."""
    for each in wrong:
        if each.shadow:
            return in_place_of(each.shadow, each.module)
    told = " and ".join(
        f"{each.name} {short(each.version)}" if each.version else f"{each.name}, which is not installed"
        for each in wrong
    )
    first = f"This version of mnist-tui cannot work with {told}" if wrong[0].version else f"mnist-tui needs {told}"
    return f"{first}; {repair(wrong)}."


def repair(wrong: Sequence[Library]) -> str:
    """The command that installs what is wanted, in words."""
    wanted = " ".join(shlex.quote(each.name + each.wanted) for each in wrong)
    python = shlex.quote(sys.executable or "python")
    installs = f"{python} -m pip install" if _is_importable("pip") else f"uv pip install --python {python}"
    aside = sorted({each.folder for each in wrong if each.folder and os.path.basename(each.folder) not in _PLACES})
    once = f", once {short(', '.join(aside), 300)} is out of PYTHONPATH" if aside else ""
    return f"`{installs} {wanted}` puts it right{once}"


def in_place_of(file: str, module: str) -> str:
    """What to say of a file that is imported in place of a library's module."""
    return (
        f"{short(file, 400)} is imported in place of the library '{short(module)}', which mnist-tui needs; "
        "rename it, or take its folder out of PYTHONPATH (`env -u PYTHONPATH mnist-tui` does without)."
    )


class _Entry:
    """A folder on the path: the versions of what is installed there, by name, and the names of all in it."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder or ".")
        self.metadata: dict[str, list[tuple[str, str]]] = {}
        """Versions and folders of metadata, by distribution."""
        try:
            self.names = frozenset(os.listdir(self.folder))
        except OSError:
            self.names = frozenset()
        for name in self.names:
            stem, dot, ending = name.rpartition(".")
            if dot and ending in ("dist-info", "egg-info"):
                project, _, rest = stem.partition("-")
                self.metadata.setdefault(_normal(project), []).append((rest.split("-")[0], name))


def _requirements(path: Sequence[_Entry]) -> Iterator[tuple[str, str]]:
    """Names and conditions, as mnist-tui's own metadata has them."""
    for entry in path:
        for _, folder in entry.metadata.get(_PROJECT, ()):
            try:
                text = Path(entry.folder, folder, "METADATA").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            for line in text.partition("\n\n")[0].splitlines():
                if found := re.fullmatch(r"Requires-Dist: ([\w.-]+) *\(?([^;()]*)\)?", line):
                    yield found[1], ",".join(sorted(filter(None, map(str.strip, found[2].split(","))), reverse=True))
            return


def _found(name: str, wanted: str, path: Sequence[_Entry]) -> Library:
    normal, module = _normal(name), _imported_as(name)
    for entry in path:
        if versions := [version for version, _ in entry.metadata.get(normal, ()) if version]:
            fitting = [version for version in versions if _satisfies(version, wanted)]
            return Library(name, wanted, (fitting or versions)[0], entry.folder)
        if f"{module}.py" in entry.names and entry.folder.rsplit(os.sep, 1)[-1] not in _PLACES:
            return Library(name, wanted, shadow=os.path.join(entry.folder, f"{module}.py"))
    return Library(name, wanted, _version_told(name) or ("unknown" if _is_importable(module) else ""))


def _version_told(name: str) -> str:
    """The version by way of whatever finders there are; slow, and hardly ever needed."""
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _is_importable(module: str) -> bool:
    try:
        return PathFinder.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _satisfies(version: str, wanted: str) -> bool:
    """Whether a version meets all conditions (PEP 440, releases alone). One that has no numbers does."""
    if (have := _release(version)) is None:
        return True
    for condition in filter(None, wanted.split(",")):
        found = re.fullmatch(r"(>=|<=|==|!=|>|<) *([\d.]+)", condition.strip())
        if found and not _COMPARES[found[1]](*_as_long(have, _release(found[2]) or ())):
            return False
    return True


def _release(version: str) -> tuple[int, ...] | None:
    found = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else None


def _as_long(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    length = max(len(first), len(second))
    return first + (0,) * (length - len(first)), second + (0,) * (length - len(second))


def _imported_as(name: str) -> str:
    return _IMPORTED_AS.get(name, _normal(name))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
