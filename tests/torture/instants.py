"""Every state in which ``kill -9`` can leave a run's folder: between any two writes.

A run is trained in this process and its folder copied before and after each write; each copy is then resumed, as the
folder of a killed engine is. Random moments seldom fall between two writes; this leaves none out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from engine import commands as cmd
from engine.config import TrainConfig
from engine.errors import RunProblem
from engine.runs.folder import RunFolder
from engine.runs.presence import DOOR
from engine.sockets import listen
from engine.worker.server.output_capture import OutputCapture
from engine.worker.server.session import Session
from tests.torture.ground import noted
from tests.torture.kills import ended_well, last_told, numbers, stands


class Silent(OutputCapture):
    """Does not redirect this process's standard output."""

    def redirect(self, path: Path) -> None:
        path.touch()


class Script:
    """The part of a client that `Session.handle` uses."""

    role, name = "script", "torture"


async def obey(command: cmd.Start | cmd.ResumeRun, *, abort: bool = False) -> str:
    """Run the command in a session of this process to the end, or until an abort; return the run's name.

    Raises RunProblem with its refusal.
    """
    server, path = listen()
    with server:
        session = Session(path, Silent(path.with_suffix(".log")))
        reply = await session.handle(command, Script())  # type: ignore[arg-type]
        if reply.error:
            session.torch.shutdown()
            path.unlink()
            raise RunProblem(reply.error)
        if abort:
            session.abort()
        await session.lifecycle.wait_for_job()
        session.lifecycle.active.leave()
        session.torch.shutdown()
    path.unlink()
    return str(reply.result["run"])


@contextlib.contextmanager
def watched(changed: Callable[[], None]) -> Iterator[None]:
    """Call `changed` before and after each write, truncation, rename and removal."""

    def around(function: Any) -> Any:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            changed()
            try:
                return function(*arguments, **options)
            finally:
                changed()

        return wrapper

    with contextlib.ExitStack() as undo:
        for owner, name in ((os, "write"), (os, "ftruncate"), (Path, "replace"), (Path, "unlink")):
            undo.enter_context(mock.patch.object(owner, name, around(getattr(owner, name))))
        yield


@dataclass
class Album:
    """Copies of the only run folder below `root`, each different from the previous one."""

    root: Path
    folder: Path
    count: int = 0
    _last: tuple[Any, ...] = ()

    def take(self) -> None:
        """Copy the folder if something that affects a resume has changed."""
        runs = [path for path in self.root.iterdir() if path.is_dir()] if self.root.exists() else []
        for run in runs:
            found = tuple(sorted((path.name, path.stat().st_size) for path in run.iterdir() if path.name != DOOR))
            if found == self._last or not (run / "config.toml").exists():
                continue
            self._last = found
            self.count += 1
            copy = self.folder / f"{self.count:03}" / "runs" / run.name
            shutil.copytree(run, copy, ignore=shutil.ignore_patterns(DOOR))  # a socket cannot be copied


def instants(config: TrainConfig, home: Path, use_home: Callable[[Path], None], *, torn: bool = False) -> Iterator[str]:
    """Train, take copies, and resume each; yields a line about each.

    `use_home` makes a folder the home of what follows. `torn`: half of each log's last line is missing.
    """
    use_home(home)
    album = Album(home / "runs", home / "album")
    with watched(album.take):
        name = asyncio.run(obey(cmd.Start(config=config)))
    expected = numbers(RunFolder(home / "runs" / name).state())
    for copy in sorted(album.folder.iterdir()):
        use_home(copy)
        run = RunFolder(copy / "runs" / name)
        if torn and run.events.exists():
            tear(run.events)
        line = f"{copy.name}: {last_told(run)}, {', '.join(sorted(path.name for path in run.path.iterdir()))}"
        with noted(line):
            if stands(run) == "interrupted":
                asyncio.run(obey(cmd.ResumeRun(run=name)))
            ended_well(run, expected)
        yield line


def tear(log: Path) -> None:
    """Cut the last line in half."""
    content = log.read_bytes()
    last = content.rfind(b"\n", 0, -1) + 1
    log.write_bytes(content[: (last + len(content)) // 2])
