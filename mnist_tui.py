"""Entry point of the `mnist-tui` command and its engine process. Prevents other modules from shadowing ours.

``mnist-tui …`` and ``python -m mnist_tui …`` run the command; `engine.client` starts ``python -P mnist_tui.py
engine.worker …``. `engine` and `tui` are common names, which a folder in PYTHONPATH or the current one may also have.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder

_ROOT = os.path.dirname(os.path.abspath(__file__))
_OURS = ("engine", "tui")


class _BesideThisFile:
    """Finds `engine` and `tui` next to this file."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [_ROOT]) if name in _OURS else None


def shield() -> None:
    """Import `engine` and `tui` from next to this file from now on, and the standard library before PYTHONPATH.

    Modules already imported under these names from elsewhere are removed from `sys.modules`.
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
    """Put the standard library first in `sys.path`: a user's random.py breaks torch. Returns the folders that preceded it."""
    library = os.path.dirname(os.__file__)
    if library not in sys.path:
        return ()
    zipped = "python{}{}.zip".format(*sys.version_info)
    own = [e for e in sys.path if e in (library, os.path.join(library, "lib-dynload")) or os.path.basename(e) == zipped]
    before = [e for e in sys.path[: sys.path.index(library)] if e not in own]
    sys.path[:] = own + [e for e in sys.path if e not in own]
    return tuple(os.path.join(os.path.abspath(e), "") for e in before)


def main() -> int:
    """Run the command and return its exit status."""
    shield()
    try:
        from tui.cli.main import main as command  # noqa: PLC0415 - only after `shield`

        return command()
    except (Exception, SystemExit) as fault:
        return _report(fault)


def serve() -> None:
    """Run an engine. An error at startup is its last line of output, which the command shows."""
    shield()
    del sys.argv[1]
    try:
        from engine.worker.__main__ import main as work  # noqa: PLC0415 - only after `shield`
    except (Exception, SystemExit) as fault:
        sys.exit(_report(fault))
    work()


def _report(fault: BaseException) -> int:
    """Report which user module shadows a library, and return the exit status; raise any other error again."""
    from engine.host.shadowed_modules import sentence  # noqa: PLC0415 - rarely needed

    message = sentence(fault)
    if not message:
        raise fault
    print(f"mnist-tui: {message}", file=sys.stderr)
    return 4


if __name__ == "__main__":
    if sys.argv[1:2] == ["engine.worker"]:
        serve()
    else:
        sys.exit(main())
