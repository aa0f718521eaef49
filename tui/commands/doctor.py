"""``mnist-tui doctor``: what this machine offers, and what is wrong with it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import ExitCode, Problem
from engine.fields import short
from tui.arguments import Parser
from tui.output import columns, print_json, print_lines

if TYPE_CHECKING:
    from tui.headless import Connect

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do where it is not well."""

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
    """Check everything; status 4 where something is a problem."""
    from tui.headless import start_engine  # noqa: PLC0415 - --help does without

    found = [*versions(), *terminal(os.environ), *data(), *folders(), *devices(start_engine)]
    if args.json:
        print_json([asdict(finding) for finding in found])
    else:
        print_lines(lines(found))
    return int(ExitCode.FAILED if any(f.level == "problem" for f in found) else ExitCode.DONE)


def lines(found: Iterable[Finding]) -> list[str]:
    """The findings as text."""
    return columns([(f.level, f.subject, f"{short(f.found, 600)}{'; ' if f.advice else ''}{f.advice}") for f in found])


def versions() -> Iterator[Finding]:
    """Python and the libraries, except torch, which the engine tells of."""
    import platform  # noqa: PLC0415
    from importlib import metadata  # noqa: PLC0415

    import engine  # noqa: PLC0415

    yield Finding("mnist-tui", "ok", engine.__version__)
    yield Finding("python", "ok", f"{platform.python_version()}, {platform.platform()}")
    for name in ("textual", "rich", "numpy", "plotext", "msgspec"):
        try:
            yield Finding(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "problem", "not installed", "install mnist-tui again")


def terminal(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where the app would draw."""
    from tui.commands.screen import expect_terminal, speaks_utf8  # noqa: PLC0415

    try:
        expect_terminal(environ=environ)
    except Problem as fault:
        yield Finding("terminal", "note", str(fault))
    else:
        wide, high = os.get_terminal_size(sys.stdout.fileno())
        small = wide < 80 or high < 24
        yield Finding(
            "terminal", "note" if small else "ok", f"{wide} columns, {high} rows", "80 by 24 show more" * small
        )
    names = ("TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "TMUX", "STY", "SSH_CONNECTION")
    said = [f"{name}={environ[name]}" for name in names if environ.get(name)]
    yield Finding("environment", "ok", ", ".join(said) or "none of TERM, COLORTERM, LANG is set")
    if speaks_utf8():
        yield Finding("encoding", "ok", "UTF-8")
    else:
        advice = "set LANG=C.UTF-8 for smooth charts; until then they are drawn in ASCII"
        yield Finding("encoding", "note", str(sys.stdout.encoding), advice)


def data() -> Iterator[Finding]:
    """The data set of the settings in effect."""
    from engine.dataset import count_overlap, load  # noqa: PLC0415 - numpy takes a while
    from engine.settings import effective  # noqa: PLC0415
    from tui.views.data_set import overlaps, placed  # noqa: PLC0415

    try:
        given = effective().config.data_dir
        found = load(Path(given) if given else None)
    except Problem as fault:
        yield Finding("data", "problem", str(fault))
    else:
        sizes = (len(found.train_labels), len(found.validation_labels), len(found.test_labels))
        said = f"{found.name} in {placed(found.identity)}: {sizes[0]} train, {sizes[1]} validate, {sizes[2]} test"
        yield Finding("data", "ok", said)
        for line in overlaps(count_overlap(found), sizes[1], sizes[2]):
            yield Finding("data", "note", line)


def folders() -> Iterator[Finding]:
    """Where things are kept, and whether they can be."""
    from engine.paths import home, runs_dir  # noqa: PLC0415
    from engine.runtime import runtime_dir  # noqa: PLC0415
    from engine.settings import config_path  # noqa: PLC0415

    yield _folder("runs", runs_dir(), "set MNIST_TUI_HOME to a folder that can be written")
    yield _folder("cache", home("cache"), "set MNIST_TUI_HOME to a folder that can be written")
    path = config_path()
    yield Finding("config", "ok", f"{path}{'' if _is_there(path) else ' (not there, which is fine)'}")
    yield _told("sockets", lambda: str(runtime_dir()))


def _folder(subject: str, path: Path, advice: str) -> Finding:
    there = next((p for p in (path, *path.parents) if _is_there(p)), path)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding(subject, "ok", f"{path}{'' if there == path else ' (made when it is needed)'}")
    return Finding(subject, "problem", f"{path} cannot be written", advice)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # behind a folder that is closed to us
        return False


def _told(subject: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "ok", ask())
    except Problem as fault:
        return Finding(subject, "problem", str(fault))


def devices(connect: Connect) -> Iterator[Finding]:
    """What torch finds, as the engine tells."""
    try:
        told = asyncio.run(_ask(connect))
    except Problem as fault:
        yield Finding(
            "engine", "problem", str(fault), "`python -m pip show torch mnist-tui` says whether both are installed"
        )
        return
    yield Finding("torch", "ok", str(told.get("torch")))
    for device in told.get("devices", []):
        about = ", ".join(str(device[key]) for key in ("name", "memory") if device.get(key))
        wrong = device.get("fault", "")
        yield Finding(str(device.get("device")), "note" if wrong else "ok", f"{about}{': ' if wrong else ''}{wrong}")
    default = told.get("default", {})
    yield Finding("default", "ok", f"{default.get('device')}: {default.get('reason')}")
    yield Finding("threads", "ok", f"{told.get('threads')} at most")


async def _ask(connect: Connect) -> dict[str, Any]:
    from engine.commands import ListDevices  # noqa: PLC0415

    engine = await connect()
    try:
        return (await engine.send(ListDevices())).result
    finally:
        await engine.close()
