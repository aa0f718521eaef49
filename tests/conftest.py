"""How all tests are run."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ["MNIST_TUI_TOUR"] = "off"  # each test has a home of its own, where the app would be new to everybody
os.environ["MNIST_TUI_LOGOUT"] = "safe"  # what ends a run that is left here is no matter of theirs
settings.register_profile("quiet or busy", deadline=None)  # how long an example takes depends on what else runs
settings.load_profile("quiet or busy")
