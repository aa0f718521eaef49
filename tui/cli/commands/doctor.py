"""``mnist-tui doctor``: what this machine offers, and what is wrong with it."""

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
from tui.cli.parser import Parser
from tui.headless.output import columns, print_json, print_lines

if TYPE_CHECKING:
    from engine.client import Connect

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
    from tui.headless.follow import start_engine  # noqa: PLC0415 - --help does without

    found = [*versions(), *terminal(os.environ), *data(), *folders(), logout(), *devices(start_engine)]
    if args.json:
        print_json([asdict(finding) for finding in found])
    else:
        print_lines(lines(found))
    return int(ExitCode.FAILED if any(f.level == "problem" for f in found) else ExitCode.DONE)


def lines(found: Iterable[Finding]) -> list[str]:
    """The findings as text."""
    return columns([(f.level, f.subject, _with_advice(short(f.found, 600), f.advice)) for f in found])


def _with_advice(found: str, advice: str) -> str:
    return f"{found.removesuffix('.')}; {advice}" if advice else found


def versions() -> Iterator[Finding]:
    """Python and the libraries; of torch the engine tells, unless it is missing or does not fit."""
    import platform  # noqa: PLC0415

    import engine  # noqa: PLC0415
    from engine.host.libraries import libraries, repair  # noqa: PLC0415

    yield Finding("mnist-tui", "ok", engine.__version__)
    yield Finding("python", "ok", f"{platform.python_version()}, {platform.platform()}")
    for each in libraries():
        if each.shadow:
            yield Finding(each.name, "problem", f"{each.shadow} is imported in its place", "rename it")
        elif not each.fits:
            found = f"{each.version}, which does not fit" if each.version else "not installed"
            yield Finding(each.name, "problem", found, repair([each]))
        elif each.name != "torch":
            yield Finding(each.name, "ok", each.version)


def terminal(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where the app would draw."""
    from tui.terminal.capabilities import expect_terminal, speaks_utf8  # noqa: PLC0415

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
    from engine.settings import effective_or_default  # noqa: PLC0415
    from tui.data.run_summary import placed  # noqa: PLC0415
    from tui.views.data_set import overlaps  # noqa: PLC0415

    given = effective_or_default().config.data_dir
    try:
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
    from engine.settings import config_path  # noqa: PLC0415
    from engine.sockets import runtime_dir  # noqa: PLC0415

    yield _folder("runs", runs_dir(), "set MNIST_TUI_HOME to a folder that can be written")
    yield _folder("cache", home("cache"), "set MNIST_TUI_HOME to a folder that can be written")
    path = config_path()
    if wrong := _fault_in_settings():
        yield Finding("config", "problem", wrong, "the defaults were taken here")
    else:
        yield Finding("config", "ok", f"{path}{'' if _is_there(path) else ' (not there, which is fine)'}")
    yield _told("sockets", lambda: str(runtime_dir()))


def _fault_in_settings() -> str:
    """Why the settings cannot be read; empty where they can."""
    from engine.settings import effective  # noqa: PLC0415

    try:
        effective()
    except Problem as fault:
        return str(fault)
    return ""


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


def logout() -> Finding:
    """Whether a run that is left training goes on when the terminal is gone."""
    from tui.headless.survival import fate  # noqa: PLC0415

    end = fate()
    if end is None:
        return Finding("logout", "ok", "a run that is left training goes on after a logout")
    if end.at_once:
        return Finding("logout", "note", f"a run that is left training ends at once: {end.until}", end.keep)
    return Finding("logout", "note", f"a run that is left training goes on only until {end.until}", end.keep)


def devices(connect: Connect) -> Iterator[Finding]:
    """What torch finds, as the engine tells."""
    from tui.headless.waiting import ask_engine  # noqa: PLC0415 - --help does without

    try:
        told = ask_engine(connect, _ask)
    except Problem as fault:
        yield Finding(
            "engine",
            "problem",
            str(fault),
            "`python -m pip show torch mnist-tui` says whether both are installed",
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
