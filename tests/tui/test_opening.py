"""The first thing on the screen, and that it leaves nothing behind when the program ends before the app draws."""

from __future__ import annotations

import io
import os
import signal

import pytest

from tui.opening import opening


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_screen_back_and_has_its_status(number: signal.Signals) -> None:
    out, before = io.StringIO(), signal.getsignal(number)
    with pytest.raises(SystemExit) as left, opening("quick", out):
        os.kill(os.getpid(), number)
    assert left.value.code == 128 + number
    assert out.getvalue().endswith("\x1b[?1049l")
    assert signal.getsignal(number) is before
