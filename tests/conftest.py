"""Settings for all tests."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

os.environ["MNIST_TUI_TOUR"] = "off"  # each test has its own home, so every start would be the first
os.environ["MNIST_TUI_LOGOUT"] = "safe"  # tests must not depend on what ends background runs here
settings.register_profile("quiet or busy", deadline=None)  # the duration of an example depends on machine load
settings.load_profile("quiet or busy")

# Under nohup, or in the background of a script, these are ignored, and every program that a test starts would inherit that.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)
