"""Ctrl+Z, fg, and what else can happen to an app that is stopped: in a real shell, and without one."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.terminal.term import Term, app, engines
from tests.terminal.under_way import SMALL, eventually

pytestmark = pytest.mark.timeout(180)


def shell(home: Path) -> Term:
    """bash, with job control, in a terminal."""
    environment = {"MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1", "PS1": "shell> "}
    return Term(["bash", "--norc", "--noprofile", "-i"], env=environment)


def opened_in(term: Term) -> str:
    """The app's picture, opened in that shell, when nothing more comes by itself."""
    term.wait("shell> ", 20)
    term.key(shlex.join([sys.executable, "-P", "-m", "tui", *SMALL]) + "\r")
    return term.wait("engine: ready", 60)


def the_shell_works(term: Term) -> None:
    term.key("echo it is $((40 + 2))\r")
    term.wait("it is 42", 20)


def leave(term: Term) -> None:
    term.key("exit\r")  # bash itself keeps the terminal raw while it waits for a line
    assert term.wait_end(10) == 0
    assert term.left_behind() == []


@pytest.mark.parametrize("first", ["", "f\t"], ids=["anywhere", "in a field"])
def test_ctrl_z_gives_the_shell_back_and_fg_paints_everything_again(tmp_path: Path, first: str) -> None:
    with shell(tmp_path) as term:
        before = opened_in(term)
        if first:
            term.key(first)
            before = term.wait("letters go into the field", 20)
        term.key("\x1a")
        term.wait("Stopped", 15)
        the_shell_works(term)
        term.key("bg\r")  # without a terminal there is nothing it could do
        (screen,) = psutil.Process(term.process.pid).children()
        eventually(lambda: screen.status() == psutil.STATUS_STOPPED and "tui" in term.wait(r"\[1\]\+ .*&", 15), "stop")
        term.key("fg\r")
        term.until(lambda after: after.splitlines()[:34] == before.splitlines()[:34], "the same picture again", 15)
        term.key("\x11")
        term.wait("shell> ", 15)
        leave(term)


@pytest.mark.parametrize(("number", "told"), [("TERM", "Exit 143"), ("HUP", "Exit 129")])
def test_an_app_that_is_stopped_can_be_ended_from_the_shell(tmp_path: Path, number: str, told: str) -> None:
    with shell(tmp_path) as term:
        opened_in(term)
        term.key("\x1a")
        term.wait("Stopped", 15)
        (screen,) = psutil.Process(term.process.pid).children()
        term.key(f"kill -{number} %1\r")
        eventually(lambda: not screen.is_running() or screen.status() == psutil.STATUS_ZOMBIE, "end of the app", 15)

        def is_told() -> bool:
            term.key("jobs\r")
            term.read_for(0.2)
            return told in term.text

        eventually(is_told, told, 15)  # bash may be late to see it
        the_shell_works(term)
        leave(term)
    eventually(lambda: engines(tmp_path) == [], "end of the idle engine", 15)


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP, None])
def test_an_app_that_another_program_stops_goes_on_and_ends_clean(tmp_path: Path, stop: signal.Signals | None) -> None:
    """None: it is told to continue though nobody stopped it."""
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        if stop is not None:
            term.signal(stop)
            process = psutil.Process(term.process.pid)
            eventually(lambda: process.status() == psutil.STATUS_STOPPED, "stop", 15)
        term.signal(signal.SIGCONT)
        term.key("2")
        term.wait("No runs yet", 20)
        term.key("1")
        term.wait("engine: ready|loading torch", 20)
        term.signal(signal.SIGTERM)
        assert term.wait_end(10) == 143
        assert term.left_behind() == []


def test_an_app_that_gave_the_terminal_back_has_left_nothing_on_it(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        term.signal(signal.SIGTSTP)
        process = psutil.Process(term.process.pid)
        eventually(lambda: process.status() == psutil.STATUS_STOPPED, "stop", 15)
        term.until(lambda _: term.left_behind() == [], "terminal in order", 15)
        term.signal(signal.SIGCONT)
        term.until(lambda _: "alternate screen" in term.left_behind(), "app on the screen", 15)
        term.wait("engine: ready|loading torch", 20)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
