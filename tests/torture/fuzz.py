"""Damaged input of every kind must not crash, hang, run code or touch a file. Errors are one sentence.

A target says what is put in and what must hold; `run` tries it many times. The targets are in `fuzz_data`, `fuzz_files`
and `fuzz_wire`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from engine.errors import Problem

SECONDS = 5.0
"""CPU time limit for one input."""
_HANGS = 120
"""Seconds after which an unfinished input ends the process with a traceback."""


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises for an input that does harm. `share` of the inputs of a long run, in per cent, are this target's.

    `around` is entered once for all of them; `may` names what is no harm here (`FORBIDDEN`).
    """

    name: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], object]
    share: float
    around: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext
    may: tuple[str, ...] = ()


def run(target: Target, count: int, seed: int) -> int:
    """Try `count` inputs and return their number. Raises the error of the smallest failing input, which is named."""
    tried, armed = 0, 0.0

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @hypothesis.given(target.inputs)
    def each(given: Any) -> None:
        nonlocal tried, armed
        tried += 1
        if time.monotonic() - armed > 10:
            armed = time.monotonic()
            faulthandler.dump_traceback_later(_HANGS, exit=True)
        hypothesis.note(repr(given))
        begun = time.process_time()
        with nothing_run(target.may):
            target.check(given)
        taken = time.process_time() - begun
        assert taken < SECONDS, f"took {taken:.1f} s"

    try:
        with target.around():
            each()
    except BaseException as fault:
        fault.add_note(f"fuzzing {target.name} with seed {seed}")
        raise
    finally:
        faulthandler.cancel_dump_traceback_later()
    return tried


def told(problem: Problem) -> None:
    """Assert that an error message is one printable line of reasonable length."""
    words = str(problem)
    assert words and words.isprintable(), repr(words)
    assert len(words) < 2000, f"{len(words)} characters"


FORBIDDEN = frozenset(
    [
        "write",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "subprocess.Popen",
        "os.remove",
        "os.rename",
        "os.mkdir",
        "os.rmdir",
        "os.chmod",
        "os.link",
        "os.symlink",
        "os.truncate",
        "shutil.rmtree",
        "shutil.move",
        "socket.connect",
        "ctypes.dlopen",
        "webbrowser.open",
    ]
)
"""Audit events that no input may cause; "write" means opening a file for writing."""
WRITES = (
    "write",
    *(each for each in sorted(FORBIDDEN) if each.startswith(("os.r", "os.l", "os.mk", "os.t", "shutil"))),
)
"""What is allowed for code that writes a run."""
_watching: list[list[tuple[str, str]]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open" and isinstance(arguments[1], str) and any(letter in arguments[1] for letter in "wax+"):
        event = "write"
    if event in FORBIDDEN:
        _watching[-1].append((event, f"{arguments!r:.200}"))


sys.addaudithook(_hear)


@contextlib.contextmanager
def nothing_run(may: tuple[str, ...] = ()) -> Iterator[None]:
    """Assert that the block does nothing forbidden, except for `may` and within `allowed`."""
    _watching.append([])
    try:
        yield
    finally:
        seen = [each for each in _watching.pop() if each[0] not in may]
    assert not seen, f"did {seen}"


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Actions of the test itself, which are not checked."""
    _watching.append([])
    try:
        yield
    finally:
        _watching.pop()


class Shelf:
    """A folder for input files; only `lay` may change anything in it or in `above`."""

    def __init__(self, folder: Path, above: Path | None = None) -> None:
        self.folder, self._above = folder, above or folder

    @contextlib.contextmanager
    def lay(self, files: Mapping[str, bytes]) -> Iterator[Path]:
        """Create these files by name; assert that they stay unchanged and no others appear."""
        with allowed():
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in self.folder.iterdir():
                if path.name not in files:
                    path.unlink()
            for name, content in files.items():
                (self.folder / name).write_bytes(content)
        yield self.folder
        paths = [path for path in self._above.rglob("*") if path.is_file()]
        found = {path.name: path.read_bytes() for path in paths if path.parent == self.folder}
        assert found == files, f"files changed: {sorted(found)}"
        assert len(paths) == len(found), f"files came: {paths}"
