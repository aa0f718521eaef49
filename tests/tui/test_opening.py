"""The first thing on the screen, and that it leaves nothing behind when the program ends before the app draws."""

from __future__ import annotations

import io
import signal
import subprocess
import sys

import pytest

from tui.app.splash import opening
from tui.terminal.signals import ENDING


def test_the_title_is_there_at_once() -> None:
    out = io.StringIO()
    with opening("blog-adam", out):
        assert "mnist-tui" in out.getvalue()
        assert "blog-adam" in out.getvalue()
    assert not out.getvalue().endswith("\x1b[?1049l"), "the app has taken the screen over and gives it back itself"


@pytest.mark.parametrize("fault", [RuntimeError("no"), KeyboardInterrupt(), SystemExit(2)])
def test_whatever_ends_it_gives_the_screen_back(fault: BaseException) -> None:
    out = io.StringIO()
    with pytest.raises(type(fault)), opening("quick", out):
        raise fault
    assert out.getvalue().endswith("\x1b[?25h\x1b[?1049l")


SWALLOWED = """
import os, sys
from tui.app.splash import opening

class Dropped:
    def __del__(self):  # where Python loses what is raised
        os.kill(os.getpid(), int(sys.argv[1]))

with opening("quick"):
    Dropped()
    print("still here")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_even_where_an_exception_would_be_lost(number: signal.Signals) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED, str(int(number))], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 128 + number
    assert done.stdout == ""
    assert done.stderr.endswith("\x1b[?25h\x1b[?1049l")


def test_signals_are_handled_as_before_once_the_app_has_been_left() -> None:
    before = [signal.getsignal(number) for number in ENDING]
    with opening("quick", io.StringIO()):
        assert [signal.getsignal(number) for number in ENDING] != before
    assert [signal.getsignal(number) for number in ENDING] == before
