"""Modules of the user's that are imported in place of a library's: a ``numpy.py`` in PYTHONPATH, say.

Whatever the library's module would have done then fails, in whatever way. This finds the file to blame.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from types import ModuleType

from engine.host.libraries import in_place_of, libraries

_OURS = ("engine", "tui", "mnist_tui", "__main__")
_PLACES = ("site-packages", "dist-packages", "lib-dynload")


def sentence(fault: BaseException) -> str:
    """Which file is imported in place of a library's module, and what to do; empty where none has to do with the fault.

    Those that the traceback passes through count, and libraries that mnist-tui names as its own need.
    """
    for name, file in _suspects(fault):
        if _is_shadow(name, file):
            return in_place_of(file, name)
    return ""


def in_the_way() -> str:
    """The same of any library that mnist-tui names as its own need, imported or not; empty where there is none."""
    for each in libraries():
        found = PathFinder.find_spec(each.module)
        if found is not None and found.origin and _is_shadow(each.module, found.origin):
            return in_place_of(found.origin, each.module)
    return ""


def _suspects(fault: BaseException) -> Iterator[tuple[str, str]]:
    """Names and files of modules, the likeliest first."""
    seen: list[BaseException] = []
    further: BaseException | None = fault
    while further is not None and further not in seen:
        seen.append(further)
        yield from _of_fault(further)
        further = further.__cause__ or further.__context__
    for name in (each.module for each in libraries()):
        if isinstance(module := sys.modules.get(name), ModuleType):
            yield name, getattr(module, "__file__", None) or ""


def _of_fault(fault: BaseException) -> Iterator[tuple[str, str]]:
    if isinstance(fault, SyntaxError) and fault.filename:  # while it was read
        yield _named_by(fault.filename), fault.filename
    trace, files = fault.__traceback__, []
    while trace is not None:
        files.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    yield from ((_named_by(file), file) for file in reversed(files))


def _named_by(file: str) -> str:
    """The top-level module that a file would be, or be part of."""
    name = os.path.basename(file).partition(".")[0]
    return os.path.basename(os.path.dirname(file)) if name == "__init__" else name


def _is_shadow(name: str, file: str) -> bool:
    """Whether a module of this name lies in a folder that is no place for libraries, and one further on has it too."""
    if name in _OURS or not os.path.isabs(file):
        return False
    folder = os.path.dirname(file)
    if os.path.basename(file).partition(".")[0] == "__init__":
        folder = os.path.dirname(folder)
    if os.path.basename(folder) in _PLACES or _same(folder, os.path.dirname(os.__file__)):
        return False
    place = next((number for number, entry in enumerate(sys.path) if _same(folder, entry)), None)
    return place is not None and _has(name, sys.path[place + 1 :])


def _has(name: str, path: list[str]) -> bool:
    try:
        found = PathFinder.find_spec(name, path)
    except (ImportError, ValueError):
        return False
    return name in sys.stdlib_module_names or (found is not None and found.origin is not None)


def _same(folder: str, other: str) -> bool:
    return os.path.realpath(folder or ".") == os.path.realpath(other or ".")
