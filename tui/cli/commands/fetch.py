"""``mnist-tui fetch``: downloads MNIST."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.cli.parser import Parser, given_fields
from tui.headless.output import print_lines, size

if TYPE_CHECKING:
    from engine.dataset import Progress

REDRAW_SECONDS = 0.25
"""The bars are redrawn at most four times a second."""


def parser() -> Parser:
    """The target folder."""
    made = Parser(
        "fetch",
        usage="[--data-dir DIR]",
        about="Download those of the four MNIST files that are missing or damaged, and verify them.",
    )
    made.options.add_argument(
        "--data-dir",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the target folder (default: that of the settings, or the cache, where training finds them)",
    )
    return made


def run(args: argparse.Namespace) -> int:
    """Download missing files and print their paths. Raises `DataProblem`."""
    from engine.dataset import cache_folder, fetch  # noqa: PLC0415 - imports numpy
    from engine.settings import effective  # noqa: PLC0415

    chosen = given_fields(args).get("data_dir") or effective().config.data_dir
    target = Path(chosen).absolute() if chosen else cache_folder()
    with _progress() as report:
        written = fetch(target, progress=report)
    if written:
        print_lines(f"{path}  {size(path.stat().st_size)}" for path in written)
    else:
        print_lines([f"All four files are already in {target}."])
    return 0


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    from tui.headless.presenters import draws  # noqa: PLC0415 - not needed for --help

    if not draws(sys.stdout):
        yield Lines(lambda line: print_lines([line]))
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, auto_refresh=False, transient=True) as bars:
        yield Bars(bars)


class Bars:
    """One progress bar per file."""

    def __init__(self, bars: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._bars, self._clock, self._drawn = bars, clock, float("-inf")
        self._tasks: dict[str, Any] = {}

    def __call__(self, name: str, done: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)
        if done == total or self._clock() - self._drawn >= REDRAW_SECONDS:
            self._drawn = self._clock()
            self._bars.refresh()


class Lines:
    """Prints one line when the download of a file starts."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write, self._name = write, ""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        if name != self._name:
            self._name = name
            self._write(f"Fetching {name}" + (f", {size(total)}" if total else ""))
