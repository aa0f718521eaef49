"""The `mnist-tui` command and its engine process, made of their own modules whatever else has those names.

``mnist-tui …`` and ``python -m mnist_tui …`` are the command; ``python -P mnist_tui.py engine.worker …`` is what
`engine.client` starts. `engine` and `tui` are common names: a folder of the user's in PYTHONPATH, or the current one,
may have them too.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder

_ROOT = os.path.dirname(os.path.abspath(__file__))
_OURS = ("engine", "tui")


class _BesideThisFile:
    """Finds `engine` and `tui` where this file lies."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [_ROOT]) if name in _OURS else None


def shield() -> None:
    """Have `engine` and `tui` come from beside this file from now on, and Python's own library come before PYTHONPATH.

    Modules that were imported from elsewhere under these names are forgotten.
    """
    before = _library_first()
    for name, module in list(sys.modules.items()):
        file, top = getattr(module, "__file__", None) or "", name.split(".")[0]
        if top in _OURS:
            foreign = not file.startswith(_ROOT + os.sep)
        else:
            foreign = top in sys.stdlib_module_names and file.startswith(before)
        if foreign:
            del sys.modules[name]
    if _BesideThisFile not in sys.meta_path:
        sys.meta_path.insert(0, _BesideThisFile)


def _library_first() -> tuple[str, ...]:
    """Look through Python's own library first: a random.py of the user's breaks torch. The folders that were before it."""
    library = os.path.dirname(os.__file__)
    if library not in sys.path:
        return ()
    zipped = "python{}{}.zip".format(*sys.version_info)
    own = [e for e in sys.path if e in (library, os.path.join(library, "lib-dynload")) or os.path.basename(e) == zipped]
    before = [e for e in sys.path[: sys.path.index(library)] if e not in own]
    sys.path[:] = own + [e for e in sys.path if e not in own]
    return tuple(os.path.join(os.path.abspath(e), "") for e in before)


def main() -> int:
    """Run the command; its exit status."""
    shield()
    try:
        from tui.cli.main import main as command  # noqa: PLC0415 - only now it is ours

        return command()
    except (Exception, SystemExit) as fault:
        return _tell(fault)


def serve() -> None:
    """Be an engine. What keeps it from starting is its last line, which the command shows."""
    shield()
    del sys.argv[1]
    try:
        from engine.worker.__main__ import main as work  # noqa: PLC0415 - only now it is ours
    except (Exception, SystemExit) as fault:
        sys.exit(_tell(fault))
    work()


def _tell(fault: BaseException) -> int:
    """Say which module of the user's is in the way; any other fault is raised again."""
    from engine.host.shadowed_modules import sentence  # noqa: PLC0415 - hardly ever needed

    said = sentence(fault)
    if not said:
        raise fault
    print(f"mnist-tui: {said}", file=sys.stderr)
    return 4


if __name__ == "__main__":
    if sys.argv[1:2] == ["engine.worker"]:
        serve()
    else:
        sys.exit(main())
