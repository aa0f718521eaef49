"""``mnist-tui pause [RUN]``."""

from __future__ import annotations

from tui.cli.run_control import command

parser, run = command("pause", "Have a run wait after the step under way; `mnist-tui resume RUN` has it go on.")
