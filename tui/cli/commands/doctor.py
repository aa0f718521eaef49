"""``mnist-tui doctor``: checks this machine."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import ExitCode, Problem
from engine.fields import short
from engine.text.numbers import count
from tui.cli.parser import Parser
from tui.headless.output import columns, print_json, print_lines

if TYPE_CHECKING:
    from engine.client import Connect

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, and advice if it is not ok."""

    subject: str
    level: Level
    found: str
    advice: str = ""


def parser() -> Parser:
    """``--json``."""
    made = Parser("doctor", usage="[--json]", about="Check this machine: versions, terminal, data, folders, devices.")
    made.options.add_argument("--json", action="store_true", help="print a JSON array of what was found")
    return made


def run(args: argparse.Namespace) -> int:
    """Run all checks; exit status 4 if one of them found a problem."""
    from tui.headless.follow import start_engine  # noqa: PLC0415 - not needed for --help

    found = [*versions(), *terminal(os.environ), *data(), *folders(), logout(), *devices(start_engine)]
    if args.json:
        print_json([asdict(finding) for finding in found])
    else:
        print_lines(lines(found))
    return int(ExitCode.FAILED if any(f.level == "problem" for f in found) else ExitCode.DONE)


def lines(found: Iterable[Finding]) -> list[str]:
    """The findings as lines of text."""
    return columns([(f.level, f.subject, _with_advice(short(f.found, 600), f.advice)) for f in found])


def _with_advice(found: str, advice: str) -> str:
    return f"{found.removesuffix('.')}; {advice}" if advice else found


def versions() -> Iterator[Finding]:
    """Python and the libraries. The engine reports torch, unless torch is missing or incompatible."""
    import platform  # noqa: PLC0415

    import engine  # noqa: PLC0415
    from engine.host.libraries import libraries, repair  # noqa: PLC0415

    yield Finding("mnist-tui", "ok", engine.__version__)
    yield Finding("python", "ok", f"{platform.python_version()}, {platform.platform()}")
    for each in libraries():
        if each.shadow:
            yield Finding(each.name, "problem", f"{each.shadow} is imported instead", "rename it")
        elif not each.fits:
            found = f"{each.version}, incompatible" if each.version else "not installed"
            yield Finding(each.name, "problem", found, repair([each]))
        elif each.name != "torch":
            yield Finding(each.name, "ok", each.version)


def terminal(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The terminal, its environment and its encoding."""
    from tui.terminal.capabilities import require_terminal, speaks_utf8  # noqa: PLC0415

    try:
        require_terminal(environ=environ)
    except Problem as fault:
        yield Finding("terminal", "note", str(fault))
    else:
        wide, high = os.get_terminal_size(sys.stdout.fileno())
        small = wide < 80 or high < 24
        yield Finding(
            "terminal", "note" if small else "ok", f"{wide} columns, {high} rows", "use at least 80 by 24" * small
        )
    names = ("TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "TMUX", "STY", "SSH_CONNECTION")
    found = [f"{name}={environ[name]}" for name in names if environ.get(name)]
    yield Finding("environment", "ok", ", ".join(found) or "TERM, COLORTERM and LANG are not set")
    if speaks_utf8():
        yield Finding("encoding", "ok", "UTF-8")
    else:
        advice = "set LANG=C.UTF-8 for smoother charts; otherwise they are drawn in ASCII"
        yield Finding("encoding", "note", str(sys.stdout.encoding), advice)


def data() -> Iterator[Finding]:
    """The data set of the effective settings."""
    from engine.dataset import count_overlap, load  # noqa: PLC0415 - imports numpy
    from engine.settings import effective_or_default  # noqa: PLC0415
    from tui.data.run_summary import placed  # noqa: PLC0415
    from tui.views.data_set import overlaps  # noqa: PLC0415

    given = effective_or_default().config.data_dir
    try:
        found = load(Path(given) if given else None)
    except Problem as fault:
        yield Finding("data", "problem", str(fault))
    else:
        counts = (len(found.train_labels), len(found.validation_labels), len(found.test_labels))
        sizes = f"{count(counts[0])} training, {count(counts[1])} validation, {count(counts[2])} test images"
        yield Finding("data", "ok", f"{found.name} in {placed(found.identity)}: {sizes}")
        for line in overlaps(count_overlap(found), counts[1], counts[2]):
            yield Finding("data", "note", line)


def folders() -> Iterator[Finding]:
    """The folders, whether they are writable, and the config file."""
    from engine.paths import home, runs_dir  # noqa: PLC0415
    from engine.settings import config_path  # noqa: PLC0415
    from engine.sockets import runtime_dir  # noqa: PLC0415

    yield _folder("runs", runs_dir(), "set MNIST_TUI_HOME to a writable folder")
    yield _folder("cache", home("cache"), "set MNIST_TUI_HOME to a writable folder")
    path = config_path()
    if error := _settings_error():
        yield Finding("config", "problem", error, "the defaults are used here")
    else:
        yield Finding("config", "ok", f"{path}{'' if _exists(path) else ' (not found, optional)'}")
    yield _checked("sockets", lambda: str(runtime_dir()))


def _settings_error() -> str:
    """Why the settings cannot be read; empty if they can."""
    from engine.settings import effective  # noqa: PLC0415

    try:
        effective()
    except Problem as fault:
        return str(fault)
    return ""


def _folder(subject: str, path: Path, advice: str) -> Finding:
    existing = next((p for p in (path, *path.parents) if _exists(p)), path)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding(subject, "ok", f"{path}{'' if existing == path else ' (created on demand)'}")
    return Finding(subject, "problem", f"{path} is not writable", advice)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a parent folder may not be searched
        return False


def _checked(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "ok", check())
    except Problem as fault:
        return Finding(subject, "problem", str(fault))


def logout() -> Finding:
    """Whether a run in the background survives a logout."""
    from tui.headless.survival import fate  # noqa: PLC0415

    end = fate()
    if end is None:
        return Finding("logout", "ok", "runs in the background survive a logout")
    if end.at_once:
        return Finding("logout", "note", f"runs in the background end immediately: {end.until}", end.keep)
    return Finding("logout", "note", f"runs in the background continue only until {end.until}", end.keep)


def devices(connect: Connect) -> Iterator[Finding]:
    """The devices that torch finds, reported by an engine."""
    from tui.headless.waiting import ask_engine  # noqa: PLC0415 - not needed for --help

    try:
        report = ask_engine(connect, _ask)
    except Problem as fault:
        yield Finding(
            "engine",
            "problem",
            str(fault),
            "`python -m pip show torch mnist-tui` shows whether both are installed",
        )
        return
    yield Finding("torch", "ok", str(report.get("torch")))
    for device in report.get("devices", []):
        about = ", ".join(str(device[key]) for key in ("name", "memory") if device.get(key))
        error = device.get("fault", "")
        yield Finding(str(device.get("device")), "note" if error else "ok", f"{about}{': ' if error else ''}{error}")
    default = report.get("default", {})
    yield Finding("default", "ok", f"{default.get('device')}: {default.get('reason')}")
    yield Finding("threads", "ok", f"at most {report.get('threads')}")


async def _ask(connect: Connect) -> dict[str, Any]:
    from engine.commands import ListDevices  # noqa: PLC0415

    engine = await connect()
    try:
        return (await engine.send(ListDevices())).result
    finally:
        await engine.close()
