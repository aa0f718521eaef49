"""How all tests are run."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

os.environ["MNIST_TUI_TOUR"] = "off"  # each test has a home of its own, where the app would be new to everybody
os.environ["MNIST_TUI_LOGOUT"] = "safe"  # what ends a run that is left here is no matter of theirs
settings.register_profile("quiet or busy", deadline=None)  # how long an example takes depends on what else runs
settings.load_profile("quiet or busy")

# Under nohup, or in the background of a script, these are ignored, and every program that a test starts would inherit that.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)
