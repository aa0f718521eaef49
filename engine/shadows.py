"""Modules of the user's that are imported in place of a library's: a ``random.py`` in PYTHONPATH, say.

Whatever the library's module would have done then fails, in whatever way. This finds the file to blame.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from types import ModuleType

_OURS = ("engine", "tui", "mnist_tui", "__main__")


def sentence(fault: BaseException) -> str:
    """Which file is imported in place of a library's module, and what to do; empty where none has to do with the fault.

    Modules that were imported meanwhile count, and those that the traceback passes through or the fault names.
    """
    for name, file in _suspects(fault):
        if _is_shadow(name, file):
            return (
                f"{_shown(file)} is imported in place of the library module '{_shown(name)}', which mnist-tui needs; "
                f"rename it, or take its folder out of PYTHONPATH (`env -u PYTHONPATH mnist-tui` does without)."
            )
    return ""


def _suspects(fault: BaseException) -> Iterator[tuple[str, str]]:
    """Names and files of modules, the likeliest first."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield from _of_fault(fault)
        fault = fault.__cause__ or fault.__context__  # type: ignore[assignment] - ends the loop
    for name, module in list(sys.modules.items()):
        if "." not in name and isinstance(module, ModuleType):
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
    name = os.path.basename(file).partition(".")[0]  # noqa: PTH119 - pathlib may be what is shadowed
    return os.path.basename(os.path.dirname(file)) if name == "__init__" else name  # noqa: PTH119, PTH120


def _is_shadow(name: str, file: str) -> bool:
    """Whether a module of this name comes from before the libraries on the path, and the libraries have one too."""
    if name in _OURS or not os.path.isabs(file):  # noqa: PTH117
        return False
    folder = os.path.dirname(file)  # noqa: PTH120
    if os.path.basename(file).partition(".")[0] == "__init__":  # noqa: PTH119
        folder = os.path.dirname(folder)  # noqa: PTH120
    before, after = _parted(sys.path)
    return any(_same(folder, entry) for entry in before) and _has(name, [e for e in after if not _same(folder, e)])


def _parted(path: list[str]) -> tuple[list[str], list[str]]:
    """What is looked through before Python's own library, and from there on."""
    library = os.path.dirname(os.__file__)  # noqa: PTH120
    place = next((number for number, entry in enumerate(path) if _same(entry, library)), 0)
    return path[:place], path[place:]


def _has(name: str, path: list[str]) -> bool:
    if name in sys.stdlib_module_names:
        return True
    try:
        found = PathFinder.find_spec(name, path)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None


def _same(folder: str, other: str) -> bool:
    return os.path.realpath(folder or ".") == os.path.realpath(other or ".")


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
