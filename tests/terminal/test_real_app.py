"""The app as a person meets it: a real terminal, a real engine, real digits."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path

import psutil
import pytest

from engine.runs import all_runs
from tests.terminal.term import Term, app

pytestmark = pytest.mark.timeout(180)
SMALL = ("--preset", "quick", "--train-images", "2000", "--device", "cpu")


def engines(home: Path) -> list[psutil.Process]:
    """The engine processes whose files are below `home`."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if "engine.worker" in (process.info["cmdline"] or []) and process.environ().get("MNIST_TUI_HOME") == str(
                home
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_r_alone_goes_from_the_form_to_the_final_test(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("Learning rate|Hidden sizes", 20)
        term.key("r")
        wanted = ("test accuracy", "95 % interval", "10 000")
        term.until(lambda screen: all(each in screen for each in wanted), f"{wanted}", 120)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
    (run,) = all_runs(tmp_path / "runs")
    assert run.status() == "finished"
    _, alive = psutil.wait_procs(engines(tmp_path), timeout=5)
    assert alive == []


def test_a_run_left_training_goes_on_and_attach_shows_it_again(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, "--epochs", "3000") as term:
        term.wait("Hidden sizes", 20)
        term.key("r")
        term.wait("epoch [2-9] of 3000|epoch [1-9][0-9]+ of 3000", 90)
        term.key("q")
        term.wait("leave it training|Leave it training", 10)
        term.key("l")
        assert term.wait_end(10) == 0
        assert "attach" in term.text
        assert term.left_behind() == []
    (run,) = all_runs(tmp_path / "runs")
    assert run.status() == "running"
    with app(tmp_path, "attach", columns=80, rows=24) as term:
        term.wait("of 3000", 30)
        term.key("q")
        term.wait("[Ll]eave it training", 10)
        term.key("a")
        assert term.wait_end(15) == 0
    assert run.status() == "aborted"
    _, alive = psutil.wait_procs(engines(tmp_path), timeout=5)
    assert alive == []


def test_an_engine_killed_by_force_is_said_and_the_app_stays(tmp_path: Path) -> None:
    with app(tmp_path, *SMALL, "--epochs", "3000") as term:
        term.wait("Hidden sizes", 20)
        term.key("r")
        term.wait("of 3000", 90)
        (engine,) = engines(tmp_path)
        engine.send_signal(signal.SIGKILL)
        term.wait("SIGKILL", 20)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_a_clean_terminal(tmp_path: Path, number: signal.Signals) -> None:
    with app(tmp_path, *SMALL) as term:
        term.wait("engine: ready|loading torch", 30)
        term.signal(number)
        assert term.wait_end(10) == 128 + number
        assert term.left_behind() == []


def test_ctrl_z_gives_the_shell_back_and_fg_paints_everything_again(tmp_path: Path) -> None:
    home = {"MNIST_TUI_HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "PS1": "shell> "}
    with Term(["bash", "--norc", "--noprofile", "-i"], env=home) as term:
        term.wait("shell> ", 10)
        term.key(shlex.join([sys.executable, "-P", "-m", "tui", *SMALL]) + "\r")
        before = term.wait("engine: ready", 60)
        term.key("\x1a")
        term.wait("Stopped", 15)
        term.key("echo it is $((40 + 2))\r")
        term.wait("it is 42", 10)
        term.key("fg\r")
        term.until(lambda after: after.splitlines()[:34] == before.splitlines()[:34], "the same picture again", 15)
        term.key("q")
        term.wait("shell> ", 15)
        term.key("exit\r")  # bash itself keeps the terminal raw while it waits for a line
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
