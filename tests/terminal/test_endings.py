"""However the app ends, the terminal is restored, the exit status is right, and only a training engine remains."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.terminal.term import Term, app, engines
from tests.terminal.under_way import EPOCHS, SMALL, UnderWay, eventually, under_way

pytestmark = pytest.mark.timeout(180)
SECONDS = 10.0
"""Limit for an end that takes half a second on an idle machine."""
IDLE_SECONDS = 15.0
"""Limit for the end of an idle engine, which takes about two seconds on an idle machine."""
ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnderWay]:
    with under_way(tmp_path_factory.mktemp("home")) as found:
        yield found


def ended(term: Term, status: int) -> str:
    """Wait for the end, check that nothing is left behind, and return the terminal's text."""
    assert term.wait_end(SECONDS) == status
    assert term.left_behind() == []
    return " ".join(line.rstrip() for line in term.screen.display if line.strip())


def no_engine_is_left(home: Path) -> None:
    eventually(lambda: engines(home) == [], "end of the idle engine", IDLE_SECONDS)


def attached(training: UnderWay, columns: int = 120, rows: int = 35) -> Term:
    """An app attached to the run in training."""
    term = app(training.home, "attach", columns=columns, rows=rows)
    term.wait(rf"epoch \d+ of {EPOCHS}", 60)
    return term


# signals


@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGTERM, 5), (signal.SIGHUP, 1)])
def test_a_signal_ends_an_idle_app(tmp_path: Path, number: signal.Signals, times: int) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        for _ in range(times):
            term.signal(number)
        assert ended(term, 128 + number) == ""
    no_engine_is_left(tmp_path)


@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 5), (signal.SIGTERM, 1), (signal.SIGHUP, 5)])
def test_a_signal_leaves_a_run_training_and_says_how_to_come_back(
    training: UnderWay, number: signal.Signals, times: int
) -> None:
    with attached(training) as term:
        for _ in range(times):
            term.signal(number)
        assert ended(term, 128 + number) == training.words
    assert training.run.status() == "running"


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_the_app_is_opening(tmp_path: Path, number: signal.Signals) -> None:
    with app(tmp_path, *SMALL) as term:
        term.until(lambda _: b"\x1b[?1049h" in term.sent, "the title", 20)
        term.signal(number)
        assert term.wait_end(SECONDS) == 128 + number
        assert term.left_behind() == []
        assert "Traceback" not in term.text
    no_engine_is_left(tmp_path)


def test_what_the_terminal_turned_on_by_itself_is_turned_off_too(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        term.key("\x1b[?2048;2$y")  # the reply of a terminal that reports its size, and then the mouse in pixels
        term.until(lambda _: b"\x1b[?1016h" in term.sent, "the mouse in pixels", 20)
        assert "size reports" in term.left_behind()
        term.signal(signal.SIGTERM)
        ended(term, 143)


@pytest.mark.skipif(not hasattr(psutil.Process, "io_counters"), reason="this system has no I/O counters")
def test_a_terminal_that_does_not_read_holds_nobody_up(training: UnderWay) -> None:
    with attached(training, columns=200, rows=60) as term:
        written = [psutil.Process(term.process.pid).io_counters().write_chars]

        def stuck() -> bool:
            term.key("\x0c")  # Ctrl+L: a full repaint
            written.append(psutil.Process(term.process.pid).io_counters().write_chars)
            return (
                len(written) > 20 and written[-1] - written[-20] < 200
            )  # each key writes one byte that wakes the loop

        eventually(stuck, "end of the writing")
        term.signal(signal.SIGTERM)
        assert term.process.wait(SECONDS) == 143
        assert "raw terminal" not in term.left_behind()
    assert training.run.status() == "running"


# Ctrl+C as a key


def test_ctrl_c_leaves_where_nothing_trains_however_often_it_is_typed(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        term.key("\x03" * 5)
        ended(term, 0)
    no_engine_is_left(tmp_path)


def test_ctrl_c_asks_while_a_run_trains_and_never_ends_it(training: UnderWay) -> None:
    with attached(training) as term:
        term.key("\x03" * 5)
        term.wait("stay here", 20)
        term.key("\x03" * 5)
        question = ("What shall become of it", "leave it training", "stay here")

        def is_cancelled() -> bool:
            term.key("c")  # the last Ctrl+C may still arrive and ask again
            term.read_for(0.5)
            return not any(each in term.text for each in question)

        eventually(is_cancelled, "the end of the question", 20)
        term.wait(rf"training .* epoch \d+ of {EPOCHS}", 20)
        term.key("q")
        term.wait("stay here", 20)
        term.key("l")
        assert ended(term, 0) == training.words
    assert training.run.status() == "running"


def test_ctrl_c_in_a_field_does_not_leave(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        term.key("f\t" + "\x03" * 5 + "7")  # in one write: the field opens its editor when it gets the focus
        term.wait("Hidden sizes +7 neurons", 20)
        term.key("\x11")
        ended(term, 0)


# the terminal goes


def test_a_terminal_that_is_gone_ends_the_screen_alone(training: UnderWay) -> None:
    with attached(training) as term:
        term.hang_up()
        assert term.process.wait(SECONDS) == 129
    assert training.run.status() == "running"


def test_also_where_hang_ups_are_ignored(training: UnderWay) -> None:
    command = [sys.executable, "-P", "-m", "tui", "attach"]
    with Term(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *command], env=environment(training.home)) as term:
        term.wait(rf"epoch \d+ of {EPOCHS}", 60)
        term.hang_up()
        assert term.process.wait(SECONDS) == 129


def test_also_where_no_signal_tells_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "tui", *SMALL]
    with Term(command, env=environment(tmp_path), controlling=False) as term:
        term.wait("engine: ready|loading torch", 60)
        term.hang_up()
        assert term.process.wait(SECONDS) == 129
    no_engine_is_left(tmp_path)


def environment(home: Path) -> dict[str, str]:
    return {"MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1"}


# the screen is killed


def test_a_screen_that_is_killed_costs_the_run_nothing(training: UnderWay) -> None:
    with attached(training) as term:
        term.signal(signal.SIGKILL)
        assert term.process.wait(SECONDS) == -signal.SIGKILL
    before = training.run.checkpoint("last").stat().st_mtime_ns
    eventually(lambda: training.run.checkpoint("last").stat().st_mtime_ns > before, "later checkpoint")
    with attached(training) as term:
        wanted = ("training loss", "validation accuracy", "Best so far", "Validation samples")
        term.until(lambda text: all(each in text for each in wanted), f"{wanted}", 30)
        term.signal(signal.SIGTERM)
        ended(term, 143)


def test_an_engine_without_work_ends_after_its_screen_was_killed(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        assert len(engines(tmp_path)) == 1
        term.signal(signal.SIGKILL)
        assert term.process.wait(SECONDS) == -signal.SIGKILL
    no_engine_is_left(tmp_path)
    assert not psutil.pid_exists(term.process.pid)
