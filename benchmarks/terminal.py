"""`make bench-terminal`: terminal output and CPU time of the app in a 120 × 40 pty.

A bare app (benchmarks/reference/bare_app.py) and this one are measured alternately. Values are for the app's process
only; a real engine trains next to it.
"""

from __future__ import annotations

import json
import os
import select
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyte

from benchmarks.machine import describe
from tests.terminal.term import Term, app

COLUMNS, ROWS = 120, 40
_RESULTS = Path(__file__).parent / "results" / "terminal.json"
_OURS = ("--preset", "blog-adam", "--device", "cpu")
_KEY_SAMPLES = 60


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes per second sent to the terminal, and the app's share of one core in percent."""

    bytes_a_second: float
    cpu: float


def measure(term: Term, seconds: float) -> Cost:
    """The cost of the program in `term` over the next `seconds`."""
    process = psutil.Process(term.process.pid)
    before, begun, size = sum(process.cpu_times()[:2]), time.monotonic(), 0
    while (left := begun + seconds - time.monotonic()) > 0:
        size += len(_read(term, left))
    took = time.monotonic() - begun
    return Cost(size / took, 100 * (sum(process.cpu_times()[:2]) - before) / took)


def _read(term: Term, seconds: float) -> bytes:
    if not select.select([term.master], [], [], max(seconds, 0))[0]:
        return b""
    return os.read(term.master, 1 << 16)


@contextmanager
def training(*arguments: str, screen: tuple[str, ...] = ()) -> Iterator[Term]:
    """The app in a temporary home; ends it and its engine."""
    with (
        tempfile.TemporaryDirectory() as home,
        app(Path(home), *screen, *arguments, columns=COLUMNS, rows=ROWS) as term,
    ):
        term.wait("engine: ready", 60)
        yield term
        term.key("q")
        left = time.monotonic() + 20
        while term.process.poll() is None and time.monotonic() < left:
            if "abort" in term.text.lower():
                term.key("a")
            term._read(0.2)


def _settled(term: Term, seconds: float = 3.0) -> None:
    """Read until there was no output for a second, or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and term._read(1.0):
        pass


def ours(seconds: float) -> dict[str, Cost]:
    """Idle, training, paused and finished."""
    found = {}
    with training(*_OURS) as term:
        _settled(term)
        found["idle"] = measure(term, seconds)
        term.key("r")
        term.wait("epoch +2", 120)
        found["training"] = measure(term, 2 * seconds)
        term.key("p")
        term.wait("[Pp]aused", 20)
        _settled(term)
        found["paused"] = measure(term, seconds)
        term.key("s")
        term.wait("95% interval", 60)
        _settled(term)
        found["finished"] = measure(term, seconds)
    return found


def slow(seconds: float) -> dict[str, Cost]:
    """Training with --slow."""
    with training(*_OURS, screen=("--slow",)) as term:
        term.key("r")
        term.wait("epoch +2", 180)
        return {"slow": measure(term, 2 * seconds)}


def bare(seconds: float) -> dict[str, Cost]:
    """The bare app, drawing and idle."""
    argv = [sys.executable, "-m", "benchmarks.reference.bare_app"]
    with Term(argv, COLUMNS, ROWS) as term:
        term.wait("0.001", 30)
        measure(term, 3)
        drawing = measure(term, seconds)
        term.key("\x10")
        _settled(term)
        return {"bare drawing": drawing, "bare idle": measure(term, seconds)}


_KEYS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("2", lambda text: "Hyperparameters" not in text),
    ("1", lambda text: "Hyperparameters" in text),
    ("l", lambda text: "linear, by" in text),
    ("l", lambda text: "log, by" in text),
)


def latencies(samples: int) -> list[float]:
    """Milliseconds from a key to the changed screen, during training.

    What arrives is only dated; it is fed to a terminal afterwards, whose own time does not count.
    """
    found = []
    with training(*_OURS) as term:
        term.key("r")
        term.wait("epoch +2", 120)
        stream = pyte.ByteStream(term.screen)
        for sample in range(samples):
            key, holds = _KEYS[sample % len(_KEYS)]
            sent = time.monotonic()
            term.key(key)
            arrived: list[tuple[float, bytes]] = []
            while time.monotonic() < sent + 0.7:
                if data := _read(term, sent + 0.7 - time.monotonic()):
                    arrived.append((time.monotonic(), data))
            seen = []
            for at, data in arrived:
                stream.feed(data)
                seen += [1000 * (at - sent)] * holds(term.text)
            found.append(seen[0] if seen else float("inf"))
    return found


def main() -> None:
    """Print and save the table."""
    machine = describe()
    rounds: dict[str, list[Cost]] = {}
    for part in (bare, ours, slow, bare, ours):
        for name, cost in part(10.0).items():
            rounds.setdefault(name, []).append(cost)
    costs = {
        name: Cost(statistics.median(c.bytes_a_second for c in every), statistics.median(c.cpu for c in every))
        for name, every in rounds.items()
    }
    keys = sorted(latencies(_KEY_SAMPLES))
    p95 = keys[int(0.95 * (len(keys) - 1))]
    print(f"{COLUMNS}×{ROWS}, {machine}\n")
    print("| | bytes a second | CPU of the screen |\n|---|---|---|")
    for name, cost in costs.items():
        print(f"| {name} | {cost.bytes_a_second:,.0f} | {cost.cpu:.1f}% |")
    print(f"\nkey to changed screen: median {statistics.median(keys):.0f} ms, 95th percentile {p95:.0f} ms")
    table = {name: {"bytes_a_second": round(c.bytes_a_second), "cpu": round(c.cpu, 2)} for name, c in costs.items()}
    result = {"machine": machine, "costs": table, "keys_ms": {"median": statistics.median(keys), "p95": p95}}
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
