"""Imports torch, which may be missing or broken, raise anything, or hang."""

from __future__ import annotations

import contextlib
import faulthandler
import traceback

from engine.errors import EngineProblem
from engine.fields import short

TIMEOUT_SECONDS = 600.0
"""The process exits if the import takes longer, even if it holds the GIL: nobody else might be left to end it."""
_REINSTALL = "install mnist-tui again in an environment of its own"
_fault = ""


def import_torch() -> str:
    """Import torch and return its version. Raises `EngineProblem` where that fails, and the same one on later calls."""
    global _fault  # noqa: PLW0603 - a second import of a module that failed may find it half initialized
    if _fault:
        raise EngineProblem(_fault)
    with contextlib.suppress(ValueError, OSError):  # where standard error is no file
        faulthandler.dump_traceback_later(TIMEOUT_SECONDS, exit=True)
    try:
        import torch  # noqa: PLC0415

        return str(torch.__version__)
    except BaseException as fault:  # a broken library may even raise SystemExit
        _fault = _sentence(fault)
        with contextlib.suppress(OSError):
            traceback.print_exc()
        raise EngineProblem(_fault) from None
    finally:
        faulthandler.cancel_dump_traceback_later()


def _sentence(fault: BaseException) -> str:
    if isinstance(fault, ModuleNotFoundError) and fault.name == "torch":
        return f"The Python package 'torch' is not installed; {_REINSTALL}."
    if isinstance(fault, MemoryError):
        return "There is not enough memory to import torch; close other programs, or give this one more."
    first = str(fault).strip().splitlines()[:1]
    cause = f"{type(fault).__name__}{': ' + first[0].rstrip('.') if first else ''}"
    return f"torch cannot be imported ({short(cause, 300)}); {_REINSTALL}."
