"""``mnist-tui abort [RUN]``."""

from __future__ import annotations

from tui.cli.run_control import command

parser, run = command("abort", "Stop a run without a test, after saving its last checkpoint.")
