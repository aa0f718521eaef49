"""``mnist-tui pause [RUN]``."""

from __future__ import annotations

from tui.cli.run_control import command

parser, run = command("pause", "Pause a run after the current step; `mnist-tui resume RUN` continues it.")
