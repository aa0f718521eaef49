"""Benchmarks of the app in a 120 × 40 pty: startup, response time, memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.chart import plot, training
from benchmarks.rows import Row
from engine.runs.folder import all_runs
from tests.terminal.term import Term, app, engines
from tui.plotting.plot import Palette, draw

COLUMNS, ROWS = 120, 40
ROUNDS = 5
EVENTS = 1_000_000
MIB = 1 << 20


def seconds_until(term: Term, pattern: str, since: float) -> float:
    """Seconds until the screen matches."""
    term.wait(pattern, 120)
    return time.perf_counter() - since


def first_paint() -> Row:
    """From process start to a readable form."""
    ours, bare = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        with Term([sys.executable, "-m", "benchmarks.reference.bare_form"], COLUMNS, ROWS) as term:
            bare.append(seconds_until(term, "field 7", begun))
        with tempfile.TemporaryDirectory() as home:
            begun = time.perf_counter()
            with app(Path(home), columns=COLUMNS, rows=ROWS) as term:
                ours.append(seconds_until(term, "Learning rate|Hidden sizes", begun))
                term.key("q")
                term.wait_end(20)
    took, other = statistics.median(ours), statistics.median(bare)
    return Row(
        "first paint, against a bare form of eight inputs", took / other, "×", f"{took:.2f} s to {other:.2f} s", 1.4
    )


def first_progress() -> Row:
    """From the key `r` to the first training metric, with the app open for five seconds."""
    took = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as home, app(Path(home), columns=COLUMNS, rows=ROWS) as term:
            term.wait("engine: ready", 60)
            term.read_for(5.0)
            begun = time.perf_counter()
            term.key("r")
            took.append(seconds_until(term, r"training loss \d", begun))
            term.key("q")
            term.wait("stay here", 20)
            term.key("a")
            term.wait_end(20)
    return Row("from `r` to the first training metric", statistics.median(took), "s", f"{len(took)} runs", 0.7)


def commands() -> Iterator[Row]:
    """`--help` and `ls`."""
    for arguments in (["--help"], ["ls"]):
        took = []
        with tempfile.TemporaryDirectory() as home:
            for _ in range(2 * ROUNDS):
                begun = time.perf_counter()
                command = [sys.executable, "-P", "-m", "tui", *arguments]
                subprocess.run(
                    command,
                    stdout=subprocess.DEVNULL,
                    check=True,
                    env={**os.environ, "MNIST_TUI_HOME": home, "MNIST_TUI_TOUR": "off"},
                )
                took.append(time.perf_counter() - begun)
        bare = []
        for _ in range(2 * ROUNDS):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], check=True)
            bare.append(time.perf_counter() - begun)
        detail = f"Python itself {statistics.median(bare):.2f} s"
        yield Row(f"`mnist-tui {arguments[0]}`", statistics.median(took), "s", detail, 0.25)


def redraw() -> Row:
    """Redraw of a chart with a million points after its last point changed."""
    x, loss, smooth = training(EVENTS)
    loss[EVENTS // 2] = 1e3
    took, shown = [], False
    for number in range(12):
        loss[-1] = 0.1 + number / 100
        begun = time.perf_counter()
        lines = draw(plot(x, loss, smooth), 57, 14, Palette(*["#808080"] * 8))
        took.append(time.perf_counter() - begun)
        shown = bool(lines)
    assert shown
    return Row(
        "chart redraw with 1,000,000 points", 1e3 * statistics.median(took), "ms", "57 × 14 cells, three curves", 20
    )


def finished_run() -> Row:
    """Opening a finished run whose log has a million events."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "MNIST_TUI_HOME": home, "MNIST_TUI_TOUR": "off"}
        train = ["train", "--quiet", "--preset", "quick", "--train-images", "1000", "--epochs", "1"]
        subprocess.run(
            [sys.executable, "-P", "-m", "tui", *train], check=True, env=environment, stderr=subprocess.DEVNULL
        )
        (run,) = all_runs(Path(home) / "runs")
        blow_up(run.events)
        took = []
        for _ in range(3):
            begun = time.perf_counter()
            with app(Path(home), "attach", run.name, columns=COLUMNS, rows=ROWS) as term:
                took.append(seconds_until(term, "test accuracy", begun))
                term.key("q")
                term.wait_end(30)
        size = run.events.stat().st_size / MIB
    return Row(
        "opening a finished run of 1,000,000 events", statistics.median(took), "s", f"a log of {size:.0f} MiB", 2.0
    )


def blow_up(log: Path) -> None:
    """Repeat the log's progress events until there are a million, in order."""
    lines = log.read_bytes().splitlines()
    at = next(i for i, line in enumerate(lines) if b'"progress"' in line)
    progress = json.loads(lines[at])
    rest = [json.loads(line) for line in lines[at + 1 :]]
    with log.open("wb") as file:
        file.write(b"\n".join(lines[:at]) + b"\n")
        for number in range(EVENTS - len(lines)):
            progress["seq"] = at + 1 + number
            progress["step"] = number + 1
            file.write(json.dumps(progress, separators=(",", ":")).encode() + b"\n")
        for number, event in enumerate(rest):
            event["seq"] = EVENTS - len(rest) + number
            file.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")


