"""Bringing torch in: it may be missing or broken, raise anything, or never come back."""

from __future__ import annotations

import contextlib
import faulthandler
import traceback

from engine.errors import EngineProblem
from engine.fields import short

GIVE_UP_SECONDS = 600.0
"""After so long in the import the process ends by itself, whoever holds the interpreter meanwhile: nobody may be left to end it."""
_AGAIN = "install mnist-tui again in an environment of its own"
_fault = ""


def bring_in() -> str:
    """Import torch; its version. Raises `EngineProblem` where that fails, the same one however often it is asked."""
    global _fault  # noqa: PLW0603 - a module that failed once may look half imported the next time
    if _fault:
        raise EngineProblem(_fault)
    with contextlib.suppress(ValueError, OSError):  # where standard error is no file
        faulthandler.dump_traceback_later(GIVE_UP_SECONDS, exit=True)
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
        return f"The Python package 'torch' is not installed; {_AGAIN}."
    if isinstance(fault, MemoryError):
        return "There is not enough memory to import torch; end other programs, or give this one more."
    first = str(fault).strip().splitlines()[:1]
    said = f"{type(fault).__name__}{': ' + first[0].rstrip('.') if first else ''}"
    return f"torch cannot be imported ({short(said, 300)}); {_AGAIN}."
