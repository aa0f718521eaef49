"""Ctrl+Z, fg and other events for a stopped app, in a real shell and without one."""

from __future__ import annotations

import contextlib
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
    """bash with job control in a terminal."""
    environment = {"MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1", "PS1": "shell> "}
    return Term(["bash", "--norc", "--noprofile", "-i"], env=environment)


def opened_in(term: Term) -> str:
    """Open the app in that shell and wait until its screen is stable."""
    term.wait("shell> ", 20)
    term.key(shlex.join([sys.executable, "-P", "-m", "tui", *SMALL]) + "\r")
    return term.wait("engine: ready", 60)


def the_shell_works(term: Term) -> None:
    term.key("echo it is $((40 + 2))\r")
    term.wait("it is 42", 20)


def the_shell_tells(term: Term, words: str, times: int = 1) -> None:
    """Wait until the shell has reported a job's status this often; it does so before a prompt, possibly late."""

    def is_told() -> bool:
        term.key("\r")
        term.read_for(0.1)
        return term.sent.count(words.encode()) >= times

    eventually(is_told, words, 20)


def leave(term: Term) -> None:
    term.key("exit\r")  # bash keeps the terminal raw while it reads a line
    assert term.wait_end(10) == 0
    assert term.left_behind() == []


@pytest.mark.parametrize("first", ["", "f\t"], ids=["anywhere", "in a field"])
def test_ctrl_z_gives_the_shell_back_and_fg_paints_everything_again(tmp_path: Path, first: str) -> None:
    with shell(tmp_path) as term:
        before = opened_in(term)
        if first:
            term.key(first)
            wanted = ("letters go into the field", "Neurons in each hidden layer", "most. Unit: neurons", "▸")
            before = term.until(lambda text: all(each in text for each in wanted), f"{wanted}", 20)
        term.key("\x1a")
        term.wait("Stopped", 15)
        the_shell_works(term)
        term.key("bg\r")  # it cannot do anything in the background
        term.wait(r"\[1\]\+ .*&", 15)
        the_shell_tells(term, "Stopped", 2)
        term.key("fg\r")
        term.until(lambda after: after.splitlines()[:34] == before.splitlines()[:34], "the same picture again", 15)
        begun = len(term.sent)
        term.key("\x11")
        term.until(lambda _: b"shell> " in term.sent[begun:], "a new prompt", 15)
        leave(term)


def test_ctrl_z_twice_in_a_row_stops_once(tmp_path: Path) -> None:
    with shell(tmp_path) as term:
        opened_in(term)
        for _ in range(2):
            term.key("\x1a\x1a")  # in one read: both are for the app before it stopped
            term.wait("Stopped", 15)
            the_shell_works(term)
            begun = len(term.sent)
            term.key("fg\r")
            term.until(lambda _, begun=begun: b"\x1b[?1049h" in term.sent[begun:], "the app again", 15)  # type: ignore[misc]
            shows(term, "2", "No runs yet")
            term.key("1")
            term.wait("engine: ready", 15)
        begun = len(term.sent)
        term.key("\x11")
        term.until(lambda _: b"shell> " in term.sent[begun:], "a new prompt", 15)
        leave(term)


@pytest.mark.parametrize(("number", "told"), [("TERM", "Exit 143"), ("HUP", "Exit 129")])
def test_an_app_that_is_stopped_can_be_ended_from_the_shell(tmp_path: Path, number: str, told: str) -> None:
    with shell(tmp_path) as term:
        opened_in(term)
        term.key("\x1a")
        term.wait("Stopped", 15)
        term.key(f"kill -{number} %1\r")
        the_shell_tells(term, told)
        the_shell_works(term)
        leave(term)
    eventually(lambda: engines(tmp_path) == [], "end of the idle engine", 15)


def shows(term: Term, key: str, words: str) -> None:
    """Press a key until it has an effect: input during the resume may be lost, as in any shell."""
    for _ in range(4):
        term.key(key)
        with contextlib.suppress(AssertionError):
            term.wait(words, 5)
            return
    term.wait(words, 1)


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP, None])
def test_an_app_that_another_program_stops_goes_on_and_ends_clean(tmp_path: Path, stop: signal.Signals | None) -> None:
    """None: SIGCONT to an app that was not stopped."""
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 60)
        if stop is not None:
            term.signal(stop)
            process = psutil.Process(term.process.pid)
            eventually(lambda: process.status() == psutil.STATUS_STOPPED, "stop", 15)
        term.signal(signal.SIGCONT)
        shows(term, "2", "No runs yet")
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
