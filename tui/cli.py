"""The `mnist-tui` command: finds the command that is meant, and turns every fault into one sentence and a status."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from engine.errors import ExitCode, OtherDataProblem, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from tui.commands import CommandModule

READER_GONE = 141
"""Exit status where the program that read the output has gone (128 + SIGPIPE, as the shell's own tools end)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status. Raises nothing: a person reads a sentence, not a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _print_anything()
        status = _dispatch(arguments)
        _flush()
    except Problem as fault:
        complain(_told(fault, arguments))
        return int(fault.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        return READER_GONE
    except Exception as fault:  # whatever it is, no traceback reaches a person
        complain(_unexpected(fault, arguments))
        return int(ExitCode.FAILED)
    if status == READER_GONE:
        _drop_output()
    return status


def complain(sentence: str) -> None:
    """Print a fault for the person."""
    with contextlib.suppress(OSError):
        print(f"mnist-tui: {sentence}", file=sys.stderr, flush=True)


def _told(problem: Problem, arguments: list[str]) -> str:
    """The sentence, and where other data were met the flags that go on."""
    if not isinstance(problem, OtherDataProblem) or arguments[:1] == ["compare"]:
        return str(problem)
    folder = "" if arguments[:1] == ["experiment"] else "--data-dir DIR names a folder that has the right ones; "
    return f"{problem} {folder}--other-data takes these all the same."


def _dispatch(arguments: list[str]) -> int:
    from tui.commands import COMMANDS, unknown_command  # noqa: PLC0415 - after the guard of `main`

    name = "screen"
    if arguments and not arguments[0].startswith("-"):
        name, arguments = arguments[0], arguments[1:]
        if name not in COMMANDS:
            raise unknown_command(name)
    command = cast("CommandModule", importlib.import_module(f"tui.commands.{name}"))
    try:
        parsed = command.parser().parse(arguments)
    except SystemExit as leave:  # --help and --version
        _flush()
        return int(leave.code or 0)
    return command.run(parsed)


def _print_anything() -> None:
    """Have a character that the output's encoding lacks come out as '?', and output that is closed go nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we live
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        _drop_output()
        raise Problem(f"The output cannot be written: {fault.strerror}.") from fault


def _drop_output() -> None:
    """Let the interpreter's own last flush go nowhere, without a word."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _unexpected(fault: Exception, arguments: list[str]) -> str:
    if isinstance(fault, ModuleNotFoundError) and (fault.name or "tui").split(".")[0] not in ("engine", "tui"):
        return (
            f"The Python package '{fault.name}' is not installed; install mnist-tui again in an environment of its own."
        )
    what = f"{type(fault).__name__}: {fault}".rstrip(": .").replace("\n", " ")[:200]
    path = _write_traceback(fault, arguments)
    where = f"the traceback is in {path}" if path else "the traceback could not be written anywhere"
    notes = "".join(f" {note}" for note in getattr(fault, "__notes__", ()))
    return f"This is a fault in mnist-tui itself ({what}); {where}; please report it.{notes}"


def _write_traceback(fault: Exception, arguments: list[str]) -> Path | None:
    import platform  # noqa: PLC0415 - only when something went wrong
    import tempfile  # noqa: PLC0415
    import traceback  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    import engine  # noqa: PLC0415

    text = f"mnist-tui {engine.__version__}, Python {platform.python_version()}, arguments {arguments}\n\n"
    text += "".join(traceback.format_exception(fault))
    name = f"mnist-tui-traceback-{os.getpid()}.txt"
    for place in (_cache, lambda: Path(tempfile.gettempdir())):
        with contextlib.suppress(Exception):  # the fault may be in there too
            folder = place()
            path = folder / name
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="replace")
            return path
    return None


def _cache() -> Path:
    from engine.paths import home  # noqa: PLC0415 - only when something went wrong

    return home("cache")
