"""The `mnist-tui` command: finds the command that is meant, and turns every fault into one sentence and a status."""

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
from tui.headless.output import READER_GONE, complain

if TYPE_CHECKING:
    from pathlib import Path

    from tui.cli.parser import CommandModule


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status. Raises nothing: a person reads a sentence, not a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _print_anything()
        status = _dispatch(arguments)
        output.flush()
    except Problem as fault:
        complain(f"{_told(fault, arguments)}{_beside(fault)}")
        return int(fault.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        output.drop(sys.stdout)
        return READER_GONE
    except Exception as fault:  # whatever it is, no traceback reaches a person
        complain(_unexpected(fault, arguments))
        return int(ExitCode.FAILED)
    finally:
        _let_go()
    return status


def _told(problem: Problem, arguments: list[str]) -> str:
    """The sentence, and where other data were met the flags that go on."""
    if not isinstance(problem, OtherDataProblem) or arguments[:1] == ["compare"]:
        return str(problem)
    folder = "" if arguments[:1] == ["experiment"] else "--data-dir DIR names a folder that has the right ones; "
    return f"{problem} {folder}--other-data takes these all the same."


def _dispatch(arguments: list[str]) -> int:
    from tui.cli.registry import COMMANDS, USE_ALL_LIBRARIES, unknown_command  # noqa: PLC0415 - after the guard of `main`

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
    _tell_slips()
    if name in USE_ALL_LIBRARIES:
        from engine.host.libraries import expect_libraries  # noqa: PLC0415 - what answers at once does without

        expect_libraries()
    return command.run(parsed)


def _tell_slips() -> None:
    """Note on standard error what is set in the environment for us and is not read."""
    if not any(name.upper().startswith("MNIST_TUI_") for name in os.environ):
        return
    from engine.unknown_settings import slips_of_environment  # noqa: PLC0415 - not before it is needed

    for note in slips_of_environment(os.environ):
        output.tell(f"Note: {note}")


def _print_anything() -> None:
    """Have a character that the output's encoding lacks come out as '?', and output that is closed go nowhere.

    A descriptor from 0 to 2 that is closed would else become that of the next file or socket that is opened.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we live
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _let_go() -> None:
    """Write what is left; where that fails, all has been said, and the interpreter's own attempt fails without a word."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            output.drop(stream)


def _beside(fault: Problem) -> str:
    """What may be the reason that an engine failed: a module of the user's that is imported in place of a library."""
    if not isinstance(fault, EngineProblem):
        return ""
    from engine.host.shadowed_modules import in_the_way  # noqa: PLC0415 - hardly ever needed

    found = in_the_way()
    return f" {found}" if found else ""


def _unexpected(fault: Exception, arguments: list[str]) -> str:
    if known := _of_libraries(fault):
        return known
    if isinstance(fault, ModuleNotFoundError) and (fault.name or "tui").split(".")[0] not in ("engine", "tui"):
        return (
            f"The Python package '{fault.name}' is not installed; install mnist-tui again in an environment of its own."
        )
    what = f"{type(fault).__name__}: {fault}".rstrip(": .").replace("\n", " ")[:200]
    path = _write_traceback(fault, arguments)
    where = f"the traceback is in {path}" if path else "the traceback could not be written anywhere"
    notes = "".join(f" {note}" for note in getattr(fault, "__notes__", ()))
    return f"This is a fault in mnist-tui itself ({what}); {where}; please report it.{notes}"


def _of_libraries(fault: Exception) -> str:
    """The sentence for a fault that comes of libraries: another module in the place of one, or another version."""
    from engine.host import libraries, shadowed_modules  # noqa: PLC0415 - only when something went wrong

    if said := shadowed_modules.sentence(fault):
        return said
    wrong = [each for each in libraries.libraries() if not each.fits]
    return libraries.sentence(wrong) if wrong else ""


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
