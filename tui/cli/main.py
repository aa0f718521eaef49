"""The `mnist-tui` entry point: dispatches to the command and turns every error into one sentence and an exit status."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from engine.errors import EngineProblem, ExitCode, OtherDataProblem, Problem
from tui.headless import output
from tui.headless.output import READER_GONE, print_error

if TYPE_CHECKING:
    from pathlib import Path

    from tui.cli.parser import CommandModule


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status. Never raises: users see a sentence, not a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _prepare_standard_streams()
        status = _dispatch(arguments)
        output.flush()
    except Problem as fault:
        print_error(f"{_message(fault, arguments)}{_shadowing(fault)}")
        return int(fault.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        output.drop(sys.stdout)
        return READER_GONE
    except Exception as fault:  # no traceback is ever shown to the user
        print_error(_unexpected(fault, arguments))
        return int(ExitCode.FAILED)
    finally:
        _flush_standard_streams()
    return status


def _message(problem: Problem, arguments: list[str]) -> str:
    """The problem's message; for a data mismatch also the flags that allow it."""
    if not isinstance(problem, OtherDataProblem) or arguments[:1] == ["compare"]:
        return str(problem)
    if arguments[:1] == ["experiment"]:
        return f"{problem} Use --other-data to accept these."
    return f"{problem} Use --data-dir DIR to name the original data, or --other-data to accept these."


def _dispatch(arguments: list[str]) -> int:
    from tui.cli.registry import COMMANDS, USE_ALL_LIBRARIES, unknown_command  # noqa: PLC0415 - inside the try block of `main`

    name = "app"
    if arguments and not arguments[0].startswith("-"):
        name, arguments = arguments[0], arguments[1:]
        if name not in COMMANDS:
            raise unknown_command(name)
    command = cast("CommandModule", importlib.import_module(f"tui.cli.commands.{name}"))
    try:
        parsed = command.parser().parse(arguments)
    except SystemExit as leave:  # --help and --version
        return int(leave.code or 0)
    _warn_about_unknown_variables()
    if name in USE_ALL_LIBRARIES:
        from engine.host.libraries import expect_libraries  # noqa: PLC0415 - not needed by the fast commands

        expect_libraries()
    return command.run(parsed)


def _warn_about_unknown_variables() -> None:
    """Warn on standard error about MNIST_TUI_ variables that are not recognized."""
    if not any(name.upper().startswith("MNIST_TUI_") for name in os.environ):
        return
    from engine.unknown_settings import slips_of_environment  # noqa: PLC0415 - only when needed

    for note in slips_of_environment(os.environ):
        output.print_message(f"Note: {note}")


def _prepare_standard_streams() -> None:
    """Print '?' for characters that the output encoding lacks, and open /dev/null for closed standard streams.

    Otherwise the next file or socket opened would get the number of a closed descriptor from 0 to 2.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open until the process exits
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _flush_standard_streams() -> None:
    """Flush both streams; one that fails is redirected to /dev/null, or the interpreter would report the error at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            output.drop(stream)


def _shadowing(fault: Problem) -> str:
    """A likely reason for an engine failure: a user's module that shadows a library. Empty if there is none."""
    if not isinstance(fault, EngineProblem):
        return ""
    from engine.host.shadowed_modules import in_the_way  # noqa: PLC0415 - rarely needed

    found = in_the_way()
    return f" {found}" if found else ""


def _unexpected(fault: Exception, arguments: list[str]) -> str:
    if known := _library_problem(fault):
        return known
    if isinstance(fault, ModuleNotFoundError) and (fault.name or "tui").split(".")[0] not in ("engine", "tui"):
        return (
            f"The Python package '{fault.name}' is not installed; reinstall mnist-tui in its own virtual environment."
        )
    what = f"{type(fault).__name__}: {fault}".rstrip(": .").replace("\n", " ")[:200]
    path = _write_traceback(fault, arguments)
    where = f"the traceback is in {path}" if path else "the traceback could not be saved"
    notes = "".join(f" {note}" for note in getattr(fault, "__notes__", ()))
    return f"This is a bug in mnist-tui ({what}); {where}. Please report it.{notes}"


def _library_problem(fault: Exception) -> str:
    """The message for an error caused by a shadowed library or an incompatible version; empty if there is none."""
    from engine.host import libraries, shadowed_modules  # noqa: PLC0415 - only when something went wrong

    if message := shadowed_modules.sentence(fault):
        return message
    incompatible = [each for each in libraries.libraries() if not each.fits]
    return libraries.sentence(incompatible) if incompatible else ""


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
        with contextlib.suppress(Exception):  # the error may be in there too
            folder = place()
            path = folder / name
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="replace")
            return path
    return None


def _cache() -> Path:
    from engine.paths import home  # noqa: PLC0415 - only when something went wrong

    return home("cache")