def memory() -> Iterator[Row]:
    """Memory of app and engine while the tutorial's network trains."""
    with tempfile.TemporaryDirectory() as home, app(Path(home), columns=COLUMNS, rows=ROWS) as term:
        term.wait("engine: ready", 60)
        term.key("r")
        term.wait(r"epoch [3-9] of", 120)
        screen = psutil.Process(term.process.pid).memory_info().rss / 1e6
        (engine,) = engines(Path(home))
        held = engine.memory_info().rss / MIB
        term.key("q")
        term.wait("stay here", 20)
        term.key("a")
        term.wait_end(20)
    bare = subprocess.run(
        [sys.executable, "-c", "import torch, psutil; print(psutil.Process().memory_info().rss)"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    data = 70_000 * 28 * 28 * 4 / MIB
    base = int(bare.stdout) / MIB + data
    yield Row("memory of the screen, training", screen, "MB", "resident", 90)
    detail = f"{held:.0f} MiB to {base - data:.0f} MiB + {data:.0f} MiB of images as floats"
    yield Row("memory of the engine, against `import torch` and the data", held / base, "×", detail, 1.3)


def attached() -> Row:
    """Seconds per epoch with a screen attached, against none, measured alternately."""
    arguments = ("--preset", "blog-adam", "--epochs", "4")
    with_screen: list[float] = []
    headless: list[float] = []
    for _ in range(3):
        for screen in (True, False):
            with tempfile.TemporaryDirectory() as home:
                if screen:
                    with app(Path(home), *arguments, columns=COLUMNS, rows=ROWS) as term:
                        term.wait("engine: ready", 60)
                        term.key("r")
                        term.wait("95% interval", 120)
                        term.key("q")
                        term.wait_end(20)
                else:
                    command = [sys.executable, "-P", "-m", "tui", "train", "--quiet", *arguments]
                    alike = {**os.environ, "MNIST_TUI_HOME": home, "MNIST_TUI_TOUR": "off", "OMP_NUM_THREADS": "1"}
                    subprocess.run(command, check=True, env=alike, stderr=subprocess.DEVNULL)
                (run,) = all_runs(Path(home) / "runs")
                (with_screen if screen else headless).extend(e.seconds for e in run.state().epochs[1:])
    slower = 100 * (statistics.median(with_screen) / statistics.median(headless) - 1)
    return Row(
        "an epoch with a screen attached, against headless", slower, "%", "slower; epochs 2 to 4, three runs each", 3.0
    )


_RIGHT = "\x1b[C"
SCREENS = {
    "Digits": ("4", _RIGHT, _RIGHT),
    "Confusion": ("5", _RIGHT, "g", "g"),
    "Draw": ("6", "d", *(_RIGHT,) * 8, "d"),
    "Inside": ("7", "w", "o", "a", "r"),
    "Test": ("8",),
}
"""The keys that open and exercise each screen."""
STAYS = 3
"""Epochs to stay on a screen."""


def digit_screens() -> Row:
    """Seconds per epoch while each single-digit screen is used, against the Train screen before it."""
    with tempfile.TemporaryDirectory() as home:
        arguments = ("--preset", "blog-adam", "--epochs", "400", "--threads", "1")
        spent: dict[str, list[float]] = {}
        with app(Path(home), *arguments, columns=COLUMNS, rows=ROWS) as term:
            term.wait("engine: ready", 60)
            term.key("r")
            term.wait(r"epoch [3-9] of", 120)
            (run,) = all_runs(Path(home) / "runs")
            for _ in range(2):
                for name, keys in SCREENS.items():
                    for place, pressed in (("Train", ("1",)), (name, keys)):
                        begun = len(run.state().epochs)
                        for key in pressed:
                            term.key(key)
                            time.sleep(0.1)
                        while len(epochs := run.state().epochs) < begun + STAYS:
                            time.sleep(0.2)
                        spent.setdefault(place, []).extend(e.seconds for e in epochs[begun : begun + STAYS])
            term.key("1")
            term.key("q")
            term.wait("stay here", 20)
            term.key("a")
            term.wait_end(20)
    usual = statistics.median(spent.pop("Train"))
    slower = {name: 100 * (statistics.median(seconds) / usual - 1) for name, seconds in spent.items()}
    detail = ", ".join(f"{name} {share:.1f}%" for name, share in slower.items())
    return Row("an epoch while a screen on digits is opened and used", max(slower.values()), "%", detail, 5.0)


def rows() -> Iterator[Row]:
    """All rows, as they are measured."""
    yield first_paint()
    yield first_progress()
    yield from commands()
    yield redraw()
    yield finished_run()
    yield from memory()
    yield attached()
    yield digit_screens()
